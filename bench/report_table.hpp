// SPDX-License-Identifier: Apache-2.0
// The table of a report: one line per row, in columns that fit the terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results.hpp"

namespace shoal::bench {

class Table {
 public:
  /// When the columns do not fit `width`, names of work are shortened and the least important columns are
  /// left out. `device` says whether a backend of the run measures its kernels with a clock of its own.
  Table(int width, bool coloured, bool device);

  std::string header() const;
  /// The lines of all results of one shape, in their order, after a line that describes the shape. `results`
  /// contains them and the results that they are compared with.
  std::string block(const std::vector<const Result*>& rows, const Results& results) const;
  /// Whether the table has the column with this title.
  bool has(std::string_view title) const;

 private:
  struct Column {
    std::string title;
    int width;
    bool left;  ///< aligned to the left
    int drop;   ///< columns with a higher number are left out first; 0 = never
  };
  std::string line(const std::vector<std::string>& cells) const;
  std::string cell(const std::string& title, const Result& row, const Results& results) const;
  int total_width() const;

  const int width_;
  const bool coloured_;
  bool short_names_ = false;
  std::vector<Column> columns_;
};

/// "sine_k1: 1-40-40-1 relu, 10 + 10 rows, 1 inner step, 398 kflop a task". The rows are support + query.
std::string shape_in_words(std::string_view shape);

}  // namespace shoal::bench
