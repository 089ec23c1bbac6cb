// SPDX-License-Identifier: Apache-2.0
#include "cuda/launch_plan.hpp"

#include <algorithm>

#include "kernels/team_padding.hpp"

namespace shoal::cuda {
namespace {

using kernels::padded;

// Data, apart from the algorithm. Rows beyond 32 bring a tile no more reuse; a warp has 32 squares of 4 x 4.
constexpr int most_rows = 32, fewest_rows = 4, square = 16, warp = 32, most_threads = 256;

kernels::TeamMemory place(const kernels::Network& net, int rows) {
  kernels::TeamMemory at;
  at.rows = rows;
  std::int64_t next = 0;
  const auto take = [&](std::int64_t floats) {
    const std::int64_t begin = next;
    next += (floats + 3) / 4 * 4;
    return static_cast<int>(begin);
  };
  const auto parameters = static_cast<std::int64_t>(net.parameters);
  const std::int64_t hidden = std::int64_t{rows} * net.hidden_width,
                     out = std::int64_t{rows} * padded(net.outputs);
  at.phi = take(parameters);
  at.u = take(parameters);
  at.x = take(std::int64_t{rows} * padded(net.inputs));
  at.y = take(std::int64_t{rows} * net.targets);
  at.offset = take(std::int64_t{rows} * net.offsets);
  at.activation = take(hidden);
  at.slope = take(hidden);
  at.delta = take(hidden);
  at.r_activation = take(hidden);
  const bool curved = kernels::is_curved(net.activation);
  at.curve = curved ? take(hidden) : at.delta;
  at.r_sum = curved ? take(hidden) : at.r_activation;
  at.output = take(out);
  at.output_delta = take(out);
  at.r_output = take(out);
  for (int& turn : at.r_delta) turn = take(std::int64_t{rows} * net.widest);
  at.floats = next;
  return at;
}

kernels::TeamWorkspace keep(const kernels::Network& net, const kernels::InnerOptions& inner,
                            kernels::TaskKernel kernel, int rate_count) {
  kernels::TeamWorkspace at;
  const auto size = static_cast<std::int64_t>(net.parameters);
  const bool backward = kernel == kernels::TaskKernel::meta_gradient;
  at.trajectory_count = backward ? inner.steps + 1 : 2;
  at.gradient_count = backward && inner.rates != kernels::RateCode::fixed ? std::max(inner.steps, 1) : 1;
  const auto take = [&](std::int64_t floats) {
    const std::int64_t begin = at.floats;
    at.floats += (floats + 3) / 4 * 4;
    return begin;
  };
  at.trajectory = take(at.trajectory_count * size);
  at.gradient = take(at.gradient_count * size);
  if (backward) {
    at.lambda = take(size);
    at.second = take(size);
    at.rate_gradient = take(rate_count);
  }
  return at;
}

}  // namespace

std::string LaunchPlan::describe() const {
  const char* names[] = {"warp per task", "block per task", "layer by layer"};
  if (regime == Regime::layers) return names[static_cast<int>(regime)];
  return std::string(names[static_cast<int>(regime)]) + ", " + std::to_string(threads) + " threads, " +
         std::to_string(memory.rows) + " rows, " + std::to_string(shared_bytes()) + " bytes of shared memory";
}

LaunchPlan make_plan(const kernels::Network& network, const kernels::InnerOptions& inner,
                     kernels::TaskKernel kernel, int rate_count, int rows, std::int64_t shared_limit) {
  LaunchPlan plan;
  int together = std::clamp(rows, 1, most_rows);
  plan.memory = place(network, together);
  while (plan.shared_bytes() > shared_limit && together > fewest_rows) {
    together = std::max(fewest_rows, together / 2);
    plan.memory = place(network, together);
  }
  if (plan.shared_bytes() > shared_limit) {
    plan.regime = Regime::layers;
    return plan;
  }
  // One square per thread in the widest forward product.
  const int squares = (together + 3) / 4 * ((network.widest + 3) / 4);
  plan.threads = std::clamp((squares + warp - 1) / warp * warp, warp, most_threads);
  if (plan.threads == 2 * warp && squares < 2 * warp - square) plan.threads = warp;
  plan.regime = plan.threads == warp ? Regime::warp : Regime::block;
  plan.workspace = keep(network, inner, kernel, rate_count);
  return plan;
}

}  // namespace shoal::cuda
