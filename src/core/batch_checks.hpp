// SPDX-License-Identifier: Apache-2.0
// Checks that a batch fits a model and its loss, before anything is computed.
#pragma once

#include <string_view>

#include <shoal/loss.hpp>
#include <shoal/model.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// Throws InvalidArgument for a negative number of steps.
void check_steps(int steps);
/// Throws DataError when the columns do not fit.
void check_columns(const TaskColumns& columns, const ModelSpec& model, const Loss& loss);
/// Checks the inputs of predict. Throws DataError when the rows of `tasks` tasks disagree with their
/// row_starts.
template <class Real>
void check_inputs(const TaskColumns& columns, const TaskSet<Real>& set, std::size_t tasks);
/// What to do with targets that are not finite: refuse them (in files), or let them give the task a status
/// (in memory of a caller).
enum class NonFinite { refused, a_status };
/// Throws DataError, naming set ("support" or "query"), task, row and value, for the first target outside the
/// domain of a loss.
template <class Real>
void check_targets(const BasicTaskBatch<Real>& tasks, std::string_view set, const TargetDomain& domain,
                   NonFinite non_finite);
/// Throws the DataError for label `label` of row `row`, counted over all tasks of the set.
template <class Real>
[[noreturn]] void refuse_label(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t row,
                               std::int64_t label, int classes);
/// Throws the DataError for target number `element` of a set, counted over all rows of all tasks.
template <class Real>
[[noreturn]] void refuse_target(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t element,
                                Real target, const TargetDomain& domain);
/// check_columns(), and labels in range. Labels in device memory are checked by the backend instead.
template <class Real>
void check_fit(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);
/// check_fit(), and targets in the domain of the loss. Errors name set, task and row. Values that are not
/// finite are no error: they give the task a status. For rows in device memory, only the columns are checked.
template <class Real>
void check_batch(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);

}  // namespace shoal
