// SPDX-License-Identifier: Apache-2.0
#include <shoal/task_batch.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include <shoal/error.hpp>

#include "core/batch_checks.hpp"
#include "core/float_environment.hpp"

namespace shoal {
namespace {

std::string task_name(std::span<const std::int64_t> ids, std::size_t task) {
  return "task " + std::to_string(task) + " (id " + std::to_string(ids[task]) + ")";
}

std::string memory_name(std::optional<int> device) {
  return device ? "memory of device " + std::to_string(*device) : "host memory";
}

void check_columns(const TaskColumns& columns) {
  if (columns.inputs < 1) throw DataError("task batch: needs at least one input column");
  if (columns.targets < 0 || columns.offsets < 0) throw DataError("task batch: negative number of columns");
}

void check_extent(const char* set, const char* what, std::size_t have, std::int64_t rows,
                  std::int64_t columns) {
  const auto width = static_cast<std::size_t>(columns);
  // Divides, because a product of two sizes that the caller chose may overflow.
  const bool fits =
      width == 0 ? have == 0 : have % width == 0 && have / width == static_cast<std::size_t>(rows);
  if (!fits)
    throw DataError(std::string("task batch: ") + set + " " + what + " has " + std::to_string(have) +
                    " values, but the row starts say " + std::to_string(rows) + " rows of " +
                    std::to_string(columns));
}

template <class Real>
void check_set(const char* set, const TaskColumns& columns, const TaskSet<Real>& rows,
               std::span<const std::int64_t> ids) {
  const std::string where = std::string("task batch: ") + set + " row starts ";
  if (rows.row_starts.size() != ids.size() + 1)
    throw DataError(where + "have " + std::to_string(rows.row_starts.size()) + " entries for " +
                    std::to_string(ids.size()) + " tasks (one more than tasks)");
  if (rows.row_starts.front() != 0)
    throw DataError(where + "begin at " + std::to_string(rows.row_starts.front()) + ", not 0");
  for (std::size_t t = 0; t < ids.size(); ++t)
    if (rows.row_starts[t + 1] < rows.row_starts[t])
      throw DataError(where + "fall at " + task_name(ids, t) + ": row " +
                      std::to_string(rows.row_starts[t + 1]) + " after row " +
                      std::to_string(rows.row_starts[t]));
  const std::int64_t total = rows.row_starts.back();
  constexpr std::int64_t most_rows = std::int64_t{1} << 40;
  if (total > most_rows) throw DataError(where + "end at " + std::to_string(total) + ": too many rows");
  constexpr std::int64_t most_rows_of_a_task = std::numeric_limits<std::int32_t>::max();
  for (std::size_t t = 0; t < ids.size(); ++t)
    if (rows.row_starts[t + 1] - rows.row_starts[t] > most_rows_of_a_task)
      throw DataError(where + "give " + task_name(ids, t) + " more than 2^31 - 1 rows");
  check_extent(set, "x", rows.x.size(), total, columns.inputs);
  check_extent(set, "y", rows.y.size(), total, columns.targets);
  check_extent(set, "labels", rows.labels.size(), total, columns.targets == 0 ? 1 : 0);
  check_extent(set, "output offset", rows.output_offset.size(), total, columns.offsets);
  for (std::size_t t = 0; t < ids.size() && columns.targets == 0 && !rows.device; ++t)
    for (std::int64_t r = rows.row_starts[t]; r < rows.row_starts[t + 1]; ++r)
      if (rows.labels[static_cast<std::size_t>(r)] < 0)
        throw DataError(std::string("task batch: ") + set + " label of " + task_name(ids, t) + ", row " +
                        std::to_string(r - rows.row_starts[t]) + " (" + set +
                        "_y): " + std::to_string(rows.labels[static_cast<std::size_t>(r)]) +
                        " is negative; labels are 0 for the first class, then 1, 2, ...");
}

void check_distinct(std::span<const std::int64_t> ids) {
  std::vector<std::int64_t> sorted(ids.begin(), ids.end());
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    throw DataError("task batch: task id " + std::to_string(*twice) + " occurs twice");
}

template <class T>
void append(std::vector<T>& to, std::span<const T> from, std::int64_t first, std::int64_t last,
            std::int64_t columns) {
  to.insert(to.end(), from.begin() + first * columns, from.begin() + last * columns);
}

/// Reserves exactly these rows: growing vectors would hold them twice for a while, and they may be most of a
/// file.
template <class Real>
void reserve_rows(TaskSetStorage<Real>& to, const TaskColumns& columns, std::int64_t rows,
                  std::int64_t tasks) {
  const auto values = [&](int width) { return static_cast<std::size_t>(rows * width); };
  to.x.reserve(values(columns.inputs));
  to.y.reserve(values(columns.targets));
  if (columns.targets == 0) to.labels.reserve(values(1));
  to.output_offset.reserve(values(columns.offsets));
  to.row_starts.reserve(static_cast<std::size_t>(tasks + 1));
}

template <class Real>
void append_task(TaskSetStorage<Real>& to, const TaskColumns& columns, const TaskSet<Real>& from,
                 std::int64_t task) {
  const auto at = static_cast<std::size_t>(task);
  const std::int64_t first = from.row_starts[at], last = from.row_starts[at + 1];
  append(to.x, from.x, first, last, columns.inputs);
  append(to.y, from.y, first, last, columns.targets);
  if (columns.targets == 0) append(to.labels, from.labels, first, last, 1);
  append(to.output_offset, from.output_offset, first, last, columns.offsets);
}

template <class To, class From>
TaskSetStorage<To> convert(const TaskSet<From>& from) {
  const auto each = [](std::span<const From> values) {
    std::vector<To> result(values.size());
    std::transform(values.begin(), values.end(), result.begin(), [](From v) { return static_cast<To>(v); });
    return result;
  };
  return {each(from.x),
          each(from.y),
          each(from.output_offset),
          {from.labels.begin(), from.labels.end()},
          {from.row_starts.begin(), from.row_starts.end()}};
}

template <class To, class From>
BasicTaskBatch<To> convert(const BasicTaskBatch<From>& batch) {
  batch.require_on_host("a change of precision");
  return BasicTaskBatch<To>::own(batch.columns(), convert<To>(batch.support()), convert<To>(batch.query()),
                                 {batch.ids().begin(), batch.ids().end()},
                                 BasicTaskBatch<To>::Repeats::allowed);
}

}  // namespace

template <class Real>
BasicTaskBatch<Real> BasicTaskBatch<Real>::borrow(
    TaskColumns columns, TaskSet<Real> support, TaskSet<Real> query, std::span<const std::int64_t> ids,
    // NOLINTNEXTLINE(performance-unnecessary-value-param): moved
    std::shared_ptr<const void> owner, Repeats repeats) {
  check_columns(columns);
  if (ids.empty()) throw DataError("task batch: no tasks");
  if (repeats == Repeats::refused) check_distinct(ids);
  check_set("support", columns, support, ids);
  check_set("query", columns, query, ids);
  if (support.total_rows() > 0 && query.total_rows() > 0 && support.device != query.device)
    throw DataError("task batch: support is in " + memory_name(support.device) + ", query in " +
                    memory_name(query.device));
  BasicTaskBatch batch;
  batch.columns_ = columns;
  batch.support_ = support;
  batch.query_ = query;
  batch.ids_ = ids;
  batch.owner_ = std::move(owner);
  return batch;
}

template <class Real>
BasicTaskBatch<Real> BasicTaskBatch<Real>::own(TaskColumns columns, TaskSetStorage<Real> support,
                                               TaskSetStorage<Real> query, std::vector<std::int64_t> ids,
                                               Repeats repeats) {
  struct Memory {
    TaskSetStorage<Real> support, query;
    std::vector<std::int64_t> ids;
  };
  const auto memory =
      std::make_shared<const Memory>(Memory{std::move(support), std::move(query), std::move(ids)});
  return borrow(columns, memory->support.view(), memory->query.view(), memory->ids, memory, repeats);
}

template <class Real>
void BasicTaskBatch<Real>::require_on_host(const std::string& reader) const {
  if (device())
    throw InvalidArgument("task batch: " + reader + " reads rows on the host, and they are in " +
                          memory_name(device()));
}

template <class Real>
BasicTaskBatch<Real> BasicTaskBatch<Real>::select(std::span<const std::int64_t> tasks,
                                                  Repeats repeats) const {
  require_on_host("select");
  TaskSetStorage<Real> support, query;
  std::vector<std::int64_t> ids;
  std::int64_t support_rows = 0, query_rows = 0;
  for (const std::int64_t task : tasks) {
    if (task < 0 || task >= size())
      throw InvalidArgument("task batch: there is no task " + std::to_string(task) + " among " +
                            std::to_string(size()));
    support_rows += support_.rows(task);
    query_rows += query_.rows(task);
  }
  reserve_rows(support, columns_, support_rows, static_cast<std::int64_t>(tasks.size()));
  reserve_rows(query, columns_, query_rows, static_cast<std::int64_t>(tasks.size()));
  ids.reserve(tasks.size());
  for (const std::int64_t task : tasks) {
    append_task(support, columns_, support_, task);
    append_task(query, columns_, query_, task);
    support.row_starts.push_back(support.row_starts.back() + support_.rows(task));
    query.row_starts.push_back(query.row_starts.back() + query_.rows(task));
    ids.push_back(ids_[static_cast<std::size_t>(task)]);
  }
  return own(columns_, std::move(support), std::move(query), std::move(ids), repeats);
}

template <class Real>
BasicTaskBatch<Real> BasicTaskBatch<Real>::joined() const {
  require_on_host("joining support and query (algorithm pooled)");
  TaskSetStorage<Real> nothing, all;
  reserve_rows(all, columns_, support_.total_rows() + query_.total_rows(), size());
  for (std::int64_t task = 0; task < size(); ++task) {
    append_task(all, columns_, support_, task);
    append_task(all, columns_, query_, task);
    all.row_starts.push_back(all.row_starts.back() + support_.rows(task) + query_.rows(task));
    nothing.row_starts.push_back(0);
  }
  return own(columns_, std::move(nothing), std::move(all), {ids_.begin(), ids_.end()}, Repeats::allowed);
}

template <class Real>
void BasicTaskBatch<Real>::require_query() const {
  for (std::int64_t task = 0; task < size(); ++task)
    if (query_.rows(task) == 0)
      throw DataError("task batch: " + task_name(ids_, static_cast<std::size_t>(task)) +
                      " has an empty query set");
}

template <class Real>
void BasicTaskBatch<Real>::require_labels_below(int classes) const {
  require_on_host("a check of labels");
  const auto check = [&](const char* set, const TaskSet<Real>& rows) {
    for (std::size_t t = 0; t < ids_.size() && !rows.labels.empty(); ++t)
      for (std::int64_t r = rows.row_starts[t]; r < rows.row_starts[t + 1]; ++r)
        if (const std::int64_t label = rows.labels[static_cast<std::size_t>(r)];
            label < 0 || label >= classes)
          refuse_label(*this, set, r, rows.labels[static_cast<std::size_t>(r)], classes);
  };
  check("support", support_);
  check("query", query_);
}

template class BasicTaskBatch<float>;
template class BasicTaskBatch<double>;

TaskBatch64 widen(const TaskBatch& batch) {
  const FloatEnvironment environment;
  return convert<double>(batch);
}
TaskBatch narrow(const TaskBatch64& batch) {
  const FloatEnvironment environment;
  return convert<float>(batch);
}

}  // namespace shoal
