// SPDX-License-Identifier: Apache-2.0
#include "data/row_reader.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace shoal {

std::unique_ptr<RowReader> open_table(const std::string& path) {
  return path.ends_with(".npy") ? open_npy(path) : open_csv(path);
}

bool is_missing(std::string_view text) {
  constexpr std::string_view words[] = {"",    "NA",   "N/A",  "n/a",  "#N/A", "<NA>", "NaN", "nan",
                                        "NAN", "-nan", "-NaN", "NULL", "Null", "null", "None"};
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool parse_number(std::string_view text, double& value) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {  // beyond the range of double: an infinity or a zero
    value = text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos
                ? 0.0
                : (text.starts_with('-') ? -1.0 : 1.0) * __builtin_inf();
    return true;
  }
  return error == std::errc();
}

}  // namespace shoal
