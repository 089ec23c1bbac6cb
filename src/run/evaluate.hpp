// SPDX-License-Identifier: Apache-2.0
// Evaluates a run, and shows its caller the rows and outputs behind the table of models.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "run/model_metrics.hpp"
#include "run/opened_data.hpp"
#include "run/opened_run.hpp"

namespace shoal {

/// Receives the measured tasks by id, as MeasuredRows::task numbers them, their rows and every line's
/// outputs; is not called when there is no such task.
using SeeEvaluated = std::function<void(const OpenedData& data, std::span<const std::int64_t> ids,
                                        const MeasuredLines& measured)>;
Evaluation evaluate_run(const OpenedRun& run, const EvaluateOptions& options, const SeeEvaluated& see);

}  // namespace shoal
