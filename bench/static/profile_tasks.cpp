// SPDX-License-Identifier: Apache-2.0
// profile_tasks SHAPE TASKS: computes one exact second-order meta-gradient of TASKS tasks of a benchmark
// shape on the cuda backend, and nothing else. A device runner that counts instructions runs it; two runs
// with different numbers of tasks separate the cost of a task from that of a block
// (bench/static/roofline.py).
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "../shapes.hpp"

namespace {

int profile(std::string_view name, std::int64_t count) {
  for (const shoal::bench::Shape& shape : shoal::bench::shapes()) {
    if (shape.name != name) continue;
    shoal::ContextOptions options = shoal::with_environment({.backend = shoal::BackendKind::cuda});
    // Kernels made for a shape are followed in machine code instead (bench/static/executed.py).
    if (options.cuda_plan.empty()) options.cuda_plan = "generic";
    const shoal::Context context(options);
    shoal::MetaLearner learner(
        context, {.model = shape.model(),
                  .loss = {.kind = shape.loss},
                  .algorithm = shoal::Maml{shoal::InnerLoop{.steps = shape.steps, .learning_rate = 0.01}},
                  .optimizer = {},
                  .init = {},
                  .seed = 7});
    const auto gradient = learner.meta_gradient(shoal::bench::make_tasks(shape, count, 0));
    std::printf("%.*s: %lld good tasks of %lld, %.0f flop a task\n", static_cast<int>(name.size()),
                name.data(), static_cast<long long>(gradient.good), static_cast<long long>(count),
                shape.flops_per_task());
    return gradient.good == count ? 0 : 1;
  }
  std::fprintf(stderr, "profile_tasks: there is no shape %.*s\n", static_cast<int>(name.size()), name.data());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atoll(argv[2]) <= 0) {
    std::fprintf(stderr, "usage: profile_tasks SHAPE TASKS\n");
    return 2;
  }
  try {
    return profile(argv[1], std::atoll(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "profile_tasks: %s\n", error.what());
    return 1;
  }
}
