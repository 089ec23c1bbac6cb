// SPDX-License-Identifier: Apache-2.0
#include "cuda/layered/workspace.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <shoal/error.hpp>

#include "kernels/math/kind_traits.hpp"

namespace shoal::cuda {
namespace {

constexpr std::int64_t slack = 4;  // floats lost to alignment

// The largest grid.
constexpr std::int64_t most_blocks = std::numeric_limits<std::int32_t>::max();

std::int64_t output_stride(const kernels::Network& net) {
  return net.layers[net.layer_count - 1].stride;
}

}  // namespace

LayeredWorkspace::LayeredWorkspace(const LayeredCall& call, std::int64_t budget) : call_(call) {
  const bool rates = call.inner.rates != LearnedRate::none;
  backward_ = call.operation == kernels::TaskKernel::meta_gradient;
  exact_ = backward_ && call.inner.outer == OuterRule::exact;
  curved_ = kernels::is_curved(call.network.activation);
  trajectory_count_ = backward_                                        ? std::max(call.inner.steps, 1)
                      : call.operation == kernels::TaskKernel::predict ? 0
                                                                       : 2;
  gradient_count_ = exact_ && rates ? call.inner.steps : 0;
  terms_per_row = kernels::loss_pairs(call.loss.kind, call.network.outputs, call.network.targets);

  const std::int64_t floats = budget / static_cast<std::int64_t>(sizeof(float)) - slack;
  chunks_ = split(need(1), floats);
  // Stored tapes save two of eleven passes over the rows, but fewer tasks per chunk may cost more. So they
  // are stored only if the number of chunks stays the same.
  if (!exact_ || call.inner.steps < 2) return;
  const Need keeping = need(call.inner.steps);
  const auto most = [&](std::int64_t n, LayeredSpan span) {
    return std::max(n, keeping.of(span.end - span.begin, rows(call_.support, span), rows(call_.query, span)));
  };
  std::int64_t largest = 0;
  for (const LayeredSpan span : chunks_) largest = most(largest, span);
  if (largest <= floats) tapes_ = call.inner.steps;
}

LayeredWorkspace::Need LayeredWorkspace::need(int tapes) const {
  const kernels::Network& net = call_.network;
  const auto parameters = static_cast<std::int64_t>(net.parameters);
  const std::int64_t hidden = net.hidden_width, outputs = output_stride(net);
  const std::int64_t tape = (curved_ ? 4 : 3) * hidden + 2 * outputs;
  const std::int64_t pairs = 2 * terms_per_row;
  Need need;
  need.per_task =
      (trajectory_count_ + gradient_count_ + (backward_ ? 1 : 0) + (exact_ ? 1 : 0)) * parameters +
      (backward_ ? call_.rate_count : 0) + 1;
  need.per_support_row = tapes * tape + pairs;
  if (exact_) need.per_support_row += 2 * hidden + outputs + 2 * net.widest;
  need.per_query_row = tape + pairs;
  return need;
}

std::int64_t LayeredWorkspace::rows(const LayeredRows& side, LayeredSpan span) const {
  if (side.row_starts.empty()) return 0;
  return side.row_starts[static_cast<std::size_t>(span.end)] -
         side.row_starts[static_cast<std::size_t>(span.begin)];
}

std::vector<LayeredSpan> LayeredWorkspace::split(const Need& need, std::int64_t floats) const {
  std::vector<LayeredSpan> chunks;
  if (call_.tasks == 0) return chunks;
  LayeredSpan span;
  std::int64_t largest = 0;  ///< rows of the chunk's largest task, which decides the blocks of every task
  const std::int64_t widest = call_.network.widest;
  const auto blocks_of_task = [&](std::int64_t most) {  // an upper bound for kernels/layered/gemm.cu
    return (std::max(most, widest) / 16 + 1) * (widest / 64 + 1) + widest;
  };
  while (span.end < call_.tasks) {
    const LayeredSpan longer{span.begin, span.end + 1}, last{span.end, span.end + 1};
    const std::int64_t count = longer.end - longer.begin;
    const std::int64_t wanted = need.of(count, rows(call_.support, longer), rows(call_.query, longer));
    largest = std::max({largest, rows(call_.support, last), rows(call_.query, last)});
    if (wanted <= floats && (span.begin == span.end || count <= most_blocks / blocks_of_task(largest))) {
      span = longer;
      continue;
    }
    if (span.begin == span.end)
      throw ResourceError("backend cuda: task " + std::to_string(span.begin) + " of the batch alone needs " +
                          std::to_string(wanted * static_cast<std::int64_t>(sizeof(float)) >> 20) +
                          " MiB of device memory layer by layer, and " +
                          std::to_string(floats * static_cast<std::int64_t>(sizeof(float)) >> 20) +
                          " MiB are there for it: fewer rows, inner steps or hidden units would fit");
    chunks.push_back(span);
    span = {span.end, span.end};
    largest = 0;
  }
  chunks.push_back(span);
  return chunks;
}

LayeredTape LayeredWorkspace::allocate_tape(float*& next, std::int64_t rows) const {
  const auto allocate = [&](std::int64_t floats) { return std::exchange(next, next + floats); };
  const std::int64_t hidden = rows * call_.network.hidden_width,
                     outputs = rows * output_stride(call_.network);
  LayeredTape tape;
  tape.activation = allocate(hidden);
  tape.slope = allocate(hidden);
  tape.delta = allocate(hidden);
  if (curved_) tape.curvature = allocate(hidden);
  tape.output = allocate(outputs);
  tape.output_delta = allocate(outputs);
  return tape;
}

void LayeredWorkspace::begin(LayeredSpan span, DeviceArray<float>& floats, DeviceArray<int>& integers,
                             DeviceArray<std::uint8_t>& bytes, Stream& stream) {
  const kernels::Network& net = call_.network;
  const std::int64_t tasks = span.end - span.begin, support = rows(call_.support, span),
                     query = rows(call_.query, span);
  const Need all = need(tapes_);
  float* const floats_begin =
      floats.reserve(stream, static_cast<std::size_t>(all.of(tasks, support, query) + slack));
  float* next = floats_begin;
  const auto allocate = [&](std::int64_t count) { return std::exchange(next, next + count); };
  if (const std::int64_t parameters = tasks * all.per_task; parameters > 0)
    stream.fill_zero(next, static_cast<std::size_t>(parameters) * sizeof(float));
  per_chunk_ = tasks * static_cast<std::int64_t>(net.parameters);
  // Matrices come first: they are whole 16-byte words, as is everything but the rate gradients and the means.
  trajectory_ = allocate(trajectory_count_ * per_chunk_);
  gradient_ = allocate(gradient_count_ * per_chunk_);
  if (backward_) lambda = allocate(per_chunk_);
  if (exact_) u = allocate(per_chunk_);
  if (backward_) rate_gradient = allocate(tasks * call_.rate_count);
  means = allocate(tasks);
  next += (4 - (next - floats_begin) % 4) % 4;

  support_tapes_.clear();
  for (int k = 0; k < tapes_; ++k) support_tapes_.push_back(allocate_tape(next, support));
  query_tape = allocate_tape(next, query);
  if (exact_) {
    r_sum = allocate(support * net.hidden_width);
    r_activation = allocate(support * net.hidden_width);
    r_output = allocate(support * output_stride(net));
    for (float*& buffer : r_delta) buffer = allocate(support * net.widest);
  }
  terms = allocate(std::max(support, query) * 2 * terms_per_row);

  const auto count = static_cast<std::size_t>(tasks);
  int* const numbers = integers.reserve(stream, 2 * count);
  chunk_ = {.tasks = static_cast<int>(tasks),
            .status = bytes.reserve(stream, count),
            .failed_step = numbers,
            .events = numbers + count};
}

}  // namespace shoal::cuda
