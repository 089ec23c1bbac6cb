// SPDX-License-Identifier: Apache-2.0
// Divides a batch into chunks without copying rows. The results are the same and need less memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <shoal/task_batch.hpp>

namespace shoal {

/// Calls use(chunk, index of its first task) for chunks of at most `most` tasks; 0 = the whole batch.
template <class Real, class Use>
void for_chunks(const BasicTaskBatch<Real>& tasks, std::int64_t most, Use use) {
  if (most <= 0 || most >= tasks.size()) return use(tasks, std::size_t{0});
  for (std::int64_t first = 0; first < tasks.size(); first += most) {
    const std::int64_t last = std::min(first + most, tasks.size());
    const auto view = [&](const TaskSet<Real>& set, std::vector<std::int64_t>& row_starts) {
      const std::int64_t begin = set.row_starts[static_cast<std::size_t>(first)];
      for (std::int64_t t = first; t <= last; ++t)
        row_starts.push_back(set.row_starts[static_cast<std::size_t>(t)] - begin);
      const auto rows = [&](auto values, std::int64_t columns) {
        return values.empty() ? values
                              : values.subspan(static_cast<std::size_t>(begin * columns),
                                               static_cast<std::size_t>(row_starts.back() * columns));
      };
      const TaskColumns& columns = tasks.columns();
      return TaskSet<Real>{rows(set.x, columns.inputs),
                           rows(set.y, columns.targets),
                           rows(set.labels, 1),
                           rows(set.output_offset, columns.offsets),
                           row_starts,
                           set.device};
    };
    std::vector<std::int64_t> support_starts, query_starts;
    const auto support = view(tasks.support(), support_starts);
    const auto query = view(tasks.query(), query_starts);
    const auto ids =
        tasks.ids().subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
    use(BasicTaskBatch<Real>::borrow(tasks.columns(), support, query, ids, nullptr,
                                     BasicTaskBatch<Real>::Repeats::allowed),
        static_cast<std::size_t>(first));
  }
}

}  // namespace shoal
