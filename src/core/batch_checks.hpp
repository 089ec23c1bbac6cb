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
/// check_columns, and labels in range.
template <class Real>
void check_fit(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);
/// check_fit, and targets in the domain of the loss. Names set, task and row. Non-finite values are no error:
/// they become a task's status.
template <class Real>
void check_batch(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);

}  // namespace shoal
