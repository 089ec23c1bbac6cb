// SPDX-License-Identifier: Apache-2.0
// WindowRows: what becomes of the rows of one key that is cut into windows.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <shoal/left_out.hpp>

#include "data/window_cut.hpp"

namespace shoal {

/// A union of ranges that are added in order: neither their begins nor their ends fall. All of them together
/// cost no more than the rows that they cover.
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

/// Rows may be in many windows. A row that is in the support or query of none was left out by the first rule
/// that applies: a straddling window held it, one that was not made for want of a target, a purge gap, none.
class WindowRows {
 public:
  WindowRows(std::size_t rows, std::size_t support)
      : support_(support),
        adapted_on_(rows),
        asked_about_(rows),
        gap_(rows),
        straddled_(rows),
        unmade_(rows),
        joined_(rows, false) {}

  void add_task(const Window& w) {
    adapted_on_.add(w.first, w.first + support_);
    gap_.add(w.first + support_, w.query_begin);
    asked_about_.add(w.query_begin, w.query_end);
  }
  void add_straddling(const Window& w) { straddled_.add(w.first, w.query_end); }
  void add_without_target(const Window& w) { unmade_.add(w.first, w.query_end); }

  /// A row that joins a task outside the windows.
  void add_row(std::size_t row) { joined_[row] = true; }

  bool asked_about(std::size_t row) const { return asked_about_.has(row); }
  bool in_task(std::size_t row) const { return adapted_on_.has(row) || asked_about(row) || joined_[row]; }
  /// Of a row that is in no task.
  LeftOutRule why_left_out(std::size_t row) const {
    return straddled_.has(row) ? LeftOutRule::straddling
           : unmade_.has(row)  ? LeftOutRule::without_target
           : gap_.has(row)     ? LeftOutRule::purge_gap
                               : LeftOutRule::no_window;
  }

 private:
  std::size_t support_;
  Cover adapted_on_, asked_about_, gap_, straddled_, unmade_;
  std::vector<bool> joined_;
};

}  // namespace shoal
