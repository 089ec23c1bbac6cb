// SPDX-License-Identifier: Apache-2.0
// What is told of how a table was standardised for a run: scaled targets, constant features.
#pragma once

#include <nlohmann/json.hpp>

#include "cli/opened_data.hpp"

namespace shoal::cli {

/// Tells on standard error which targets are scaled by what, and which features are constant.
void report_scaling(const OpenedData& data, const CommonOptions& options);
/// {"targets": {name: {"mean", "deviation"}}, "constant": [names]}, or null when there is nothing to tell.
nlohmann::ordered_json scaling_json(const OpenedData& data);

}  // namespace shoal::cli
