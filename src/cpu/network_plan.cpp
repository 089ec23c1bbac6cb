// SPDX-License-Identifier: Apache-2.0
#include "cpu/network_plan.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include <shoal/error.hpp>

#include "cpu/lane_layouts.hpp"

namespace shoal::cpu {
namespace {

// Sizes are data, apart from the algorithm: what a thread may count on in its caches.
struct BlockSizes {
  std::size_t block_bytes;  ///< activations of the widest layer of one block
  std::size_t tape_bytes;   ///< tapes kept from the inner loop: beyond it, recompute
  int tile_rows;            ///< blocks are a multiple of it
  int fewest_rows;          ///< of a block
};
constexpr BlockSizes with_tasks{32 * 1024, 6 * 1024 * 1024, 5, 5};
constexpr BlockSizes with_units{32 * 1024, 64 * 1024 * 1024, 6, 48};

std::size_t padded(int rows, int columns, int W) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(row_stride(columns, W));
}

LaneLayout choose(const kernels::Network&, std::int64_t, int, int) {
  return LaneLayout::tasks;
}

}  // namespace

std::optional<LaneLayout> forced_layout() {
  const char* text = std::getenv("SHOAL_CPU_LAYOUT");
  const std::string name = text ? text : "";
  if (name.empty() || name == "auto") return {};
  if (name == "tasks") return LaneLayout::tasks;
  if (name == "units") return LaneLayout::units;
  throw InvalidArgument("SHOAL_CPU_LAYOUT must be auto, tasks or units, is " + name);
}

NetworkPlan::NetworkPlan(const Problem& problem, const TaskColumns& columns, std::int64_t tasks, int threads,
                         const GroupKernels& lanes_are_tasks, const GroupKernels& lanes_are_units,
                         std::optional<LaneLayout> forced)
    : problem_(problem, columns), network_(problem_.network()) {
  const int W = lanes_are_tasks.width;
  const LaneLayout layout = forced ? *forced : choose(network_, tasks, threads, W);
  kernels_ = layout == LaneLayout::units ? &lanes_are_units : &lanes_are_tasks;
  if (layout == LaneLayout::tasks) return;

  layers_.assign(network_.layers, network_.layers + network_.layer_count);
  std::size_t vectors = 0;
  const auto place = [&](int inputs, int outputs) {
    const std::size_t at = vectors;
    vectors += is_turned(inputs, outputs, W) ? padded(outputs, inputs, W) : padded(inputs, outputs, W);
    return at;
  };
  network_.hidden_width = 0;
  network_.widest = row_stride(network_.inputs, W);
  for (kernels::LayerShape& layer : layers_) {
    layer.weight = place(layer.inputs, layer.outputs);
    layer.bias = vectors;
    layer.stride = row_stride(layer.outputs, W);
    vectors += static_cast<std::size_t>(layer.stride);
    layer.width_before = network_.hidden_width;
    network_.widest = std::max(network_.widest, layer.stride);
    if (&layer != &layers_.back()) network_.hidden_width += layer.stride;
  }
  if (network_.has_skip) network_.skip = place(network_.inputs, network_.outputs);
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
      4 * static_cast<std::size_t>(network_.hidden_width) +
      2 * static_cast<std::size_t>(units ? row_stride(network_.outputs, kernels_->width) : network_.outputs);
  const std::size_t tapes = per_row * vector_bytes * static_cast<std::size_t>(job.support.rows) *
                            static_cast<std::size_t>(problem_.inner().steps);
  job.tape = tapes <= sizes.tape_bytes ? StoredTape::keep : StoredTape::recompute;
}

}  // namespace shoal::cpu
