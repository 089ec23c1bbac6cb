// SPDX-License-Identifier: Apache-2.0
// Uses the installed library from outside: one step of training, one error caught across the boundary.
#include <cmath>
#include <cstdio>

#include <shoal/shoal.hpp>

int main() {
  const shoal::Context context({.backend = shoal::BackendKind::cpu, .threads = 1});
  shoal::MetaLearner learner(context, {.model = {.inputs = 1, .hidden = {8}, .outputs = 1}});
  const auto tasks = shoal::make_sinusoid({.seed = 1});
  const auto result = learner.meta_step(tasks->sample(shoal::Phase::train, 0, 8));
  try {
    shoal::loss_from_string("no such loss");
  } catch (const shoal::InvalidArgument& error) {
    std::printf("shoal %s: loss %.4f, %s\n", SHOAL_VERSION, static_cast<double>(result.mean_query_loss),
                error.what());
    return result.good == 8 && std::isfinite(result.mean_query_loss) ? 0 : 1;
  }
  return 1;
}
