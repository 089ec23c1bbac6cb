// SPDX-License-Identifier: Apache-2.0
// Windows: where the rows of a key in order of time are cut into tasks of support, purge gap and query.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

/// A window as places in the rows of its key. Its support are the first rows of it, WindowOptions::support
/// many.
struct Window {
  std::size_t first = 0, query_begin = 0, query_end = 0;
};

struct WindowCut {
  std::vector<Window> windows;         ///< in order of time
  std::vector<Window> without_target;  ///< not made: a row of the support lacks its target
  bool too_few = false;                ///< there are not enough rows for one
};

/// Cuts `rows` rows. Every window is whole; with `open_end`, as long as its support rows have targets (up to
/// the last row that has one) a window may have a query that is cut short, or none.
WindowCut cut_windows(std::size_t rows, const WindowOptions& options,
                      const std::function<bool(std::size_t)>& labelled, bool open_end);

}  // namespace shoal
