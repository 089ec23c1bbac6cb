// SPDX-License-Identifier: Apache-2.0
// Whether a batch fits a model and its loss, before anything is computed.
#pragma once

#include <string_view>

#include <shoal/loss.hpp>
#include <shoal/model.hpp>
#include <shoal/task_batch.hpp>

namespace shoal {

/// Throws InvalidArgument below 0.
void check_steps(int steps);
/// Throws DataError when the columns do not fit.
void check_columns(const TaskColumns& columns, const ModelSpec& model, const Loss& loss);
/// Throws DataError when the rows of `tasks` tasks are not as their offsets say: what predict looks at.
template <class Real>
void check_inputs(const TaskColumns& columns, const TaskSet<Real>& set, std::size_t tasks);
/// Targets that are not finite: an error in a file, a task's status in the memory of a caller.
enum class NonFinite { refused, a_status };
/// Throws DataError naming set, task, row and value of the first target of a set ("support" or "query")
/// outside the domain of a loss.
template <class Real>
void check_targets(const BasicTaskBatch<Real>& tasks, std::string_view set, const TargetDomain& domain,
                   NonFinite non_finite);
/// Throws the DataError about label `label` of row `row`, counted over all tasks of the set.
template <class Real>
[[noreturn]] void refuse_label(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t row,
                               std::int64_t label, int classes);
/// Throws the DataError about target number `element` of a set, counted over all rows of all tasks.
template <class Real>
[[noreturn]] void refuse_target(const BasicTaskBatch<Real>& tasks, std::string_view set, std::int64_t element,
                                Real target, const TargetDomain& domain);
/// check_columns, and labels in range. What is in device memory is not looked at: the backend does.
template <class Real>
void check_fit(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);
/// check_fit, and targets in the domain of the loss. Names set, task and row. Non-finite values are no error:
/// they become a task's status. Of rows in device memory, the columns alone are looked at.
template <class Real>
void check_batch(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);

}  // namespace shoal
