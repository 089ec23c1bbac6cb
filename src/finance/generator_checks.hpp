// SPDX-License-Identifier: Apache-2.0
// What the financial generators have in common: the options that they refuse, room for their rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

namespace shoal::finance {

/// Throws InvalidArgument for options that source `name` does not know.
inline void check_generator(const GeneratorOptions& options, const std::string& name) {
  if (options.support < 0) throw InvalidArgument("tasks: support must be at least 0");
  if (options.query < 1) throw InvalidArgument("tasks: query must be at least 1");
  if (options.noise != 0.0)
    throw InvalidArgument("tasks.noise: source \"" + name + "\" has none but that of its own law");
  if (options.query_grid != 0)
    throw InvalidArgument("evaluate.query_grid: source \"" + name + "\" has more than one input");
}

/// Throws InvalidArgument for spreads that make no log-odds.
inline void check_spread(const SegmentSpread& spread) {
  constexpr double most = 10.0;  // log-odds stay far from where the exponential ends
  if (!(spread.tau >= 0.0 && spread.tau <= most)) throw InvalidArgument("tasks.tau: must be from 0 to 10");
  if (!(spread.level_sd >= 0.0 && spread.level_sd <= most))
    throw InvalidArgument("tasks.level_sd: must be from 0 to 10");
}

/// Room for `rows` rows of each of `tasks` tasks.
inline void reserve_rows(TaskSetStorage<float>& set, const TaskColumns& columns, std::int64_t tasks,
                         int rows) {
  const auto all = static_cast<std::size_t>(tasks) * static_cast<std::size_t>(rows);
  set.x.reserve(all * static_cast<std::size_t>(columns.inputs));
  set.y.reserve(all * static_cast<std::size_t>(columns.targets));
  set.output_offset.reserve(all * static_cast<std::size_t>(columns.offsets));
  set.row_starts.reserve(static_cast<std::size_t>(tasks) + 1);
}

}  // namespace shoal::finance
