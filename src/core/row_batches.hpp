// SPDX-License-Identifier: Apache-2.0
// Which tasks of a finite source make up a meta-batch when every row counts alike (Sampling::rows).
#pragma once

#include <cstdint>
#include <vector>

#include <shoal/task_source.hpp>

namespace shoal {

/// The batches of one phase. What a call returns depends on its arguments, the rows and the seed alone.
class RowBatches {
 public:
  /// `rows`: of every task, support and query together, in order of task id.
  RowBatches(std::uint64_t seed, Phase phase, const std::vector<std::int64_t>& rows);

  /// Places (0 .. tasks of the phase - 1) of batch `iteration`, ascending. All rows stand in a line, in order
  /// of task id; the line is cut into `tasks` parts of equal length, and a random point of each part names
  /// the task. So a task's probability is proportional to its rows, and a batch holds it as often as its
  /// share of the rows says, to within one. Throws DataError when there are no tasks.
  std::vector<std::int64_t> indices(std::int64_t iteration, std::int64_t tasks) const;

 private:
  std::uint64_t seed_;
  Phase phase_;
  std::vector<std::int64_t> ends_;  ///< of every task's rows in the line
};

}  // namespace shoal
