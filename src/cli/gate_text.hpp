// SPDX-License-Identifier: Apache-2.0
// The gate, and linear models, as people and programs read them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <shoal/backtest.hpp>
#include <shoal/gate.hpp>
#include <shoal/linear_model.hpp>

namespace shoal::cli {

/// null without a gate.
nlohmann::ordered_json gate_json(const std::optional<GateReport>& gate);
/// A line, or nothing without a gate: "gate: bias: intercepts differ (p = 1e-09), ...".
std::string gate_line(const std::optional<GateReport>& gate);

/// A line about a backtest, or nothing where no fold has a gate: "gate: bias in 16 of 17 folds, all in 1".
std::string gates_line(const std::vector<FoldReport>& folds);

/// Coefficients by input, intercept, rows, gradient, ridge.
nlohmann::ordered_json linear_json(const LinearModel& model, const std::vector<std::string>& inputs);

}  // namespace shoal::cli
