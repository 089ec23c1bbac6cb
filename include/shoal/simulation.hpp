// SPDX-License-Identifier: Apache-2.0
// The tables of the financial generators, with what real data never tell: the true variance of a day, the
// true probability of a default. The same seed gives the same bytes on every machine.
//
// Example:
//
//   #include <shoal/tensor_file.hpp>
//
//   const shoal::SimulationOptions options{.seed = 7, .keys = 40, .rows = 400};
//   const shoal::SimulatedTable table = shoal::simulate("credit-segments", options);
//   shoal::write_file("segments.csv", table.csv);
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <shoal/task_source.hpp>

namespace shoal {

/// What `simulate` takes: the task sources of these names draw from the same laws.
inline constexpr std::array<std::string_view, 2> simulations = {"market-regimes", "credit-segments"};

struct SimulationOptions {
  std::uint64_t seed = 7;
  std::int64_t keys = 20;     ///< assets or segments, at least 1
  std::int64_t rows = 1000;   ///< of each key, at least 1
  SegmentSpread spread = {};  ///< credit-segments
};

struct SimulatedTable {
  std::string csv;
  std::int64_t rows = 0;  ///< header not counted
};

/// market-regimes: `date, asset`, the columns of a `har` table (volatility.hpp) and `true_variance`: the
/// expected squared return given everything before the day, in percent^2; all assets are one market.
/// credit-segments: `segment, month`, twelve features, `default` (0 or 1) and `true_pd`, the probability that
/// it was drawn with. Throws InvalidArgument for another name, no keys or rows, or more than 10^9 rows in
/// all.
SimulatedTable simulate(std::string_view name, const SimulationOptions& options = {});

}  // namespace shoal
