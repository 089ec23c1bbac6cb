// SPDX-License-Identifier: Apache-2.0
// Whether a batch fits a model and its loss, before anything is computed.
#pragma once

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
/// check_columns, and labels in range, and (qlike without floor) targets above 0. Names set, task and row.
/// Non-finite values are no error: they become a task's status.
template <class Real>
void check_batch(const BasicTaskBatch<Real>& tasks, const ModelSpec& model, const Loss& loss);

}  // namespace shoal
