// SPDX-License-Identifier: Apache-2.0
// How wide a terminal is, lines that fit it, colours and a line that is rewritten.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

namespace shoal::bench {

constexpr int widest = 100, narrowest = 40;  // columns of a report

/// Columns for a report on `file`: what COLUMNS says, else the terminal, else the most; never more than
/// `widest` nor fewer than `narrowest`.
int columns_of(std::FILE* file);

bool is_terminal(std::FILE* file);

enum class Style { plain, bold, dim, good, bad };
/// The text, in escape codes when `coloured`.
std::string styled(std::string_view text, Style style, bool coloured);

/// Lines of at most `width` columns, broken at spaces, but not before a % sign; all but the first behind
/// `indent` spaces; each ends with a newline.
std::string wrapped(std::string_view text, int width, int indent = 0);
/// At most `width` columns, with ... where something is missing.
std::string shortened(std::string_view text, int width);

/// What a run is at, on one line of standard error that is rewritten; nothing where that is no terminal.
class Progress {
 public:
  /// `wanted`: whether a line may be rewritten in what is printed.
  Progress(int rows, bool wanted);

  void row_starts(std::string_view name);
  void row_is_done() { ++done_; }
  void clear();  ///< before something else is printed

 private:
  const int rows_;
  const bool shown_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  int done_ = 0, drawn_ = 0;  ///< rows; columns
};

}  // namespace shoal::bench
