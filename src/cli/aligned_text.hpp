// SPDX-License-Identifier: Apache-2.0
// Tables for people: columns as wide as their widest cell.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal::cli {

/// Cells of a line; the first goes to the left of its column, the others to the right.
using Cells = std::vector<std::string>;

/// The lines, each with as many cells as the first, without blanks at their ends.
std::string aligned_text(const std::vector<Cells>& lines);

/// Four digits; "-" for what is not known: nothing, or NaN.
std::string number_cell(const std::optional<double>& value);

}  // namespace shoal::cli
