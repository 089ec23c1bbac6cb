// SPDX-License-Identifier: Apache-2.0
// Numbers in a notation that the options do not name: 13.56%, $1,200, 12.345,67, 36 months. As text they
// would become categories, one input for every number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <shoal/table_source.hpp>

namespace shoal {

struct OtherNotation {
  std::string unit;    ///< in front of and behind the number; empty when it has none
  std::string advice;  ///< what to write in the configuration, or in the file: "set tasks.units = [\"%\"]"
};

/// Recognises a number but for a sign, a unit or separators in a text that is none as it stands. Codes
/// (`A1`, `X-7`), dates and ranges are none.
std::optional<OtherNotation> other_notation(std::string_view text, const TableFormat& format);

}  // namespace shoal
