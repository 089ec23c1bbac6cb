// SPDX-License-Identifier: Apache-2.0
#include <shoal/backtest_config.hpp>

#include <algorithm>

#include <shoal/quoted_text.hpp>

namespace shoal {

std::vector<std::string> names_in_combination(const std::string& combination) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= combination.size();) {
    const std::size_t end = std::min(combination.find('+', begin), combination.size());
    names.push_back(combination.substr(begin, end - begin));
    begin = end + 1;
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names.size() < 2 || names[i].empty() ||
        std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
            names.begin() + static_cast<std::ptrdiff_t>(i))
      throw InvalidArgument(quoted_text(combination) +
                            ": expected at least two different names, as in \"model+linear\"");
  return names;
}

}  // namespace shoal
