// SPDX-License-Identifier: Apache-2.0
#include "block_clock.cuh"

#include <algorithm>

namespace shoal::bench {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double LaunchTimes::cycles_of_a_block() const {
  const std::vector<WarpTimes> times = times_.fetch();
  std::vector<double> cycles;
  for (int block = 0; block < blocks_; ++block) {
    const auto first = times.begin() + static_cast<std::ptrdiff_t>(block) * warps_, last = first + warps_;
    const auto begins = [](const WarpTimes& a, const WarpTimes& b) { return a.begin < b.begin; };
    const auto ends = [](const WarpTimes& a, const WarpTimes& b) { return a.end < b.end; };
    cycles.push_back(static_cast<double>(std::max_element(first, last, ends)->end -
                                         std::min_element(first, last, begins)->begin));
  }
  return median(std::move(cycles));
}

double LaunchTimes::cycles_of_a_warp() const {
  std::vector<double> cycles;
  for (const WarpTimes& time : times_.fetch()) cycles.push_back(static_cast<double>(time.end - time.begin));
  return median(std::move(cycles));
}

}  // namespace shoal::bench
