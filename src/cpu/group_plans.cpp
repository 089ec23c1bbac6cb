// SPDX-License-Identifier: Apache-2.0
#include "cpu/group_plans.hpp"

#include <algorithm>

#include "cpu/batch_partition.hpp"

namespace shoal::cpu {
namespace {

constexpr std::size_t most_parameters_of_many_lanes = 10000;
constexpr std::size_t most_bytes_of_a_trial = 64u << 20;
constexpr GroupKind all_kinds[] = {full_group, half_group, single_task};

const GroupKernels& kernels_of(Isa isa, LaneLayout layout) {
  switch (isa) {
    case Isa::avx512:
      return *avx512_kernels(layout);
    case Isa::avx2:
      return *avx2_kernels(layout);
    default:
      return scalar_kernels(layout);
  }
}

std::int64_t groups_for(std::int64_t tasks, std::int64_t in_group) {
  return tasks <= 0 ? 0 : (tasks + in_group - 1) / in_group;
}

}  // namespace

PerKind<const GroupKernels*> kernels_of_kinds(Isa isa) {
  return {&kernels_of(isa, LaneLayout::tasks), isa == Isa::avx512 ? avx2_kernels(LaneLayout::tasks) : nullptr,
          &kernels_of(isa, LaneLayout::units)};
}

PerKind<std::int64_t> GroupChoice::tasks_of() const {
  PerKind<std::int64_t> tasks{};
  for (const GroupKind kind : all_kinds) tasks[kind] = kernels[kind] ? kernels[kind]->tasks : 1;
  return tasks;
}

GroupPlans::GroupPlans(const GroupChoice& choice, const Problem& problem, const TaskColumns& columns,
                       int support_rows, int query_rows)
    : choice_(choice),
      support_rows_(support_rows),
      query_rows_(query_rows),
      full_(problem, columns, *choice.kernels[full_group], choice.threads, choice.forced.tape),
      single_(problem, columns, *choice.kernels[single_task], choice.threads, choice.forced.tape) {
  if (choice.kernels[half_group])
    half_.emplace(problem, columns, *choice.kernels[half_group], choice.threads, choice.forced.tape);
  allowed_ = candidate_kinds();
}

const NetworkPlan& GroupPlans::operator[](GroupKind kind) const {
  return kind == single_task ? single_ : kind == half_group && half_ ? *half_ : full_;
}

PerKind<bool> GroupPlans::candidate_kinds() const {
  const bool small = full_.parameters() <= most_parameters_of_many_lanes;
  PerKind<bool> may{small, small && half_.has_value(), true};
  const PerKind<double> guess = seconds_of(nullptr);
  const PerKind<std::int64_t> size = choice_.tasks_of();
  for (const GroupKind kind : {full_group, half_group})
    if (may[kind] && guess[single_task] * static_cast<double>(size[kind]) < guess[kind] &&
        (*this)[kind].workspace_bytes(support_rows_, query_rows_) > most_bytes_of_a_trial)
      may[kind] = false;
  return may;
}

std::int64_t GroupPlans::tasks_in(const BatchPartition& partition) const {
  const PerKind<std::int64_t> size = choice_.tasks_of();
  std::int64_t tasks = 0;
  for (const GroupKind kind : all_kinds) tasks += partition[kind] * size[kind];
  return tasks;
}

CostTable::Key GroupPlans::key(Operation operation, const TaskBatch& tasks) const {
  const kernels::Network& net = full_.problem().network();
  const kernels::InnerOptions& inner = full_.problem().inner();
  CostTable::Key key{static_cast<std::int64_t>(operation),
                     static_cast<std::int64_t>(net.activation),
                     static_cast<std::int64_t>(full_.problem().loss().kind),
                     inner.steps,
                     static_cast<std::int64_t>(inner.outer),
                     static_cast<std::int64_t>(inner.rates),
                     inner.step_weights != nullptr,
                     inner.max_move > 0.0f,
                     net.inputs,
                     net.targets,
                     net.has_skip,
                     net.lowest_adapting};
  for (int l = 0; l < net.layer_count; ++l) key.push_back(net.layers[l].outputs);
  const auto size_class = [&](const TaskSet<float>& set) {
    const std::int64_t mean = set.total_rows() / std::max<std::int64_t>(1, tasks.size());
    int bits = 0;
    while ((mean * mean) >> bits > 1) ++bits;
    return bits;
  };
  key.push_back(size_class(tasks.support()));
  key.push_back(size_class(tasks.query()));
  return key;
}

PerKind<double> GroupPlans::seconds_of(const GroupCosts* costs) const {
  PerKind<double> seconds = first_guess(full_.problem().network(), choice_.kernels[full_group]->width);
  if (!costs) return seconds;
  double scale = 0.0;
  for (const GroupKind kind : all_kinds)
    if (costs->known(kind) && scale == 0.0) scale = costs->seconds(kind) / seconds[kind];
  for (const GroupKind kind : all_kinds)
    if (costs->known(kind))
      seconds[kind] = costs->seconds(kind);
    else if (scale > 0.0)
      seconds[kind] *= scale;
  return seconds;
}

BatchPartition GroupPlans::partition(const GroupCosts* costs, std::int64_t tasks) const {
  const PerKind<std::int64_t> size = choice_.tasks_of();
  const ForcedPlan& forced = choice_.forced;
  BatchPartition partition{};
  if (tasks <= 0) return partition;
  if (forced.kind) {
    const GroupKind kind = choice_.kernels[*forced.kind] ? *forced.kind : full_group;
    partition[kind] = groups_for(tasks, size[kind]);
    return partition;
  }
  if (forced.partition) {
    partition[full_group] = std::min((*forced.partition)[full_group], groups_for(tasks, size[full_group]));
    const std::int64_t left = tasks - partition[full_group] * size[full_group];
    if (half_)
      partition[half_group] = std::min((*forced.partition)[half_group], groups_for(left, size[half_group]));
    partition[single_task] = std::max<std::int64_t>(0, left - partition[half_group] * size[half_group]);
    return partition;
  }
  PerKind<bool> usable = allowed();
  if (!costs || !costs->known(half_group)) usable[half_group] = false;
  return partition_batch(tasks, choice_.threads, size, seconds_of(costs), usable);
}

GroupKind GroupPlans::kind_for_predictions(std::int64_t tasks) const {
  if (choice_.forced.kind) return choice_.kernels[*choice_.forced.kind] ? *choice_.forced.kind : full_group;
  PerKind<bool> usable = allowed();
  usable[half_group] = false;
  const BatchPartition partition =
      partition_batch(tasks, choice_.threads, choice_.tasks_of(), seconds_of(nullptr), usable);
  return partition[full_group] > 0 ? full_group : single_task;
}

bool GroupPlans::all_known(const GroupCosts& costs) const {
  const PerKind<bool> may = allowed();
  return std::all_of(std::begin(all_kinds), std::end(all_kinds),
                     [&](GroupKind kind) { return !may[kind] || costs.known(kind); });
}

std::string GroupPlans::describe(const GroupCosts* costs, std::int64_t tasks) const {
  const BatchPartition groups = partition(costs, tasks);
  std::string text;
  std::size_t workspace = 0;
  for (const GroupKind kind : all_kinds)
    if (groups[kind] > 0 || (choice_.forced.measures() && allowed_[kind]))
      workspace = std::max(workspace, (*this)[kind].workspace_bytes(support_rows_, query_rows_));
  for (const GroupKind kind : all_kinds) {
    if (groups[kind] == 0) continue;
    const std::int64_t size = choice_.tasks_of()[kind];
    text += (text.empty() ? "" : "; ") + std::to_string(groups[kind]) +
            (groups[kind] == 1 ? " group of " : " groups of ") + std::to_string(size) +
            (size == 1 ? " task, " : " tasks, ") + (*this)[kind].describe(support_rows_, query_rows_);
  }
  text += "; at most " + std::to_string(workspace) + " bytes of workspace a thread";
  const bool forced = choice_.forced.kind || choice_.forced.partition;
  return text + (forced ? " (forced)" : costs && all_known(*costs) ? " (measured)" : " (first guess)");
}

}  // namespace shoal::cpu
