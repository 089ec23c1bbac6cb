// SPDX-License-Identifier: Apache-2.0
// WindowRows: records what happens to the rows of a key that is cut into windows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <shoal/left_out.hpp>

#include "data/window_cut.hpp"

namespace shoal {

/// A union of ranges. They must be added in order: neither begins nor ends may decrease. The total cost is
/// that of the rows that they cover.
class Cover {
 public:
  explicit Cover(std::size_t rows) : covered_(rows, false) {}
  void add(std::size_t begin, std::size_t end) {
    for (std::size_t i = std::max(begin, done_); i < end; ++i) covered_[i] = true;
    done_ = std::max(done_, end);
  }
  bool has(std::size_t row) const { return covered_[row]; }

 private:
  std::vector<bool> covered_;
  std::size_t done_ = 0;
};

/// Rows may be in many windows. For a row in no task, the first of these rules counts: it was in a window
/// that straddles a split time, in a window that was not made because a target is missing, in a purge gap, in
/// no window.
class WindowRows {
 public:
  WindowRows(std::size_t rows, std::size_t support)
      : support_(support),
        adapted_on_(rows),
        asked_about_(rows),
        gap_(rows),
        straddled_(rows),
        unmade_(rows),
        early_(rows),
        joined_(rows, false) {}

  void add_task(const Window& w) {
    adapted_on_.add(w.first, w.first + support_);
    gap_.add(w.first + support_, w.query_begin);
    asked_about_.add(w.query_begin, w.query_end);
  }
  void add_straddling(const Window& w) { straddled_.add(w.first, w.query_end); }
  void add_without_target(const Window& w) { unmade_.add(w.first, w.query_end); }
  /// A window of a time that its key is not asked about in.
  void add_other_period(const Window& w) { early_.add(w.first, w.query_end); }

  /// Records a row that was added to a task and is not in its window.
  void add_row(std::size_t row) { joined_[row] = true; }

  bool asked_about(std::size_t row) const { return asked_about_.has(row); }
  bool in_task(std::size_t row) const { return adapted_on_.has(row) || asked_about(row) || joined_[row]; }
  /// The rule that left out a row which is in no task.
  LeftOutRule why_left_out(std::size_t row) const {
    return straddled_.has(row) ? LeftOutRule::straddling
           : unmade_.has(row)  ? LeftOutRule::without_target
           : gap_.has(row)     ? LeftOutRule::purge_gap
           : early_.has(row)   ? LeftOutRule::other_period
                               : LeftOutRule::no_window;
  }

 private:
  std::size_t support_;
  Cover adapted_on_, asked_about_, gap_, straddled_, unmade_, early_;
  std::vector<bool> joined_;
};

}  // namespace shoal
