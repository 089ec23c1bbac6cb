// SPDX-License-Identifier: Apache-2.0
// Reads backtest.json (docs/formats.md) into the evidence of a report.
#pragma once

#include <string>

#include "report/evidence.hpp"

namespace shoal::report {

/// `text`: of the file that errors call `name`. Sets models, combinations, folds, seeds, risk, hashes and
/// configuration. Throws DataError when the text is not JSON or a field is missing or of another type.
void read_backtest_json(const std::string& text, const std::string& name, Evidence& evidence);

}  // namespace shoal::report
