// SPDX-License-Identifier: Apache-2.0
// LayeredWorkspace: the device memory of a chunk of tasks, and the number of tasks in a chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/layered/side.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/layered/arguments.hpp"

namespace shoal::cuda {

/// What a forward and backward pass stores. Hidden layers stand one after the other: the matrix of layer l
/// begins at rows * width_before floats.
struct LayeredTape {
  float *activation = nullptr, *slope = nullptr, *delta = nullptr;
  float* curvature = nullptr;  ///< f'', then dL/da f''; null if f'' is identically zero
  float *output = nullptr, *output_delta = nullptr;
};

class LayeredWorkspace {
 public:
  /// Splits the tasks of the call into chunks of at most `budget` bytes. Throws ResourceError, naming the
  /// task, if one task alone needs more.
  LayeredWorkspace(const LayeredCall& call, std::int64_t budget);

  const std::vector<LayeredSpan>& chunks() const { return chunks_; }
  /// Whether the tapes of all inner steps are stored for the backward pass; if not, it computes them again.
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
  float* means = nullptr;  ///< [tasks] losses that are not results
  float* terms = nullptr;  ///< factors of the loss terms
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
