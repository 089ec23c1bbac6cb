// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row.back();
}

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

}  // namespace

std::string nearest_name(const std::string& name, std::span<const std::string> names) {
  std::string nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : names) {
    const bool moved = last_part(name) == last_part(candidate);
    // The difference in length is a lower bound of the edits; it excludes most names.
    if (!moved && std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size()) >= best)
      continue;
    const std::size_t distance = moved ? 1 : edits(name, candidate);
    const bool alike = distance < std::max(name.size(), candidate.size());
    if (alike && distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(const std::string& name, std::span<const std::string> names) {
  const std::string nearest = nearest_name(name, names);
  return nearest.empty() ? "" : " (did you mean " + quoted_text(nearest) + "?)";
}

}  // namespace shoal
