// SPDX-License-Identifier: Apache-2.0
// Metrics as JSON, by the names of docs/commands.md; what is not defined is null.
//
// Example:
//
//   const shoal::Evaluation evaluation = shoal::Run::open("runs/clients").evaluate();
//   std::printf("%s\n", shoal::to_json(evaluation.models).c_str());
#pragma once

#include <string>
#include <vector>

#include <shoal/assessment.hpp>
#include <shoal/model_metrics.hpp>

namespace shoal {

/// [{"name", "steps", "selected", "tasks", "rows", "metrics", "macro", "loss", "half_width", "interval",
/// "against"}]
std::string to_json(const std::vector<ModelMetrics>& models);

/// {"left_out", the fields of the kind of forecast, "dm"}
std::string to_json(const Assessment& assessment);

}  // namespace shoal
