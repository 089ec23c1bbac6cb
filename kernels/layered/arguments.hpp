// SPDX-License-Identifier: Apache-2.0
// What the layer kernels take. One launch does one operation of one layer for every task of a chunk; all
// pointers are to device memory and begin at the chunk's first task or row.
//
// Matrices have rows of whole 16-byte words. Whoever writes one writes whole words, zeros behind its columns,
// so that whoever reads takes 16 bytes at a time. Data is as the caller gave it; where its rows are not whole
// words they are read float by float.
#pragma once

#include <cstdint>

#include "kernels/math/gemm_layout.hpp"
#include "kernels/math/network.hpp"

namespace shoal::kernels {

/// A matrix of every task: parameters lie `per_task` floats apart (0: one for all), rows of data and tapes
/// one task after the other.
template <class Float>
struct LayerMatrix {
  Float* at = nullptr;
  int stride = 0;  ///< between rows
  std::int64_t per_task = 0;
  bool ragged = false;

  /// Of task `task`, whose rows begin at `row` of the chunk.
  SHOAL_HD Float* of(int task, std::int64_t row) const {
    return at + (ragged ? row * stride : task * per_task);
  }
};
using LayerOperand = LayerMatrix<const float>;
using LayerOutput = LayerMatrix<float>;

/// Events of a task whose status is not resolved yet: bits of LayerChunk::events.
enum LayerEvent : int {
  not_finite = 1,  ///< loss or parameter of an inner step
  moved_far = 2,   ///< further than max_move
  not_small = 4,   ///< query loss or meta-gradient not finite, or above 2^60
};

struct LayerChunk {
  int tasks = 0;
  std::uint8_t* status = nullptr;       ///< [tasks] tasks with another than 0 are passed over
  std::int32_t* failed_step = nullptr;  ///< [tasks]
  int* events = nullptr;                ///< [tasks]
};

/// Support or query rows of the chunk.
struct LayerRows {
  const std::int64_t* first = nullptr;  ///< [tasks + 1] in the batch
  const float* x = nullptr;             ///< [rows, inputs]
  const float* y = nullptr;             ///< [rows, targets]
  const float* offset = nullptr;        ///< [rows, outputs] or null
  const float* terms = nullptr;         ///< [tasks] divisor of the mean
  const float* scale = nullptr;         ///< [tasks] 1 / terms, 0 for an empty set

  SHOAL_HD int rows(int task) const { return static_cast<int>(first[task + 1] - first[task]); }
  SHOAL_HD std::int64_t begin(int task) const { return first[task] - first[0]; }
};

/// The rates of one layer at one step.
struct LayerRates {
  const float* at = nullptr;   ///< null: `fixed`
  bool per_parameter = false;  ///< at[p] instead of at[0]
  float fixed = 0.0f;

  SHOAL_HD float of(std::int64_t p) const { return at ? at[per_parameter ? p : 0] : fixed; }
};

/// What happens to a finished element of a product over rows.
enum class RowEpilogueKind : int {
  store,
  add_offset,                  ///< + the row's output offset
  activate,                    ///< z -> a; f' and f'' where they are wanted
  activate_backward,           ///< dL/da -> dL/dz, and f'' -> dL/da f''
  r_activate,                  ///< R{z} -> R{a} = f' R{z}
  r_activate_backward,         ///< -> R{dL/dz} = f' R + (dL/da f'') R{z}
  r_activate_backward_linear,  ///< the same where R{z} or f'' is zero
};

/// What happens to a finished sum over rows, of parameter p.
enum class SumEpilogueKind : int {
  step,            ///< next[p] = phi[p] - rate g, in one fused operation; g too where it is wanted
  set_lambda,      ///< lambda[p] = g
  scale_lambda,    ///< lambda[p] = weight g
  add_lambda,      ///< lambda[p] += weight g
  subtract_lambda  ///< lambda[p] -= g
};

struct LayerGemmOperands {
  LayerOperand a{}, b{};
};

/// A product over rows (forward, backward).
struct LayerRowJob {
  LayerChunk chunk{};
  LayerRows rows{};
  LayerGemmOperands first{}, second{};  ///< second.a.at null: one product
  int columns = 0, terms = 0;
  LayerOperand start{};       ///< a row that the sums start from; null: zero
  bool start_at_out = false;  ///< the sums start from what `out` holds
  LayerOutput out{};
  RowEpilogueKind epilogue = RowEpilogueKind::store;
  Activation activation = Activation::identity;
  float *slope = nullptr, *curvature = nullptr;  ///< like `out`
  float* r_activation = nullptr;                 ///< like `out`
  const float* r_sum = nullptr;                  ///< like `out`
};

/// Sums over rows of one layer: of its weight, of its bias or of both.
struct LayerSumJob {
  LayerChunk chunk{};
  LayerRows rows{};
  LayerGemmOperands first{}, second{};
  int inputs = 0, columns = 0;
  int stride = 0;                       ///< of the weight
  std::int64_t weight = -1, bias = -1;  ///< where the tensors begin; -1: not wanted
  LayerOperand bias_terms{};            ///< [rows, columns]: summed for the bias

  SumEpilogueKind epilogue = SumEpilogueKind::step;
  float weight_of_loss = 1.0f;
  std::int64_t parameters = 0;   ///< P: between tasks in what follows
  float* lambda = nullptr;       ///< [tasks, P]; step: the sum of steps, or null
  float* gradient = nullptr;     ///< [tasks, P]; step: or null
  const float* theta = nullptr;  ///< [P]
  const float* phi = nullptr;    ///< [tasks, P], or theta with phi_per_task 0
  std::int64_t phi_per_task = 0;
  float* next = nullptr;  ///< [tasks, P]
  LayerRates rates{};
  float max_move = 0.0f;  ///< 0 = off
};

/// Losses of the outputs and their derivatives.
struct LayerLossJob {
  LayerChunk chunk{};
  LayerRows rows{};
  Network network{};  ///< outputs and targets count; no layers
  LossOptions loss{};
  int terms_per_row = 0;
  LayerOperand output{};
  float* terms = nullptr;  ///< [rows, terms_per_row, 2] scratch
  float* mean = nullptr;   ///< [tasks] the loss; null: not wanted
  int event = 0;           ///< raised for a loss that is not finite (not_finite), not small (not_small)
  float* delta = nullptr;  ///< like output: dL/do; null: not wanted
  const float* r_output = nullptr;  ///< like output: R{o}; null: no curvature
  float* r_delta = nullptr;         ///< like output: R{dL/do}
};

/// One tensor of the parameter vector, padding included.
struct LayerTensor {
  std::int64_t begin = 0, end = 0;
  bool adapts = true;
  LayerRates rates{};
};

/// u = alpha o lambda of one tensor that adapts, and its part of d alpha for rates per parameter.
struct LayerDirectionJob {
  LayerChunk chunk{};
  LayerRows rows{};  ///< tasks without support rows have no part
  LayerTensor tensor{};
  std::int64_t parameters = 0;
  const float *lambda = nullptr, *gradient = nullptr;  ///< [tasks, P]; gradient null: no d alpha
  float *u = nullptr, *rate_gradient = nullptr;        ///< [tasks, P]
};

/// d alpha of one rate: sum = fma(-g, lambda, sum) over the parameters of a tensor in their order.
struct LayerRateJob {
  LayerChunk chunk{};
  LayerRows rows{};
  std::int64_t begin = 0;
  int tensor_rows = 0, columns = 0, stride = 0;
  std::int64_t parameters = 0;
  const float *lambda = nullptr, *gradient = nullptr;
  float* rate_gradient = nullptr;  ///< of the rate, task 0
  int rate_count = 0;              ///< between tasks
};

/// What becomes of the events of a chunk.
enum class LayerStatusStage : int {
  begin,    ///< status as given, no events, no losses
  step,     ///< not_finite -> 2, moved_far -> 4
  outcome,  ///< not_small -> 3; status and step are given to the caller
  point,    ///< the same for one point of an evaluation: the task itself goes on
};

struct LayerStatusJob {
  LayerChunk chunk{};
  LayerStatusStage what = LayerStatusStage::begin;
  int step = 0;
  std::uint8_t* status = nullptr;                       ///< [tasks] of the caller
  std::int32_t* failed_step = nullptr;                  ///< [tasks] of the caller
  float *loss_before = nullptr, *loss_after = nullptr;  ///< [tasks] begin: reserve_zeroed
};

/// Exact sums over the good tasks of values [tasks, count].
struct LayerReduceJob {
  LayerChunk chunk{};
  const float* values = nullptr;
  std::int64_t count = 0;
  long long* sums = nullptr;  ///< [digits, count]
};

/// Fast weights of good tasks: of tensors that adapt phi's, of others theta's.
struct LayerFastWeightsJob {
  LayerChunk chunk{};
  LayerTensor tensor{};
  std::int64_t parameters = 0;
  const float *theta = nullptr, *phi = nullptr;
  float* to = nullptr;
};

}  // namespace shoal::kernels
