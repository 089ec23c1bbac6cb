// SPDX-License-Identifier: Apache-2.0
// What every statistic asks of its columns: rows, and as many in one as in the other.
#pragma once

#include <cstddef>
#include <string>

#include <shoal/error.hpp>

namespace shoal {

/// Throws InvalidArgument, naming the function, when there is no row or the sizes differ.
inline void require_rows(const char* function, std::size_t rows, std::size_t others) {
  if (rows == 0 || rows != others)
    throw InvalidArgument(std::string(function) + ": needs columns of one size, at least 1, not " +
                          std::to_string(rows) + " and " + std::to_string(others));
}

/// Throws InvalidArgument unless 0 < level < 1.
inline void require_level(const char* function, double level) {
  if (!(level > 0.0 && level < 1.0))
    throw InvalidArgument(std::string(function) + ": the level must lie between 0 and 1, not " +
                          std::to_string(level));
}

}  // namespace shoal
