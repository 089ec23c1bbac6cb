// SPDX-License-Identifier: Apache-2.0
#include "cuda/fixed/sum_places.hpp"

namespace shoal::cuda {
namespace {

using kernels::FixedLayerPlan;
using kernels::FixedPlan;
using kernels::FixedShape;
using kernels::FixedTile;

/// LaneColumns::at of kernels/fixed for sizes that are known at run time.
int column_of_lane(int n, int lanes, int lane, int e) {
  const int quads = n / 4, pairs = n % 4 / 2;
  if (e < 4 * quads) return 4 * (lane + lanes * (e / 4)) + e % 4;
  if (e < 4 * quads + 2 * pairs) return 4 * quads * lanes + 2 * lane + (e - 4 * quads);
  return (4 * quads + 2 * pairs) * lanes + lane;
}

void place_tile(const FixedShape& shape, const FixedPlan& plan, int l, std::vector<std::int32_t>& places) {
  const FixedLayerPlan& layer = plan.layer[l];
  const FixedTile& tile = layer.weight_tile;
  for (int lane = 0; lane < shape.lanes; ++lane) {
    const kernels::FixedPlace at = kernels::fixed_place(tile.down, tile.across, lane);
    for (int strip = 0; strip < tile.strips; ++strip)
      for (int i = 0; i < tile.rows; ++i)
        for (int q = 0; q < tile.columns; ++q) {
          const int r = column_of_lane(tile.rows, tile.down, at.row, i),
                    j = strip * tile.strip_width() + column_of_lane(tile.columns, tile.across, at.column, q);
          if (r >= shape.inputs_of(l) || j >= shape.outputs_of[l]) continue;
          const int theta = layer.theta_weight + r * layer.theta_stride + j;
          places[static_cast<std::size_t>(theta)] =
              layer.sum_weight + ((strip * tile.rows + i) * tile.columns + q) * shape.lanes + lane;
        }
  }
}

}  // namespace

std::vector<std::int32_t> sum_places(const FixedShape& shape) {
  const FixedPlan plan = kernels::fixed_plan(shape);
  std::vector<std::int32_t> places(static_cast<std::size_t>(plan.parameters), -1);
  const auto set = [&](int theta, int place) { places[static_cast<std::size_t>(theta)] = place; };
  const FixedLayerPlan& head = plan.layer[plan.head];
  int before = 0;
  for (int l = 0; l <= plan.top; ++l) {
    const FixedLayerPlan& layer = plan.layer[l];
    const int small = kernels::small_of_column(shape, l);
    if (layer.tiled) place_tile(shape, plan, l, places);
    for (int j = 0; j < shape.outputs_of[l]; ++j) {
      const int c = j / shape.lanes, lane = j % shape.lanes;
      int e = before + c * small;
      const auto next = [&] { return plan.sum_small + e++ * shape.lanes + lane; };
      set(layer.theta_bias + j, next());
      if (!layer.tiled) set(layer.theta_weight + j, next());
      if (l == plan.top)
        for (int n = 0; n < shape.outputs(); ++n) set(head.theta_weight + j * head.theta_stride + n, next());
    }
    before += layer.columns * small;
  }
  for (int n = 0; n < shape.outputs(); ++n) set(head.theta_bias + n, plan.sum_head_bias + n);
  return places;
}

}  // namespace shoal::cuda
