// SPDX-License-Identifier: Apache-2.0
#include "cpu/network_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>

#include <shoal/error.hpp>

#include "cpu/cache_sizes.hpp"
#include "cpu/lane_layouts.hpp"
#include "kernels/math/kind_traits.hpp"

namespace shoal::cpu {
namespace {

// How much of its caches a thread may use for a block. Sizes are data, apart from the algorithm
// (measurements: docs/decisions/0006-lanes-are-units.md).
struct BlockSizes {
  std::size_t block_bytes;  ///< activations of the widest layer of one block
  int tile_rows;            ///< the rows of a block are a multiple of it
  int fewest_rows;          ///< fewest rows of a block
};
constexpr BlockSizes with_tasks{80 * 1024, 5, 5};
constexpr BlockSizes with_units{32 * 1024, 6, 128};
// If the parameters of one task take more bytes than this, every step reads them from memory; then a tape
// costs less than reading the weights again.
constexpr std::size_t streaming_bytes = 1024 * 1024, streaming_tape_bytes = 64 * 1024 * 1024;

/// Time of a single task divided by its share of the time of a full group, with no empty lanes in either.
struct RelativeCost {
  std::size_t parameters;  ///< for models with up to so many parameters
  double single_over_share;
};
constexpr RelativeCost relative_costs[] = {{600, 1.6},    {1000, 1.5},   {1700, 1.05},   {3500, 1.2},
                                           {10000, 0.65}, {20000, 0.55}, {SIZE_MAX, 0.4}};
constexpr double half_over_share = 1.15;  // time per task in a half group over that in a full one

std::size_t padded(int rows, int columns, int W) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(row_stride(columns, W));
}

/// Number of vectors of parameters with lanes = units, without the padding between rows.
std::size_t filled_vectors(const kernels::Network& network, int W) {
  std::size_t vectors = 0;
  const auto add = [&](int inputs, int outputs) {
    const bool transposed = is_transposed(inputs, outputs, W);
    vectors += static_cast<std::size_t>(transposed ? outputs : inputs) *
               static_cast<std::size_t>(row_vectors(transposed ? inputs : outputs, W));
  };
  for (int l = 0; l < network.layer_count; ++l) {
    add(network.layers[l].inputs, network.layers[l].outputs);
    add(1, network.layers[l].outputs);
  }
  if (network.has_skip) add(network.inputs, network.outputs);
  return vectors;
}

/// Reads "cut-F-H": F full groups and H half groups.
std::optional<BatchPartition> partition_from(const std::string& word) {
  long full = 0, half = 0;
  int end = 0;
  if (std::sscanf(word.c_str(), "cut-%ld-%ld%n", &full, &half, &end) != 2 ||
      static_cast<std::size_t>(end) != word.size() || full < 0 || half < 0)
    return std::nullopt;
  return BatchPartition{full, half, 0};
}

}  // namespace

ForcedPlan forced_plan(const std::string& text) {
  ForcedPlan forced;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, '+');) {
    if (word == "tasks")
      forced.kind = full_group;
    else if (word == "half")
      forced.kind = half_group;
    else if (word == "units")
      forced.kind = single_task;
    else if (word == "keep")
      forced.tape = TapePolicy::store;
    else if (word == "recompute")
      forced.tape = TapePolicy::recompute;
    else if (word == "guess")
      forced.first_guess = true;
    else if (word == "blocks")
      forced.blocks = true;
    else if (const auto partition = partition_from(word))
      forced.partition = partition;
    else if (word != "auto")
      throw InvalidArgument(
          "cpu_plan takes tasks, half, units, cut-F-H, keep, recompute, guess, blocks and auto, joined by +, "
          "not " +
          word);
  }
  return forced;
}

PerKind<double> first_guess(const kernels::Network& network, int width) {
  const RelativeCost* cost = relative_costs;
  while (network.parameters > cost->parameters) ++cost;
  const double lanes = static_cast<double>(filled_vectors(network, width)) * width;
  const double padding = lanes / static_cast<double>(network.parameters);
  return {static_cast<double>(width), half_over_share * width / 2.0, cost->single_over_share * padding};
}

NetworkPlan::NetworkPlan(const Problem& problem, const TaskColumns& columns, const GroupKernels& kernels,
                         int threads, std::optional<TapePolicy> forced_tape)
    : problem_(problem, columns),
      forced_tape_(forced_tape),
      kernels_(&kernels),
      tape_budget_(tape_budget(threads)),
      network_(problem_.network()) {
  if (kernels.layout == LaneLayout::tasks) return;
  const int W = kernels.width;

  layers_.assign(network_.layers, network_.layers + network_.layer_count);
  std::size_t vectors = 0;
  const auto allocate = [&](int inputs, int outputs) {
    const std::size_t at = vectors;
    vectors += is_transposed(inputs, outputs, W) ? padded(outputs, inputs, W) : padded(inputs, outputs, W);
    return at;
  };
  network_.hidden_width = 0;
  network_.widest = row_stride(network_.inputs, W);
  for (kernels::LayerShape& layer : layers_) {
    layer.weight = allocate(layer.inputs, layer.outputs);
    layer.bias = vectors;
    layer.stride = row_stride(layer.outputs, W);
    vectors += static_cast<std::size_t>(layer.stride);
    layer.width_before = network_.hidden_width;
    network_.widest = std::max(network_.widest, layer.stride);
    if (&layer != &layers_.back()) network_.hidden_width += layer.stride;
  }
  if (network_.has_skip) network_.skip = allocate(network_.inputs, network_.outputs);
  network_.parameters = vectors;
  network_.layers = layers_.data();
}

GroupJob NetworkPlan::job() const {
  GroupJob job;
  job.network = &network_;
  job.loss = &problem_.loss();
  job.inner = &problem_.inner();
  return job;
}

void NetworkPlan::size_blocks(GroupJob& job) const {
  const bool units = kernels_->layout == LaneLayout::units;
  const BlockSizes& sizes = units ? with_units : with_tasks;
  const auto vector_bytes = static_cast<std::size_t>(kernels_->width) * sizeof(float);
  const auto row_bytes = static_cast<std::size_t>(network_.widest) * vector_bytes;
  const int fitting = static_cast<int>(sizes.block_bytes / row_bytes) / sizes.tile_rows * sizes.tile_rows;
  const int most = std::max(sizes.fewest_rows, fitting);
  const int rows = std::max({1, job.support.rows, job.query.rows});
  const int blocks = (rows + most - 1) / most;
  job.block_rows = (rows + blocks - 1) / blocks;
  const std::size_t per_row =
      kernels::tape_parts(network_.activation) * static_cast<std::size_t>(network_.hidden_width) +
      2 * static_cast<std::size_t>(units ? row_stride(network_.outputs, kernels_->width) : network_.outputs);
  const std::size_t tapes = per_row * vector_bytes * static_cast<std::size_t>(job.support.rows) *
                            static_cast<std::size_t>(problem_.inner().steps);
  const bool streams = units && network_.parameters * vector_bytes > streaming_bytes;
  const std::size_t budget = streams ? streaming_tape_bytes : tape_budget_;
  job.tape = forced_tape_ ? *forced_tape_ : tapes <= budget ? TapePolicy::store : TapePolicy::recompute;
}

GroupJob NetworkPlan::largest_job(int support_rows, int query_rows) const {
  GroupJob job = this->job();
  job.support.rows = support_rows;
  job.query.rows = query_rows;
  size_blocks(job);
  static std::int64_t anything = 0;
  job.sums[0] = &anything;  // not null: a meta-gradient, which has the largest workspace
  return job;
}

std::size_t NetworkPlan::workspace_bytes(int support_rows, int query_rows) const {
  return kernels_->workspace_floats(largest_job(support_rows, query_rows)) * sizeof(float);
}

std::string NetworkPlan::describe(int support_rows, int query_rows) const {
  const GroupJob job = largest_job(support_rows, query_rows);
  const std::size_t bytes = workspace_bytes(support_rows, query_rows);
  const bool units = kernels_->layout == LaneLayout::units;
  return "lanes = " + std::string(units ? "units of one task" : "tasks") + ", " +
         std::to_string(kernels_->width) + " to a vector, " +
         std::to_string(bytes / static_cast<std::size_t>(kernels_->tasks)) + " bytes a task, blocks of " +
         std::to_string(job.block_rows) + " rows, trajectory stored, tapes " +
         (job.tape == TapePolicy::store ? "kept" : "recomputed");
}

}  // namespace shoal::cpu
