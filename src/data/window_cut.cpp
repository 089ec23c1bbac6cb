// SPDX-License-Identifier: Apache-2.0
#include "data/window_cut.hpp"

#include <algorithm>

namespace shoal {

WindowCut cut_windows(std::size_t rows, const WindowOptions& options,
                      const std::function<bool(std::size_t)>& labelled, bool open_end) {
  const auto support = static_cast<std::size_t>(options.support),
             query = static_cast<std::size_t>(options.query), purge = static_cast<std::size_t>(options.purge);
  const auto stride = static_cast<std::size_t>(options.stride > 0 ? options.stride : options.query);
  std::size_t end = rows;
  while (open_end && end > 0 && !labelled(end - 1)) --end;
  const std::size_t least = open_end ? support : support + purge + query;
  WindowCut cut;
  cut.too_few = end < least;
  std::size_t searched_to = 0;         // rows before this one have been searched for missing targets
  std::size_t after_last_missing = 0;  // the row after the last missing target
  for (std::size_t first = 0; first + least <= end; first += stride) {
    for (searched_to = std::max(searched_to, first); searched_to < first + support; ++searched_to)
      if (!labelled(searched_to)) after_last_missing = searched_to + 1;
    Window window{first, std::min(first + support + purge, rows), 0};
    window.query_end = std::min(window.query_begin + query, rows);
    if (support == 0 && window.query_begin == window.query_end) continue;
    (after_last_missing > first ? cut.without_target : cut.windows).push_back(window);
  }
  return cut;
}

}  // namespace shoal
