// SPDX-License-Identifier: Apache-2.0
// Recognises numbers in a notation that the options do not describe: 13.56%, $1,200, 12.345,67, 36 months.
// Read as text they would become categories, with one input for every number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <shoal/table_source.hpp>

namespace shoal {

struct OtherNotation {
  std::string unit;  ///< unit before or after the number; empty when there is none
  /// what to write in the configuration, e.g. "set tasks.units = [\"%\"]", or in the file
  std::string advice;
};

/// Recognises a text that is a number except for its sign, unit or separators. Codes (`A1`, `X-7`), dates and
/// ranges are not numbers.
std::optional<OtherNotation> other_notation(std::string_view text, const TableFormat& format);

}  // namespace shoal
