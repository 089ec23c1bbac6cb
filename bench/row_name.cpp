// SPDX-License-Identifier: Apache-2.0
#include "row_name.hpp"

#include <charconv>
#include <vector>

namespace shoal::bench {

std::optional<RowName> row_name_from(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() != 4) return std::nullopt;
  RowName name{std::string(parts[0]), std::string(parts[1]), 0, std::string(parts[3])};
  const char* const last = parts[2].data() + parts[2].size();
  const auto [end, error] = std::from_chars(parts[2].data(), last, name.tasks);
  if (error != std::errc() || end != last) return std::nullopt;
  return name;
}

}  // namespace shoal::bench
