// SPDX-License-Identifier: Apache-2.0
// Cuts the rows of a key, in order of time, into windows of support, purge gap and query.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// A window, as positions in the rows of its key. The first WindowOptions::support rows are its support.
struct Window {
  std::size_t first = 0, query_begin = 0, query_end = 0;
};

struct WindowCut {
  std::vector<Window> windows;         ///< in order of time
  std::vector<Window> without_target;  ///< windows that were not made because a support row lacks its target
  bool too_few = false;                ///< there are not enough rows for one window
};

/// Cuts `rows` rows into complete windows. With `open_end` there are further windows, whose query is shorter
/// or empty, as long as their support rows have targets (up to the last row that has one).
WindowCut cut_windows(std::size_t rows, const WindowOptions& options,
                      const std::function<bool(std::size_t)>& labelled, bool open_end);

}  // namespace shoal
