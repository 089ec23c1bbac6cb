// SPDX-License-Identifier: Apache-2.0
// A count with its noun, for sentences: "1 row", "12 rows".
//
// Example:
//
//   #include <iostream>
//
//   std::cout << shoal::counted(1, "row is", "rows are") << " left out\n";  // 1 row is left out
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// The count, a blank, and `one` where it is 1, else `many`.
inline std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace shoal
