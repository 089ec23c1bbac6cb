// SPDX-License-Identifier: Apache-2.0
// Arguments of the layer kernels. One launch does one operation of one layer for every task of a chunk. All
// pointers are to device memory and begin at the chunk's first task or row.
//
// The rows of a matrix are whole 16-byte words. A kernel that writes a matrix fills the last word of each row
// with zeros, so that a kernel that reads it can load 16 bytes at a time. Data has the layout of the caller;
// where its rows are not whole words, kernels read single floats.
#pragma once

#include <cstdint>

#include "kernels/math/gemm_layout.hpp"
#include "kernels/math/network.hpp"

namespace shoal::kernels {

/// One matrix for every task. Parameters of neighbouring tasks are `per_task` floats apart (0: all tasks
/// share one matrix). Rows of data and of tapes (`ragged`) stand one task after the other.
template <class Float>
struct LayerMatrix {
  Float* at = nullptr;
  int stride = 0;  ///< between rows
  std::int64_t per_task = 0;
  bool ragged = false;

  /// The matrix of task `task`, whose rows begin at row `row` of the chunk.
  SHOAL_HD Float* of(int task, std::int64_t row) const {
    return at + (ragged ? row * stride : task * per_task);
  }
};
using LayerOperand = LayerMatrix<const float>;
using LayerOutput = LayerMatrix<float>;

/// Bits of LayerChunk::events: what went wrong in a task, until a kernel resolves its status.
enum LayerEvent : int {
  not_finite = 1,  ///< a loss or parameter of an inner step is not finite
  moved_far = 2,   ///< a parameter moved further than max_move
  not_small = 4,   ///< query loss or meta-gradient is not finite or above 2^60
};

struct LayerChunk {
  int tasks = 0;
  std::uint8_t* status = nullptr;       ///< [tasks] kernels skip tasks whose status is not 0
  std::int32_t* failed_step = nullptr;  ///< [tasks]
  int* events = nullptr;                ///< [tasks]
};

/// The support or query rows of the chunk.
struct LayerRows {
  const std::int64_t* first = nullptr;  ///< [tasks + 1] first row of each task in the batch
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

/// What a kernel does with a finished element of a product that has an output row per data row.
enum class RowEpilogueKind : int {
  store,
  add_offset,                  ///< + the row's output offset
  activate,                    ///< z -> a; f' and f'' too where they are wanted
  activate_backward,           ///< dL/da -> dL/dz, and f'' -> dL/da f''
  r_activate,                  ///< R{z} -> R{a} = f' R{z}
  r_activate_backward,         ///< -> R{dL/dz} = f' R + (dL/da f'') R{z}
  r_activate_backward_linear,  ///< as before, where R{z} or f'' is zero
};

/// What a kernel does with a finished sum over rows g, the gradient or Hessian-vector product of parameter p.
enum class SumEpilogueKind : int {
  step,            ///< next[p] = phi[p] - rate g, by one fma; stores g too where it is wanted
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
  LayerOperand start{};       ///< a row with which the sums start; null: zero
  bool start_at_out = false;  ///< the sums start with the contents of `out`
  LayerOutput out{};
  RowEpilogueKind epilogue = RowEpilogueKind::store;
  Activation activation = Activation::identity;
  float *slope = nullptr, *curvature = nullptr;  ///< like `out`
  float* r_activation = nullptr;                 ///< like `out`
  const float* r_sum = nullptr;                  ///< like `out`
};

/// Sums over rows for one layer: for its weight, its bias or both.
struct LayerSumJob {
  LayerChunk chunk{};
  LayerRows rows{};
  LayerGemmOperands first{}, second{};
  int inputs = 0, columns = 0;
  int stride = 0;                       ///< of the weight
  std::int64_t weight = -1, bias = -1;  ///< where the tensors begin; -1: do not compute
  LayerOperand bias_terms{};            ///< [rows, columns]: their sum is the bias's

  SumEpilogueKind epilogue = SumEpilogueKind::step;
  float weight_of_loss = 1.0f;
  std::int64_t parameters = 0;   ///< P, the distance between tasks in what follows
  float* lambda = nullptr;       ///< [tasks, P]; for `step` the sum of the steps, or null
  float* gradient = nullptr;     ///< [tasks, P]; for `step` g, or null
  const float* theta = nullptr;  ///< [P]
  const float* phi = nullptr;    ///< [tasks, P], or theta and phi_per_task = 0
  std::int64_t phi_per_task = 0;
  float* next = nullptr;  ///< [tasks, P]
  LayerRates rates{};
  float max_move = 0.0f;  ///< 0 = off
};

/// The losses of the outputs and their derivatives.
struct LayerLossJob {
  LayerChunk chunk{};
  LayerRows rows{};
  Network network{};  ///< only outputs and targets are read
  LossOptions loss{};
  int terms_per_row = 0;
  LayerOperand output{};
  float* terms = nullptr;           ///< [rows, terms_per_row, 2] scratch
  float* mean = nullptr;            ///< [tasks] the loss; null: do not compute
  int event = 0;                    ///< not_finite or not_small: the check of the loss, and the bit raised
  float* delta = nullptr;           ///< like output: dL/do; null: do not compute
  const float* r_output = nullptr;  ///< like output: R{o}; null: no R{dL/do}
  float* r_delta = nullptr;         ///< like output: R{dL/do}
};

/// One tensor of the parameter vector, padding included.
struct LayerTensor {
  std::int64_t begin = 0, end = 0;
  bool adapts = true;
  LayerRates rates{};
};

/// Computes u = alpha o lambda for one tensor that adapts and, for rates per parameter, its part of d alpha.
struct LayerDirectionJob {
  LayerChunk chunk{};
  LayerRows rows{};  ///< tasks without support rows are skipped
  LayerTensor tensor{};
  std::int64_t parameters = 0;
  const float *lambda = nullptr, *gradient = nullptr;  ///< [tasks, P]; gradient null: no d alpha
  float *u = nullptr, *rate_gradient = nullptr;        ///< [tasks, P]
};

/// Computes d alpha of one rate: sum = fma(-g, lambda, sum) over the parameters of a tensor in order.
struct LayerRateJob {
  LayerChunk chunk{};
  LayerRows rows{};
  std::int64_t begin = 0;
  int tensor_rows = 0, columns = 0, stride = 0;
  std::int64_t parameters = 0;
  const float *lambda = nullptr, *gradient = nullptr;
  float* rate_gradient = nullptr;  ///< of this rate, for task 0
  int rate_count = 0;              ///< floats between tasks
};

/// When the status of the tasks of a chunk is set from their events.
enum class LayerStatusStage : int {
  begin,    ///< before the first step: the status that the caller gave, no events, losses 0
  step,     ///< after a step: not_finite -> 2, moved_far -> 4
  outcome,  ///< at the end: not_small -> 3; writes status and step for the caller
  point,    ///< the same for one point of an evaluation, after which the task itself goes on
};

struct LayerStatusJob {
  LayerChunk chunk{};
  LayerStatusStage what = LayerStatusStage::begin;
  int step = 0;
  std::uint8_t* status = nullptr;                       ///< [tasks] of the caller
  std::int32_t* failed_step = nullptr;                  ///< [tasks] of the caller
  float *loss_before = nullptr, *loss_after = nullptr;  ///< [tasks] set to zero by `begin`
};

/// Exact sums of values [tasks, count] over the good tasks.
struct LayerReduceJob {
  LayerChunk chunk{};
  const float* values = nullptr;
  std::int64_t count = 0;
  long long* sums = nullptr;  ///< [digits, count]
};

/// Stores the fast weights of good tasks: phi for a tensor that adapts, theta for another.
struct LayerFastWeightsJob {
  LayerChunk chunk{};
  LayerTensor tensor{};
  std::int64_t parameters = 0;
  const float *theta = nullptr, *phi = nullptr;
  float* to = nullptr;
};

}  // namespace shoal::kernels
