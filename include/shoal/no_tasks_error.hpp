// SPDX-License-Identifier: Apache-2.0
// NoTasksError: a phase of a table has no task.
//
// Example:
//
//   const shoal::NoTasksError error("market.csv", shoal::Phase::train, "train 0, validation 12, test 5");
//   std::puts(error.what());  // market.csv: no tasks in phase train (tasks by phase: ...; see tasks.split)
#pragma once

#include <string>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

class NoTasksError : public DataError {
 public:
  /// `where`: the table. `counts`: the number of tasks by phase. `key`: of the configuration, which decides
  /// about phases; a caller that has split the table by another key throws the error again with that.
  NoTasksError(std::string where, Phase phase, std::string counts, const std::string& key = "tasks.split")
      : DataError(where + ": no tasks in phase " + to_string(phase) + " (tasks by phase: " + counts +
                  "; see " + key + ")"),
        where_(std::move(where)),
        phase_(phase),
        counts_(std::move(counts)) {}

  const std::string& where() const { return where_; }
  Phase phase() const { return phase_; }
  const std::string& counts() const { return counts_; }

 private:
  std::string where_;
  Phase phase_;
  std::string counts_;
};

}  // namespace shoal
