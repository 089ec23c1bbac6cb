// SPDX-License-Identifier: Apache-2.0
#include "data/stratified_counts.hpp"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

namespace shoal {

std::vector<std::int64_t> stratified_counts(std::span<const std::int64_t> rows_of_class,
                                            std::int64_t support) {
  const std::int64_t all = std::accumulate(rows_of_class.begin(), rows_of_class.end(), std::int64_t{0});
  if (all == 0) return std::vector<std::int64_t>(rows_of_class.size(), 0);
  std::vector<std::int64_t> counts;
  // of the classes whose share was rounded down
  std::vector<std::pair<std::int64_t, std::size_t>> remainders;
  std::int64_t left = support;
  for (std::size_t c = 0; c < rows_of_class.size(); ++c) {
    // A table has fewer than 2^31 rows, so the product fits into 64 bits.
    const std::int64_t share = support * rows_of_class[c] / all, remainder = support * rows_of_class[c] % all;
    if (share > 0 && remainder > 0) remainders.emplace_back(-remainder, c);
    counts.push_back(std::max(share, std::min<std::int64_t>(rows_of_class[c], 1)));
    left -= counts.back();
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; left > 0 && i < remainders.size(); ++i, --left) ++counts[remainders[i].second];
  // Classes whose share is below one row have got a row each. The classes with the largest counts give those
  // rows up.
  std::priority_queue<std::pair<std::int64_t, std::size_t>> largest;
  if (left < 0)
    for (std::size_t c = 0; c < counts.size(); ++c) largest.emplace(counts[c], c);
  for (; left < 0; ++left) {
    const auto [count, c] = largest.top();
    largest.pop();
    counts[c] = count - 1;
    largest.emplace(count - 1, c);
  }
  return counts;
}

}  // namespace shoal
