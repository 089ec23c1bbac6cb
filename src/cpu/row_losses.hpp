// SPDX-License-Identifier: Apache-2.0
// The loss of a block of rows: its terms, its first derivative, and its second derivative in a direction. The
// maths (kernels/math/losses.hpp) takes one row per lane. With lanes = tasks rows have this layout; with
// lanes = units W rows of one task are transposed into lanes and the results are transposed back.
#pragma once

#include "cpu/row_block.hpp"
#include "cpu/transpose.hpp"
#include "kernels/math/choices.hpp"
#include "kernels/math/kind_traits.hpp"

namespace shoal::cpu {

template <class L>
class RowLosses {
 public:
  using V = typename L::V;

  /// Size of the scratch memory in vectors: outputs, deltas, R{outputs}, R{deltas}; two factors for every
  /// pair of a row; targets.
  static std::size_t scratch_vectors(const Network& net, const LossOptions& loss) {
    if (!L::units) return 0;
    return static_cast<std::size_t>(4 * net.outputs + factors(net, loss) + net.targets);
  }

  RowLosses(const Network& net, const LossOptions& loss, V* scratch)
      : net_(net),
        loss_(loss),
        o_(scratch),
        delta_(o_ + net.outputs),
        ro_(delta_ + net.outputs),
        rd_(ro_ + net.outputs),
        factors_(rd_ + net.outputs),
        y_(factors_ + factors(net, loss)) {}

  /// total + the loss terms, row by row.
  V add(const RowBlock<L>& block, const V* o, V total) const {
    kernels::with_loss<L>(loss_, net_, [&](const auto& loss) {
      if constexpr (L::units) {
        float sum = reinterpret_cast<const float*>(&total)[0];
        for_lanes(block.rows, [&](int r, int rows) {
          transpose_in(o, r, rows, net_.outputs, o_);
          transpose_in(block.y, r, rows, net_.targets, y_);
          int terms = 0;
          loss.terms(o_, y_, [&](const V& c, const V& v) {
            factors_[2 * terms] = c;
            factors_[2 * terms + 1] = v;
            ++terms;
          });
          const auto* factor = reinterpret_cast<const float*>(factors_);
          for (int w = 0; w < rows; ++w)
            for (int t = 0; t < terms; ++t)
              sum = kernels::fma(factor[2 * t * L::width + w], factor[(2 * t + 1) * L::width + w], sum);
        });
        total = V(sum);
      } else {
        for (int r = 0; r < block.rows; ++r) {
          const V sum = kernels::add_terms(loss, o + r * net_.outputs, block.y + r * net_.targets, total);
          total = r < block.common_rows ? sum : select(L::below(r, block.lane_rows), sum, total);
        }
      }
    });
    return total;
  }

  /// delta = dl/do * scale
  void gradient(const RowBlock<L>& block, const V* o, V scale, V* delta) const {
    kernels::with_loss<L>(loss_, net_, [&](const auto& loss) {
      if constexpr (L::units) {
        for_lanes(block.rows, [&](int r, int rows) {
          transpose_in(o, r, rows, net_.outputs, o_);
          transpose_in(block.y, r, rows, net_.targets, y_);
          loss.gradient(o_, y_, scale, delta_);
          transpose_out(delta_, r, rows, delta);
        });
      } else {
        for (int r = 0; r < block.rows; ++r)
          loss.gradient(o + r * net_.outputs, block.y + r * net_.targets, scale, delta + r * net_.outputs);
      }
    });
  }

  /// rd = (d2l/do2 ro) * scale
  void curvature(const RowBlock<L>& block, const V* o, const V* ro, V scale, V* rd) const {
    kernels::with_loss<L>(loss_, net_, [&](const auto& loss) {
      if constexpr (L::units) {
        for_lanes(block.rows, [&](int r, int rows) {
          transpose_in(o, r, rows, net_.outputs, o_);
          transpose_in(block.y, r, rows, net_.targets, y_);
          transpose_in(ro, r, rows, net_.outputs, ro_);
          loss.curvature(o_, y_, ro_, scale, rd_);
          transpose_out(rd_, r, rows, rd);
        });
      } else {
        for (int r = 0; r < block.rows; ++r)
          loss.curvature(o + r * net_.outputs, block.y + r * net_.targets, ro + r * net_.outputs, scale,
                         rd + r * net_.outputs);
      }
    });
  }

 private:
  static int factors(const Network& net, const LossOptions& loss) {
    return 2 * kernels::loss_pairs(loss.kind, net.outputs, net.targets);
  }
  template <class Use>
  static void for_lanes(int rows, Use use) {
    for (int r = 0; r < rows; r += L::width) use(r, rows - r < L::width ? rows - r : L::width);
  }
  static void transpose_in(const V* values, int row, int rows, int columns, V* lanes) {
    const int stride = L::stride(columns);
    transpose<L>(values + std::ptrdiff_t{row} * stride, stride, rows, columns, lanes, 1);
  }
  void transpose_out(const V* lanes, int row, int rows, V* values) const {
    const int stride = L::stride(net_.outputs);
    transpose<L>(lanes, 1, net_.outputs, rows, values + std::ptrdiff_t{row} * stride, stride);
  }

  const Network& net_;
  const LossOptions& loss_;
  V *o_, *delta_, *ro_, *rd_, *factors_, *y_;
};

}  // namespace shoal::cpu
