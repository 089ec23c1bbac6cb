// SPDX-License-Identifier: Apache-2.0
#include "core/batch_checks.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include <shoal/error.hpp>

namespace shoal {

void check_steps(int steps) {
  if (steps < 0)
    throw InvalidArgument("number of adaptation steps must be at least 0, is " + std::to_string(steps));
}

void check_columns(const TaskColumns& columns, const ModelSpec& model, const Loss& loss) {
  if (columns.inputs != model.inputs)
    throw DataError("tasks have " + std::to_string(columns.inputs) + " input columns, the model takes " +
                    std::to_string(model.inputs));
  const std::string name(to_string(loss.kind));
  if (loss.has_labels()) {
    if (columns.targets != 0)
      throw DataError("loss " + name + " needs class labels, the tasks have " +
                      std::to_string(columns.targets) + " numeric target columns");
  } else if (columns.targets == 0) {
    throw DataError("loss " + name + " needs numeric targets, the tasks have class labels");
  } else if (loss.outputs_for(columns.targets) != model.outputs) {
    throw DataError("loss " + name + " with " + std::to_string(columns.targets) + " target columns needs " +
                    std::to_string(loss.outputs_for(columns.targets)) + " network outputs, the model has " +
                    std::to_string(model.outputs));
  }
  if (columns.offsets != 0 && columns.offsets != model.outputs)
    throw DataError("tasks have " + std::to_string(columns.offsets) +
                    " output-offset columns, the model has " + std::to_string(model.outputs) + " outputs");
}

template <class Real>
void check_inputs(const TaskColumns& columns, const TaskSet<Real>& set, std::size_t tasks) {
  if (set.row_starts.size() != tasks + 1)
    throw DataError("predict: row starts have " + std::to_string(set.row_starts.size()) + " entries for " +
                    std::to_string(tasks) + " adapted models (one more than models)");
  if (set.row_starts[0] != 0)
    throw DataError("predict: row starts begin at " + std::to_string(set.row_starts[0]) + ", not 0");
  for (std::size_t t = 0; t < tasks; ++t)
    if (set.row_starts[t + 1] < set.row_starts[t])
      throw DataError("predict: row starts fall at task " + std::to_string(t));
  const auto rows = static_cast<std::size_t>(set.total_rows());
  const auto check = [&](const char* what, std::size_t have, int count) {
    const auto width = static_cast<std::size_t>(count);
    if (width == 0 ? have != 0 : have % width != 0 || have / width != rows)
      throw DataError(std::string("predict: ") + what + " has " + std::to_string(have) +
                      " values, but the row starts say " + std::to_string(rows) + " rows of " +
                      std::to_string(count));
  };
  check("x", set.x.size(), columns.inputs);
  check("output offset", set.output_offset.size(), columns.offsets);
}

namespace {

/// The task that a row belongs to; rows are counted over all tasks of the set.
template <class Real>
std::int64_t task_of_row(const TaskSet<Real>& rows, std::int64_t row) {
  return std::upper_bound(rows.row_starts.begin(), rows.row_starts.end(), row) - rows.row_starts.begin() - 1;
}

template <class Real>
const TaskSet<Real>& set_named(const BasicTaskBatch<Real>& tasks, std::string_view set) {
  return set == "support" ? tasks.support() : tasks.query();
}

/// " of task 3 (id 7), row 2"
template <class Real>
std::string place_of(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t row) {
  const TaskSet<Real>& rows = set_named(tasks, set);
  const std::int64_t task = task_of_row(rows, row);
  return " of task " + std::to_string(task) + " (id " +
         std::to_string(tasks.ids()[static_cast<std::size_t>(task)]) + "), row " +
         std::to_string(row - rows.row_starts[static_cast<std::size_t>(task)]);
}

}  // namespace

template <class Real>
void refuse_label(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t row,
                  std::int64_t label, int classes) {
  const std::string name(set);
  throw DataError("task batch: " + name + " label" + place_of(tasks, set, row) + " (" + name + "_y) is " +
                  std::to_string(label) + ", but there are only " + std::to_string(classes) +
                  " classes: labels are 0 to " + std::to_string(classes - 1));
}

template <class Real>
void refuse_target(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t element, Real target,
                   const TargetDomain& domain) {
  const int columns = tasks.columns().targets;
  const std::string name(set);
  char text[64];
  const auto [end, error] = std::to_chars(text, text + sizeof text, target);
  throw DataError(name + " target" + place_of(tasks, set, element / columns) +
                  (columns > 1 ? ", column " + std::to_string(element % columns) : "") + " (" + name +
                  "_y): " + domain.refusal(target, {text, static_cast<std::size_t>(end - text)}));
}

template <class Real>
void check_targets(const BasicTaskBatch<Real>& tasks, std::string_view set, const TargetDomain& domain,
                   NonFinite non_finite) {
  tasks.require_on_host("a check of targets");
  const std::span<const Real> targets = set_named(tasks, set).y;
  for (std::size_t e = 0; e < targets.size(); ++e) {
    const bool finite = std::isfinite(targets[e]);
    if (finite ? domain.has(targets[e]) : non_finite == NonFinite::a_status) continue;
    refuse_target(tasks, set, static_cast<std::int64_t>(e), targets[e], domain);
  }
}

namespace {

/// Borrowed row starts may have been changed in place since the batch was made. Whatever they are now, no row
/// outside of the arrays may be touched.
template <class Real>
void check_starts(const TaskSet<Real>& rows, const char* set, std::int64_t inputs) {
  const auto& starts = rows.row_starts;
  const bool ascend = std::is_sorted(starts.begin(), starts.end());
  if (starts.front() != 0 || !ascend || static_cast<std::size_t>(starts.back() * inputs) != rows.x.size())
    throw DataError(std::string("task batch: the row starts of ") + set +
                    " were changed after the batch was made");
}

}  // namespace

template <class Real>
void check_fit(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss) {
  if (tasks.size() == 0) throw DataError("task batch: no tasks");
  check_starts(tasks.support(), "support", tasks.columns().inputs);
  check_starts(tasks.query(), "query", tasks.columns().inputs);
  check_columns(tasks.columns(), model, loss);
  if (tasks.columns().targets == 0 && !tasks.device()) tasks.require_labels_below(model.outputs);
}

template <class Real>
void check_batch(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss) {
  check_fit(tasks, model, loss);
  const TargetDomain domain = loss.domain();
  if (!domain.is_bounded() || tasks.device()) return;
  for (const char* set : {"support", "query"}) check_targets(tasks, set, domain, NonFinite::a_status);
}

template void refuse_label(const TaskBatch&, std::string_view, std::int64_t, std::int64_t, int);
template void refuse_label(const TaskBatch64&, std::string_view, std::int64_t, std::int64_t, int);
template void refuse_target(const TaskBatch&, std::string_view, std::int64_t, float, const TargetDomain&);
template void refuse_target(const TaskBatch64&, std::string_view, std::int64_t, double, const TargetDomain&);
template void check_targets(const TaskBatch&, std::string_view, const TargetDomain&, NonFinite);
template void check_targets(const TaskBatch64&, std::string_view, const TargetDomain&, NonFinite);
template void check_inputs(const TaskColumns&, const TaskSet<float>&, std::size_t);
template void check_inputs(const TaskColumns&, const TaskSet<double>&, std::size_t);
template void check_fit(const TaskBatch&, const ModelSpec&, const Loss&);
template void check_fit(const TaskBatch64&, const ModelSpec&, const Loss&);
template void check_batch(const TaskBatch&, const ModelSpec&, const Loss&);
template void check_batch(const TaskBatch64&, const ModelSpec&, const Loss&);

}  // namespace shoal
