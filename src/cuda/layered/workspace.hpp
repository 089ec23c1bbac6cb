// SPDX-License-Identifier: Apache-2.0
// LayeredWorkspace: what a chunk of tasks keeps in device memory while it goes through its layers, and how
// many tasks make a chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/layered/side.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/layered/arguments.hpp"

namespace shoal::cuda {

/// Rows on their way through the network. Hidden layers lie one after the other: layer l's matrix begins at
/// rows * width_before floats.
struct LayeredTape {
  float *activation = nullptr, *slope = nullptr, *delta = nullptr;
  float* curvature = nullptr;  ///< f'', then dL/da f''; null where f'' = 0
  float *output = nullptr, *output_delta = nullptr;
};

class LayeredWorkspace {
 public:
  /// Splits the call's tasks into chunks of at most `budget` bytes. Throws ResourceError, naming the task,
  /// where one task alone needs more.
  LayeredWorkspace(const LayeredCall& call, std::int64_t budget);

  const std::vector<LayeredSpan>& chunks() const { return chunks_; }
  /// Whether the tapes of all inner steps are kept for the backward pass; if not, they are computed again.
  bool stores_tapes() const { return tapes_ > 1; }

  /// Lays out the memory for one chunk. Padding of parameters is zero.
  void begin(LayeredSpan chunk, DeviceArray<float>& floats, DeviceArray<int>& integers,
             DeviceArray<std::uint8_t>& bytes, Stream& stream);

  const kernels::LayerChunk& chunk() const { return chunk_; }
  float* trajectory(int k) const { return trajectory_ + k % trajectory_count_ * per_chunk_; }  ///< k > 0
  float* gradient(int k) const { return gradient_count_ ? gradient_ + k * per_chunk_ : nullptr; }
  const LayeredTape& support_tape(int k) const {
    return support_tapes_[static_cast<std::size_t>(k % tapes_)];
  }

  float *lambda = nullptr, *u = nullptr, *rate_gradient = nullptr;
  float* means = nullptr;  ///< [tasks] losses that nobody asks for
  float* terms = nullptr;  ///< of losses
  LayeredTape query_tape;
  float *r_sum = nullptr, *r_activation = nullptr, *r_output = nullptr, *r_delta[2] = {};
  int terms_per_row = 0;

 private:
  struct Need {
    std::int64_t per_task = 0, per_support_row = 0, per_query_row = 0;
    std::int64_t of(std::int64_t tasks, std::int64_t support, std::int64_t query) const {
      return tasks * per_task + support * per_support_row + query * per_query_row;
    }
  };
  Need need(int tapes) const;
  std::vector<LayeredSpan> split(const Need& need, std::int64_t floats) const;
  std::int64_t rows(const LayeredRows& side, LayeredSpan span) const;
  LayeredTape allocate_tape(float*& next, std::int64_t rows) const;

  const LayeredCall& call_;
  bool backward_, exact_, curved_;
  int tapes_ = 1, trajectory_count_ = 1, gradient_count_ = 0;
  std::int64_t per_chunk_ = 0;
  std::vector<LayeredSpan> chunks_;
  kernels::LayerChunk chunk_;
  float *trajectory_ = nullptr, *gradient_ = nullptr;
  std::vector<LayeredTape> support_tapes_;
};

}  // namespace shoal::cuda
