// SPDX-License-Identifier: Apache-2.0
#include "cli/aligned_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace shoal::cli {
namespace {

/// Characters, not bytes: keys are UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string aligned_text(const std::vector<Cells>& lines) {
  std::vector<std::size_t> width(lines.at(0).size(), 0);
  for (const Cells& line : lines)
    for (std::size_t c = 0; c < line.size(); ++c) width[c] = std::max(width[c], width_of(line[c]));
  std::string text;
  for (const Cells& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string blanks(width[c] - width_of(line[c]), ' ');
      text += c == 0 ? line[c] + blanks : "  " + blanks + line[c];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

std::string number_cell(const std::optional<double>& value) {
  if (!value || std::isnan(*value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", *value);
  return text;
}

}  // namespace shoal::cli
