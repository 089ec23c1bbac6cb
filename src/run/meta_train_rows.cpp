// SPDX-License-Identifier: Apache-2.0
#include "run/meta_train_rows.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {
namespace {

/// Which rows of one side of the tasks count: all where there is no table.
class Chosen {
 public:
  Chosen(const TaskBatch64& tasks, const TableSource* table) {
    for (const bool query : {true, false}) {
      std::vector<bool>& side = query ? query_ : support_;
      for (std::size_t t = 0; t < tasks.ids().size(); ++t) {
        if (!table) {
          const auto rows = (query ? tasks.query() : tasks.support()).rows(static_cast<std::int64_t>(t));
          side.insert(side.end(), static_cast<std::size_t>(rows), true);
          continue;
        }
        for (const std::int32_t row :
             query ? table->query_rows(tasks.ids()[t]) : table->support_rows(tasks.ids()[t]))
          side.push_back(first_time(static_cast<std::size_t>(row)));
      }
    }
  }
  const std::vector<bool>& of(bool query) const { return query ? query_ : support_; }

 private:
  bool first_time(std::size_t row) {
    if (row >= seen_.size()) seen_.resize(std::max(row + 1, 2 * seen_.size()), false);
    const bool first = !seen_[row];
    seen_[row] = true;
    return first;
  }

  std::vector<bool> seen_, support_, query_;
};

void add_row(const TaskColumns& columns, const TaskSet<double>& from, std::size_t row,
             TaskSetStorage<double>& to) {
  const auto copy = [row](std::span<const double> values, int width, std::vector<double>& into) {
    const auto count = static_cast<std::size_t>(width);
    if (values.empty()) return;
    const auto part = values.subspan(row * count, count);
    into.insert(into.end(), part.begin(), part.end());
  };
  copy(from.x, columns.inputs, to.x);
  copy(from.y, columns.targets, to.y);
  copy(from.output_offset, columns.offsets, to.output_offset);
  if (!from.labels.empty()) to.labels.push_back(from.labels[row]);
}

}  // namespace

MetaTrainRows meta_train_rows(const TaskSource& source, std::int64_t generated) {
  const TaskBatch64 tasks = source.evaluation64(Phase::train, generated);
  const Chosen chosen(tasks, dynamic_cast<const TableSource*>(&source));
  MetaTrainRows result{tasks.columns(), {}};
  for (std::size_t t = 0; t < tasks.ids().size(); ++t) {
    std::int64_t count = 0;
    for (const bool query : {false, true}) {
      const TaskSet<double>& set = query ? tasks.query() : tasks.support();
      for (auto row = static_cast<std::size_t>(set.row_starts[t]);
           row < static_cast<std::size_t>(set.row_starts[t + 1]); ++row) {
        if (!chosen.of(query)[row]) continue;
        add_row(tasks.columns(), set, row, result.rows);
        ++count;
      }
    }
    result.rows.row_starts.push_back(result.rows.row_starts.back() + count);
  }
  return result;
}

}  // namespace shoal
