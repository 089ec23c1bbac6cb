// SPDX-License-Identifier: Apache-2.0
// FixedPlan: tiles of every layer, and where a task's matrices lie in shared memory, in its workspace and in
// the sums over tasks. One function makes it: for the compiler in a kernel, and for the host that launches
// the kernel.
//
// Buffers are overwritten where their readers are done:
//   x          is staged again where it is needed, in the buffer of the top hidden layer's R{a} and deltas
//   u of the first layer lies where its weight was, unless the backward pass computes its activations again
//   u of the hidden biases lies where the biases were
//   the factors of few loss terms lie where u of a first layer of one input will be
//
// Where activations are streamed, shared memory holds the parameters and two slabs; x is read where the batch
// has it, activations where the record of their step keeps them, and the other matrices of rows have places
// of their own in the workspace.
#pragma once

#include "kernels/fixed/shape.hpp"
#include "kernels/fixed/tile.hpp"
#include "kernels/math/exact_sum.hpp"
#include "kernels/math/kind_traits.hpp"
#include "kernels/team/padding.hpp"

namespace shoal::kernels {

/// Row stride of at least n floats: an odd number of 16-byte words, so that the same columns of eight
/// neighbouring rows are in eight different groups of banks.
SHOAL_HD constexpr int odd_words(int n) {
  return padded(n);
}
SHOAL_HD constexpr int whole_words(int n) {
  return (n + 3) / 4 * 4;
}
/// Rows in global memory that begin at 32-byte sectors.
SHOAL_HD constexpr int whole_sectors(int n) {
  return (n + 7) / 8 * 8;
}
SHOAL_HD constexpr int larger(int a, int b) {
  return a > b ? a : b;
}

/// Columns of a slab of columns, and its row stride.
inline constexpr int least_slab_columns = 16, most_slab_columns = 32;
SHOAL_HD constexpr int slab_stride(int columns) {
  return odd_words(columns);
}

/// Whether the curvature of a loss depends on the outputs; else a record need not keep them.
SHOAL_HD constexpr bool curvature_reads_outputs(LossKind kind) {
  return kind != LossKind::mse && kind != LossKind::pinball;
}

/// One dense layer; hidden layers have an output tile, all but the head (and a first layer of one input) a
/// weight tile. Offsets are in floats.
struct FixedLayerPlan {
  FixedTile out;                          ///< [rows, outputs]
  FixedTile weight_tile;                  ///< [inputs, outputs]
  bool tiled = false;                     ///< the weight has a tile; else its columns are dealt to the lanes
  bool swizzled = false;                  ///< word w of row r of the weight is at w ^ (r / 4 % 8)
  int weight_stride = 0, row_stride = 0;  ///< of the weight; of activations and deltas
  int columns = 0;  ///< output columns that a lane has where columns are dealt to the lanes

  // shared memory
  int weight = 0, bias = 0;  ///< phi
  int u_weight = 0, u_bias = 0;
  int a = 0, r = 0;  ///< activations; R{a}, and deltas and R{delta}; unless streamed
  // record of an inner step: phi before it, then its tape
  int record_weight = 0, record_a = 0, record_da = 0, record_slope = 0, record_bend = 0;
  // workspace of a task
  int lambda = 0;  ///< of the weight, lane by lane
  int curved = 0;  ///< dL/da f'' R{z}, or R{z} [rows, row_stride] where the backward tile differs
  int streamed_r = 0, streamed_d = 0, streamed_r_d = 0;  ///< R{a}, deltas and R{delta}
  // theta in the padded layout of the device, and the sums
  int theta_weight = 0, theta_bias = 0, theta_stride = 0;
  int sum_weight = 0;
};

struct FixedPlan {
  FixedLayerPlan layer[FixedShape::most_layers];
  int head = 1, top = 0;    ///< the last layer; the last hidden layer
  bool narrow = false;      ///< one input: the first layer's columns are dealt to the lanes
  bool recomputes = false;  ///< the backward pass computes the first activations again: cheaper than a tape
  bool streams_x = false;   ///< x is not staged
  bool keeps_x = false;     ///< x has a buffer of its own, or needs none
  int held_rows = 0;        ///< rows of every buffer
  int x = 0, x_stride = 0, y = 0, terms = 0, outputs = 0, delta = 0, r_delta = 0, failed = 0,
      shared_floats = 0;
  int slab = 0, slab_floats = 0;  ///< two slabs, one after the other
  int pairs = 0;
  int small = 0;  ///< parameters of a lane that are dealt by columns
  int record_small = 0, record_delta = 0, record_output = 0, record_floats = 0;
  int parameters = 0;  ///< P of theta in the padded layout
  int sum_small = 0, sum_head_bias = 0, sum_count = 0;
  int fixed_workspace = 0;  ///< floats of a task's workspace beside records, gradients and rates
  int lambda_rows = 0, gradients = 0, rate_gradient = 0;  ///< where rates are learned

  /// Floats of a task's workspace. `rate_count`: R of the padded layout.
  SHOAL_HD constexpr long long workspace(int steps, int rate_count, bool learns_rates) const {
    return static_cast<long long>(steps + 1) * record_floats + fixed_workspace +
           (learns_rates
                ? static_cast<long long>(steps + 1) * whole_words(parameters) + whole_words(rate_count)
                : 0);
  }
};

/// Small parameters of one column of layer l: its bias, and its weight where columns are dealt to the lanes.
SHOAL_HD constexpr int small_of_column(const FixedShape& s, int l) {
  const int top = s.layers - 2;
  return 1 + (l == 0 && s.inputs == 1 ? 1 : 0) + (l == top ? s.outputs() : 0);
}
/// Of these, the ones that the backward pass reads.
SHOAL_HD constexpr int recorded_of_column(const FixedShape& s, const FixedPlan& plan, int l) {
  return (l == 0 && plan.recomputes ? 2 : 0) + (l == plan.top ? s.outputs() : 0);
}

namespace fixed_plan_detail {

/// Hands out floats, in whole 16-byte words.
struct Words {
  int next = 0;
  SHOAL_HD constexpr void align(int floats) { next = (next + floats - 1) / floats * floats; }
  SHOAL_HD constexpr int take(int floats) {
    const int begin = next;
    next += whole_words(floats);
    return begin;
  }
};

SHOAL_HD constexpr void choose_tiles(const FixedShape& s, FixedPlan& plan) {
  plan.head = s.layers - 1;
  plan.top = s.layers - 2;
  plan.narrow = s.inputs == 1;
  plan.recomputes = plan.narrow && !is_curved(s.activation) && !s.streamed;
  plan.streams_x = s.streamed && !plan.narrow;
  plan.keeps_x = plan.narrow || plan.top == 0 || plan.streams_x;
  plan.pairs = loss_pairs(s.loss, s.outputs(), s.targets);
  plan.held_rows = s.rows;
  for (int l = 0; l <= plan.top; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    layer.out = fixed_row_tile(s.rows, s.outputs_of[l], s.lanes);
    plan.held_rows = larger(plan.held_rows, layer.out.height());
    layer.tiled = !(l == 0 && plan.narrow);
    if (layer.tiled) layer.weight_tile = fixed_weight_tile(s.inputs_of(l), s.outputs_of[l], s.lanes);
    layer.columns = parts_of(s.outputs_of[l], s.lanes);
  }
  for (int l = 0; l <= plan.top; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    int width = larger(layer.out.width(), layer.tiled ? layer.weight_tile.width() : 0);
    const FixedTile& w = layer.weight_tile;
    if (l < plan.top) width = larger(width, plan.layer[l + 1].weight_tile.height());
    layer.row_stride = s.streamed ? whole_sectors(width) : odd_words(width);
    const bool inner = l > 0;
    layer.swizzled = inner && s.lanes >= 32 && s.outputs_of[l] % 32 == 0 && layer.out.across % 8 == 0 &&
                     layer.out.columns % 4 == 0 && layer.out.width() == s.outputs_of[l] &&
                     w.across % 8 == 0 && w.columns % 4 == 0 && w.width() == s.outputs_of[l] &&
                     plan.layer[l - 1].out.across % 8 == 0 && plan.layer[l - 1].out.columns % 4 == 0;
    const int columns = larger(layer.out.width(), layer.tiled ? w.width() : 0);
    layer.weight_stride = !inner ? whole_words(columns) : layer.swizzled ? columns : odd_words(columns);
  }
  plan.x_stride = plan.narrow ? 1 : odd_words(larger(s.inputs, plan.layer[0].weight_tile.height()));
}

/// Floats of a slab: columns of two matrices of rows, or at least four rows of all matrices that the gradient
/// of a weight is made of.
SHOAL_HD constexpr int slab_size(const FixedShape& s, const FixedPlan& plan) {
  int floats = 2 * plan.held_rows * slab_stride(least_slab_columns);
  for (int l = 0; l <= plan.top; ++l)
    floats = larger(floats, 8 * (plan.layer[l].row_stride +
                                 (l > 0 ? plan.layer[l - 1].row_stride : whole_words(s.inputs))));
  return floats;
}

SHOAL_HD constexpr void lay_out_shared(const FixedShape& s, FixedPlan& plan) {
  Words words;
  const int outputs = s.outputs();
  for (int l = 0; l <= plan.top; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    const int high =
        !layer.tiled ? 1 : larger(layer.weight_tile.height(), l > 0 ? plan.layer[l - 1].out.width() : 0);
    if (layer.swizzled) words.align(32);
    layer.weight = words.take(high * layer.weight_stride);
    const bool own_u = l > 0 || plan.recomputes;
    layer.u_weight = own_u ? words.take(high * layer.weight_stride) : layer.weight;
    layer.bias = words.take(layer.row_stride);
    layer.u_bias = l == 0 && plan.recomputes ? words.take(layer.row_stride) : layer.bias;
    if (s.streamed) continue;
    const int rows = plan.held_rows * layer.row_stride;
    layer.a = words.take(rows);
    layer.r =
        words.take(l == plan.top && !plan.keeps_x ? larger(rows, plan.held_rows * plan.x_stride) : rows);
  }
  if (s.streamed) {
    plan.slab_floats = slab_size(s, plan);
    plan.slab = words.take(2 * plan.slab_floats);
  }
  FixedLayerPlan& head = plan.layer[plan.head];
  // Transposed, [outputs, inputs], and read in the lanes of the top layer's tile.
  head.weight_stride = whole_words(larger(s.outputs_of[plan.top], plan.layer[plan.top].out.width()));
  head.weight = words.take(outputs * head.weight_stride);
  head.u_weight = words.take(outputs * head.weight_stride);
  head.bias = words.take(outputs);
  head.u_bias = head.bias;
  plan.x = plan.streams_x ? 0
           : plan.keeps_x ? words.take((plan.narrow ? 2 : 1) * whole_words(plan.held_rows * plan.x_stride))
                          : plan.layer[plan.top].r;
  plan.y = words.take((plan.narrow ? 2 : 1) * whole_words(s.rows * s.targets));
  plan.outputs = words.take(curvature_reads_outputs(s.loss) ? s.rows * outputs : 0);
  plan.delta = words.take(plan.held_rows * outputs);
  plan.r_delta = words.take(plan.held_rows * outputs);
  const int terms = 2 * plan.pairs * s.rows;
  // u of a first layer of one input is not in use while the terms are.
  plan.terms = plan.recomputes && plan.top > 0 && terms <= plan.layer[0].weight_stride
                   ? plan.layer[0].u_weight
                   : words.take(terms);
  plan.failed = words.take(1);
  plan.shared_floats = words.next;
  // Two tasks of one warp: their banks must not coincide.
  if (s.lanes < 32) plan.shared_floats += (48 - plan.shared_floats % 32) % 32;
}

SHOAL_HD constexpr void lay_out_records(const FixedShape& s, FixedPlan& plan) {
  Words words;
  const bool curved = is_curved(s.activation), stored = keeps_slope(s.activation);
  for (int l = 0; l <= plan.top; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    if (layer.tiled && l > 0)
      layer.record_weight = words.take(layer.weight_tile.height() * layer.weight_stride);
  }
  plan.record_small = words.next;
  int recorded = 0;
  for (int l = 0; l <= plan.top; ++l) {
    recorded += plan.layer[l].columns * recorded_of_column(s, plan, l);
    plan.small += plan.layer[l].columns * small_of_column(s, l);
  }
  words.take(s.lanes * recorded);
  for (int l = 0; l <= plan.top; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    const int own = s.lanes * layer.out.elements(), rows = plan.held_rows * layer.row_stride;
    if (s.streamed) words.align(8);
    layer.record_a = words.take(s.streamed ? rows : l == 0 && plan.recomputes ? 0 : own);
    layer.record_da = words.take(l < plan.top && (curved || l > 0) ? own : 0);
    layer.record_slope = words.take(stored ? rows : 0);
    layer.record_bend = words.take(stored ? rows : 0);
  }
  plan.record_delta = words.take(s.rows * s.outputs());
  plan.record_output = words.take(curvature_reads_outputs(s.loss) ? s.rows * s.outputs() : 0);
  if (s.streamed) words.align(8);
  plan.record_floats = words.next;
  Words rest;
  for (int l = 0; l <= plan.top; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    layer.lambda = rest.take(layer.tiled ? s.lanes * layer.weight_tile.elements() : 0);
    const int rows = plan.held_rows * layer.row_stride;
    layer.curved =
        rest.take((l < plan.top || s.streamed) && curved ? larger(s.lanes * layer.out.elements(), rows) : 0);
    if (!s.streamed) continue;
    rest.align(8);
    layer.streamed_r = rest.take(rows);
    layer.streamed_d = rest.take(rows);
    layer.streamed_r_d = rest.take(rows);
  }
  plan.fixed_workspace = rest.next;
}

SHOAL_HD constexpr void lay_out_sums(const FixedShape& s, FixedPlan& plan) {
  int theta = 0, sums = 0;
  for (int l = 0; l < s.layers; ++l) {
    FixedLayerPlan& layer = plan.layer[l];
    layer.theta_stride = padded(s.outputs_of[l]);
    layer.theta_weight = theta;
    layer.theta_bias = theta + s.inputs_of(l) * layer.theta_stride;
    theta = layer.theta_bias + layer.theta_stride;
    layer.sum_weight = sums;
    if (layer.tiled) sums += s.lanes * layer.weight_tile.elements();
  }
  plan.parameters = theta;
  plan.sum_small = sums;
  plan.sum_head_bias = sums + s.lanes * plan.small;
  plan.sum_count = plan.sum_head_bias + s.outputs();
}

}  // namespace fixed_plan_detail

SHOAL_HD constexpr FixedPlan fixed_plan(const FixedShape& s) {
  FixedPlan plan;
  fixed_plan_detail::choose_tiles(s, plan);
  fixed_plan_detail::lay_out_shared(s, plan);
  fixed_plan_detail::lay_out_records(s, plan);
  fixed_plan_detail::lay_out_sums(s, plan);
  return plan;
}

}  // namespace shoal::kernels
