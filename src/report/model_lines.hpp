// SPDX-License-Identifier: Apache-2.0
// Reads a table of models as `evaluate --json` and backtest.json have it.
#pragma once

#include <string>
#include <vector>

#include "report/evidence.hpp"

namespace shoal::report {

/// `json`: a list of lines (metrics_json.hpp), of what errors call `name`. Throws DataError when a field is
/// missing or of another type.
std::vector<ModelLine> models_in(const std::string& json, const std::string& name);

}  // namespace shoal::report
