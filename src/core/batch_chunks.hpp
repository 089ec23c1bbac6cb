// SPDX-License-Identifier: Apache-2.0
// Divides a batch into chunks without copying rows. The results are the same and need less memory.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include <shoal/interruption.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// Calls use(chunk, first) for the tasks first .. last of the batch.
template <class Real, class Use>
void use_chunk(const BasicTaskBatch<Real>& tasks, std::int64_t first, std::int64_t last, Use use) {
  if (first == 0 && last == tasks.size()) return use(tasks, std::size_t{0});
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

/// Calls use(chunk, index of its first task) for chunks of at most `most` tasks; 0 = the whole batch.
template <class Real, class Use>
void for_chunks(const BasicTaskBatch<Real>& tasks, std::int64_t most, Use use) {
  if (most <= 0 || most >= tasks.size()) return use(tasks, std::size_t{0});
  for (std::int64_t first = 0; first < tasks.size(); first += most)
    use_chunk(tasks, first, std::min(first + most, tasks.size()), use);
}

/// The same for a call that may be interrupted: Interruption::look() comes before every chunk. Where `most`
/// is 0 and an interruption is possible, the first chunk is about `work` / 1e8 of the batch, and the others
/// take about a tenth of a second each. `work`: multiplications of the whole batch.
template <class Real, class Use>
void for_interruptible_chunks(const BasicTaskBatch<Real>& tasks, std::int64_t most, double work, Use use) {
  using Clock = std::chrono::steady_clock;
  if (!Interruption::is_possible()) return for_chunks(tasks, most, use);
  if (most > 0 || work <= 1e8) {
    return for_chunks(tasks, most, [&](const BasicTaskBatch<Real>& chunk, std::size_t first) {
      Interruption::look();
      use(chunk, first);
    });
  }
  auto size = static_cast<std::int64_t>(static_cast<double>(tasks.size()) * 1e8 / work);
  for (std::int64_t first = 0, last = 0; first < tasks.size(); first = last) {
    Interruption::look();
    size = std::max<std::int64_t>(size, 1);
    last = size < tasks.size() - first ? first + size : tasks.size();
    const Clock::time_point begin = Clock::now();
    use_chunk(tasks, first, last, use);
    const double tenths = std::chrono::duration<double>(Clock::now() - begin).count() * 10.0;
    size = static_cast<std::int64_t>(static_cast<double>(size) *
                                     std::clamp(1.0 / std::max(tenths, 0.25), 0.25, 4.0));
  }
}

}  // namespace shoal
