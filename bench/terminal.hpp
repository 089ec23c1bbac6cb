// SPDX-License-Identifier: Apache-2.0
// The width of a terminal, lines that fit into it, colours, and a line that is rewritten in place.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

namespace shoal::bench {

constexpr int widest = 100, narrowest = 40;  // columns of a report

/// The number of columns for a report on `file`: the variable COLUMNS, else the terminal's width, else
/// `widest`; always between `narrowest` and `widest`.
int columns_of(std::FILE* file);

bool is_terminal(std::FILE* file);

enum class Style { plain, bold, dim, good, bad };
/// The text with escape codes for its style, if `coloured`.
std::string styled(std::string_view text, Style style, bool coloured);

/// Breaks a text into lines of at most `width` columns, at spaces, but not before a % sign. All lines but the
/// first are indented by `indent` spaces; each ends with a newline.
std::string wrapped(std::string_view text, int width, int indent = 0);
/// Cuts a text to at most `width` columns, with ... in the place of what is missing.
std::string shortened(std::string_view text, int width);

/// Shows the progress of a run on a line of standard error that is rewritten; shows nothing when that is no
/// terminal.
class Progress {
 public:
  /// `wanted` says whether the output may contain a line that is rewritten.
  Progress(int rows, bool wanted);

  void row_starts(std::string_view name);
  void row_is_done() { ++done_; }
  void clear();  ///< removes the line before something else is printed

 private:
  const int rows_;
  const bool shown_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int done_ = 0, drawn_ = 0;  ///< number of finished rows; number of columns drawn
};

}  // namespace shoal::bench
