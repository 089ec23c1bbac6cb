// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/launch_plan.hpp"

#include <algorithm>

#include "kernels/math/kind_traits.hpp"
#include "kernels/team/padding.hpp"

namespace shoal::cuda {
namespace {

using kernels::padded;

constexpr int warp = kernels::warp_threads;
constexpr int thread_choices[] = {warp, 2 * warp, 4 * warp, 8 * warp};
constexpr int row_choices[] = {4, 8, 16, 32, 64};
// Beyond 4 MB of records per task, the records of all teams fit no cache; then a record holds phi alone.
constexpr std::int64_t most_record_floats = 1 << 20;
// Issue slots of one step along the sum of a 4 x 4 tile: 16 multiply-adds, loads and the loop.
constexpr double slots_per_step = 19.0;

class Words {
 public:
  /// Offset of the next `floats` floats, rounded up to whole 16-byte words.
  std::int64_t allocate(std::int64_t floats) {
    const std::int64_t begin = next_;
    next_ += (floats + 3) / 4 * 4;
    return begin;
  }
  std::int64_t size() const { return next_; }

 private:
  std::int64_t next_ = 0;
};

bool is_meta_gradient(const PlanRequest& request) {
  return request.kernel == kernels::TaskKernel::meta_gradient;
}

kernels::TeamMemory lay_out_shared_memory(const PlanRequest& request, int rows) {
  const kernels::Network& net = request.network;
  kernels::TeamMemory at;
  at.rows = rows;
  Words words;
  const auto allocate = [&](std::int64_t floats) { return static_cast<int>(words.allocate(floats)); };
  const auto parameters = static_cast<std::int64_t>(net.parameters);
  const std::int64_t hidden = std::int64_t{rows} * net.hidden_width,
                     out = std::int64_t{rows} * padded(net.outputs);
  const bool exact = is_meta_gradient(request) && request.inner.outer == OuterRule::exact;
  at.u = allocate(exact ? parameters : 0);
  at.x = allocate(std::int64_t{rows} * padded(net.inputs));
  at.y = allocate(std::int64_t{rows} * net.targets);
  at.offset = allocate(std::int64_t{rows} * net.offsets);
  at.pairs = kernels::loss_pairs(request.loss, net.outputs, net.targets);
  at.terms = allocate(std::int64_t{rows} * 2 * at.pairs);
  at.phi = allocate(parameters);
  at.tape = allocate(0);
  at.activation = allocate(hidden);
  at.delta = allocate(hidden);
  at.curvature = allocate(kernels::is_curved(net.activation) ? hidden : 0);
  at.slope = allocate(kernels::keeps_slope(net.activation) ? hidden : 0);
  at.output = allocate(out);
  at.output_delta = allocate(out);
  at.tape_floats = allocate(0) - at.tape;
  at.r_activation = allocate(exact ? hidden : 0);
  at.r_output = allocate(exact ? out : 0);
  for (int& buffer : at.r_delta) buffer = allocate(exact ? std::int64_t{rows} * net.widest : 0);
  at.floats = words.size();
  return at;
}

kernels::TeamWorkspace lay_out_workspace(const PlanRequest& request, const kernels::TeamMemory& memory) {
  const kernels::InnerOptions& inner = request.inner;
  kernels::TeamWorkspace at;
  Words words;
  const auto size = static_cast<std::int64_t>(request.network.parameters);
  at.partial = words.allocate(size);
  if (is_meta_gradient(request)) {
    const bool exact = inner.outer == OuterRule::exact;
    if (exact || inner.step_weights) {
      at.records = inner.steps;
      at.record_floats = size;
      const std::int64_t blocks = (request.support_rows + memory.rows - 1) / memory.rows,
                         tapes = exact ? blocks * memory.tape_floats : 0;
      if (inner.steps * (size + tapes) <= most_record_floats) {
        at.record_tapes = exact ? static_cast<int>(blocks) : 0;
        at.record_floats += tapes;
      }
    }
    at.gradients = inner.rates != LearnedRate::none ? inner.steps : 0;
    at.record = words.allocate(at.records * at.record_floats);
    at.gradient = words.allocate(at.gradients * size);
    at.lambda = words.allocate(size);
    at.rate_gradient = words.allocate(request.rate_count);
  }
  at.floats = words.size();
  return at;
}

/// Steps along sums that a team of `threads` threads makes in one forward and backward pass over `rows` rows.
double steps_of_a_pass(const kernels::Network& net, int rows, int threads) {
  const auto tile_rounds = [&](int down, int across) {
    const int tiles = (down + 3) / 4 * ((across + 3) / 4);
    const int rounds = (tiles + threads - 1) / threads;
    return static_cast<double>(rounds);
  };
  double steps = 0.0;
  for (int l = 0; l < net.layer_count; ++l) {
    const kernels::LayerShape& layer = net.layers[l];
    steps +=
        tile_rounds(rows, layer.outputs) * layer.inputs + tile_rounds(layer.inputs, layer.outputs) * rows;
    if (l > 0) steps += tile_rounds(rows, layer.inputs) * layer.outputs;
  }
  return steps;
}

/// Cycles of a multiprocessor per task: the larger of the time that its schedulers need to issue all
/// instructions, and the time that one team needs for its task, divided by the number of resident teams.
double model(const PlanRequest& request, const Architecture& architecture, const LaunchPlan& plan) {
  const auto passes = [&](int set_rows) {
    const int rows = plan.memory.rows, whole = set_rows / rows, rest = set_rows % rows;
    return whole * steps_of_a_pass(request.network, rows, plan.threads) +
           (rest > 0 ? steps_of_a_pass(request.network, rest, plan.threads) : 0.0);
  };
  const double inner = is_meta_gradient(request) ? 3.0 : 1.0;  // a Hessian-vector product costs two gradients
  const double slots =
      slots_per_step *
      (std::max(request.inner.steps, 1) * inner * passes(request.support_rows) + passes(request.query_rows));
  const int warps = plan.threads / warp;
  const double teams = plan.teams * plan.blocks_per_multiprocessor;
  constexpr double schedulers = 4.0;
  return std::max(slots * warps / schedulers, slots / architecture.issue_share / teams);
}

/// Resident blocks of a multiprocessor; 0 if a block does not fit.
int resident(const Architecture& architecture, int threads, std::int64_t shared_bytes) {
  if (shared_bytes > architecture.shared_per_block) return 0;
  const std::int64_t by_shared =
      architecture.shared_per_multiprocessor / (shared_bytes + shared_reserved_per_block);
  const int by_registers = registers_per_multiprocessor / (kernels::most_registers * threads);
  return static_cast<int>(
      std::min<std::int64_t>({by_shared, architecture.blocks_per_multiprocessor,
                              architecture.threads_per_multiprocessor / threads, by_registers}));
}

/// A plan with matrices in shared memory; its blocks_per_multiprocessor is 0 if they do not fit.
LaunchPlan shared_plan(const PlanRequest& request, const Architecture& architecture, int threads, int rows) {
  LaunchPlan plan;
  plan.threads = threads;
  plan.regime = threads == warp ? Regime::warp : Regime::block;
  plan.memory = lay_out_shared_memory(request, rows);
  plan.workspace = lay_out_workspace(request, plan.memory);
  plan.blocks_per_multiprocessor = resident(architecture, threads, plan.shared_bytes());
  // If the number of blocks limits the number of teams, put two warps into a block.
  if (threads == warp && plan.blocks_per_multiprocessor == architecture.blocks_per_multiprocessor) {
    LaunchPlan fuller = plan;
    fuller.teams = 2;
    fuller.blocks_per_multiprocessor = resident(architecture, 2 * threads, fuller.shared_bytes());
    if (fuller.blocks_per_multiprocessor * fuller.teams > plan.blocks_per_multiprocessor) plan = fuller;
  }
  if (plan.blocks_per_multiprocessor > 0) plan.cycles = model(request, architecture, plan);
  return plan;
}

}  // namespace

std::string_view name_of(Regime regime) {
  constexpr std::string_view names[] = {"warp per task", "block per task", "layer by layer"};
  return names[static_cast<int>(regime)];
}

std::string LaunchPlan::describe() const {
  std::string text(name_of(regime));
  if (regime == Regime::layers) return text;
  const auto number = [](auto n, const char* what) { return ", " + std::to_string(n) + what; };
  return text + number(threads, " threads") +
         number(teams, teams == 1 ? " task per block" : " tasks per block") + number(memory.rows, " rows") +
         number(shared_bytes(), " bytes of shared memory") +
         number(blocks_per_multiprocessor, " blocks per multiprocessor") +
         (workspace.record_tapes > 0 ? ", tapes kept" : "");
}

std::vector<LaunchPlan> admissible_plans(const PlanRequest& request, const Architecture& architecture) {
  const int most = std::clamp(std::max(request.support_rows, request.query_rows), 1, architecture.most_rows);
  std::vector<LaunchPlan> plans;
  for (const int threads : thread_choices)
    for (const int choice : row_choices) {
      const int rows = std::min(choice, most);
      if (const LaunchPlan plan = shared_plan(request, architecture, threads, rows);
          plan.blocks_per_multiprocessor > 0)
        plans.push_back(plan);
      if (rows == most) break;
    }
  std::stable_sort(plans.begin(), plans.end(),
                   [](const LaunchPlan& a, const LaunchPlan& b) { return a.cycles < b.cycles; });
  return plans;
}

LaunchPlan make_plan(const PlanRequest& request, const Architecture& architecture,
                     const PlanOverride& plan_override) {
  const int rows = std::max(request.support_rows, request.query_rows);
  const bool large = static_cast<int>(request.network.parameters) > architecture.large_parameters;
  const int fewest = large && plan_override.rows == 0 ? std::min(rows, architecture.fewest_rows_of_large) : 1;
  for (const LaunchPlan& plan : admissible_plans(request, architecture))
    if (!plan_override.layers && plan.memory.rows >= fewest &&
        (plan_override.threads == 0 || plan.threads == plan_override.threads) &&
        (plan_override.rows == 0 || plan.memory.rows == plan_override.rows))
      return plan;
  LaunchPlan plan;
  plan.regime = Regime::layers;
  return plan;
}

}  // namespace shoal::cuda
