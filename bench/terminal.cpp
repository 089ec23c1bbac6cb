// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace shoal::bench {

int columns_of(std::FILE* file) {
  int columns = 0;
  if (const char* const told = std::getenv("COLUMNS"))
    std::from_chars(told, told + std::strlen(told), columns);
  winsize window{};
  if (columns <= 0 && ioctl(fileno(file), TIOCGWINSZ, &window) == 0) columns = window.ws_col;
  return columns <= 0 ? widest : std::clamp(columns, narrowest, widest);
}

std::string styled(std::string_view text, Style style, bool coloured) {
  const char* const codes[] = {"", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m"};
  if (!coloured || style == Style::plain) return std::string(text);
  return codes[static_cast<int>(style)] + std::string(text) + "\x1b[0m";
}

std::string wrapped(std::string_view text, int width, int indent) {
  std::string lines, line;
  const auto end_line = [&] {
    lines += line + "\n";
    line.assign(static_cast<std::size_t>(indent), ' ');
  };
  bool fresh = true;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = std::min(text.find(' ', begin), text.size());
    if (text.substr(end).starts_with(" %")) end = std::min(text.find(' ', end + 1), text.size());
    std::string_view word = text.substr(begin, end - begin);
    begin = end + 1;
    if (!fresh && line.size() + 1 + word.size() > static_cast<std::size_t>(width)) {
      end_line();
      fresh = true;
    }
    if (!fresh) line += ' ';
    for (std::size_t room; line.size() + word.size() > static_cast<std::size_t>(width);) {
      room = static_cast<std::size_t>(width) - line.size();  // the word is longer than a line
      line += word.substr(0, room);
      word.remove_prefix(room);
      end_line();
    }
    line += word;
    fresh = false;
  }
  end_line();
  return lines;
}

std::string shortened(std::string_view text, int width) {
  if (text.size() <= static_cast<std::size_t>(width)) return std::string(text);
  return std::string(text.substr(0, static_cast<std::size_t>(std::max(0, width - 3)))) + "...";
}

bool is_terminal(std::FILE* file) {
  return isatty(fileno(file)) == 1;
}

Progress::Progress(int rows, bool wanted) : rows_(rows), shown_(wanted && is_terminal(stderr)) {}

void Progress::row_starts(std::string_view name) {
  if (!shown_) return;
  using std::chrono::duration_cast, std::chrono::seconds;
  const auto spent = duration_cast<seconds>(std::chrono::steady_clock::now() - start_).count();
  const std::string line =
      shortened("row " + std::to_string(std::min(done_ + 1, rows_)) + " of " + std::to_string(rows_) + ", " +
                    std::to_string(spent) + " s: " + std::string(name),
                columns_of(stderr) - 1);
  const int size = static_cast<int>(line.size());
  std::fprintf(stderr, "\r%s%*s", line.c_str(), std::max(0, drawn_ - size), "");
  std::fflush(stderr);
  drawn_ = std::max(drawn_, size);
}

void Progress::clear() {
  if (drawn_ == 0) return;
  std::fprintf(stderr, "\r%*s\r", drawn_, "");
  std::fflush(stderr);
  drawn_ = 0;
}

}  // namespace shoal::bench
