// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <shoal.h>
#include <shoal/task_file.hpp>

#include "capi/failure.hpp"
#include "capi/handles.hpp"

using namespace shoal;
using namespace shoal::capi;

namespace {

template <class Real>
TaskSet<Real> set_of(const shoal_rows& rows, const shoal_shape& shape, std::int64_t total, const char* name) {
  const std::string set(name);
  if (!rows.starts) throw InvalidArgument(set + ".starts is NULL");
  if (total > 0 && shape.inputs > 0 && !rows.x) throw InvalidArgument(set + ".x is NULL");
  if (total > 0 && shape.targets > 0 && !rows.y) throw InvalidArgument(set + ".y is NULL");
  if (total > 0 && shape.targets == 0 && !rows.labels) throw InvalidArgument(set + ".labels is NULL");
  if (total > 0 && shape.offsets > 0 && !rows.output_offset)
    throw InvalidArgument(set + ".output_offset is NULL");
  const auto reals = [&](const void* values, std::int32_t columns) {
    return std::span(static_cast<const Real*>(values),
                     values && columns > 0 ? static_cast<std::size_t>(total * columns) : 0);
  };
  TaskSet<Real> view;
  view.x = reals(rows.x, shape.inputs);
  view.y = reals(rows.y, shape.targets);
  view.output_offset = reals(rows.output_offset, shape.offsets);
  if (shape.targets == 0 && total > 0) view.labels = {rows.labels, static_cast<std::size_t>(total)};
  view.row_starts = {rows.starts, static_cast<std::size_t>(shape.tasks) + 1};
  return view;
}

/// The numbers of a shape are lengths of the caller's arrays: their products must be sizes.
void require_shape(const shoal_shape& shape) {
  constexpr std::int64_t most_rows = std::int64_t{1} << 36, most_columns = 1 << 20;
  const auto require = [](bool holds, const char* field, std::int64_t value) {
    if (!holds) throw InvalidArgument(std::string("shape.") + field + " is " + std::to_string(value));
  };
  require(shape.tasks >= 1 && shape.tasks <= most_rows, "tasks", shape.tasks);
  require(shape.support_rows >= 0 && shape.support_rows <= most_rows, "support_rows", shape.support_rows);
  require(shape.query_rows >= 0 && shape.query_rows <= most_rows, "query_rows", shape.query_rows);
  require(shape.inputs >= 1 && shape.inputs <= most_columns, "inputs", shape.inputs);
  require(shape.targets >= 0 && shape.targets <= most_columns, "targets", shape.targets);
  require(shape.offsets >= 0 && shape.offsets <= most_columns, "offsets", shape.offsets);
}

template <class Real>
BasicTaskBatch<Real> borrowed(const shoal_shape& shape, const shoal_rows& support, const shoal_rows& query,
                              const std::int64_t* ids) {
  const auto tasks = static_cast<std::size_t>(shape.tasks);
  std::shared_ptr<const std::vector<std::int64_t>> own;
  if (!ids) {
    auto counted = std::make_shared<std::vector<std::int64_t>>(tasks);
    std::iota(counted->begin(), counted->end(), std::int64_t{0});
    ids = counted->data();
    own = std::move(counted);
  }
  return BasicTaskBatch<Real>::borrow({shape.inputs, shape.targets, shape.offsets},
                                      set_of<Real>(support, shape, shape.support_rows, "support"),
                                      set_of<Real>(query, shape, shape.query_rows, "query"), {ids, tasks},
                                      own);
}

}  // namespace

extern "C" {

int shoal_tasks_borrow(const shoal_context* context, const shoal_shape* shape, const shoal_rows* support,
                       const shoal_rows* query, const int64_t* ids, shoal_tasks** tasks) {
  return guarded(__func__, [&] {
    require_pointer(tasks, "tasks");
    require_pointer(shape, "shape");
    require_pointer(support, "support");
    require_pointer(query, "query");
    const bool wide = state_of(context)->wide;
    require_shape(*shape);
    auto state = std::make_shared<TasksState>();
    if (wide)
      state->tasks = borrowed<double>(*shape, *support, *query, ids);
    else
      state->tasks = borrowed<float>(*shape, *support, *query, ids);
    *tasks = static_cast<shoal_tasks*>(add_handle(std::move(state)));
  });
}

int shoal_tasks_read(const shoal_context* context, const char* path, shoal_tasks** tasks) {
  return guarded(__func__, [&] {
    require_path(path);
    require_pointer(tasks, "tasks");
    const bool wide = state_of(context)->wide;
    auto read = read_tasks(path);
    auto state = std::make_shared<TasksState>();
    if (auto* single = std::get_if<TaskBatch>(&read); single && wide)
      state->tasks = widen(*single);
    else if (auto* both = std::get_if<TaskBatch64>(&read); both && !wide)
      state->tasks = narrow(*both);
    else
      state->tasks = std::move(read);
    *tasks = static_cast<shoal_tasks*>(add_handle(std::move(state)));
  });
}

int shoal_tasks_shape(const shoal_tasks* tasks, shoal_shape* shape) {
  return guarded(__func__, [&] {
    require_pointer(shape, "shape");
    const auto state = state_of(tasks);
    std::visit(
        [&](const auto& batch) {
          const TaskColumns& columns = batch.columns();
          *shape = {batch.size(),
                    batch.support().total_rows(),
                    batch.query().total_rows(),
                    columns.inputs,
                    columns.targets,
                    columns.offsets};
        },
        state->tasks);
  });
}
}
