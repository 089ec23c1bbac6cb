// SPDX-License-Identifier: Apache-2.0
#include "data/phase_shares.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "core/random.hpp"

namespace shoal {
namespace {

/// Indices of `keys` in the order of their random numbers; equal numbers are ordered by id.
std::vector<std::size_t> ranked(std::span<const KeyTasks> keys, std::uint64_t seed) {
  std::vector<std::tuple<std::uint64_t, std::int64_t, std::size_t>> draws;
  draws.reserve(keys.size());
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const RandomStream stream(seed, Purpose::split, static_cast<std::uint64_t>(keys[k].id));
    draws.emplace_back(std::uint64_t{stream.bits(0)} << 32 | stream.bits(1), keys[k].id, k);
  }
  std::sort(draws.begin(), draws.end());
  std::vector<std::size_t> order;
  order.reserve(keys.size());
  for (const auto& [draw, id, place] : draws) order.push_back(place);
  return order;
}

/// How far three phases are from their shares; smaller is better.
struct Misfit {
  bool untrained = false;  ///< meta-train has a positive share and no task
  bool beyond = false;     ///< a phase misses its share by more than the tasks of the largest key
  int empty = 0;           ///< number of positive shares without a task
  double square_distance = 0;
  bool operator<(const Misfit& other) const {
    return std::tie(untrained, beyond, empty, square_distance) <
           std::tie(other.untrained, other.beyond, other.empty, other.square_distance);
  }
};

/// Empty when a share of 0 has tasks.
std::optional<Misfit> misfit(const std::array<std::int64_t, 3>& tasks, const std::array<double, 3>& shares,
                             double all, double largest_key) {
  Misfit result;
  for (std::size_t phase = 0; phase < 3; ++phase) {
    if (shares[phase] == 0.0 && tasks[phase] > 0) return std::nullopt;
    if (shares[phase] > 0.0 && tasks[phase] == 0) {
      ++result.empty;
      if (phase == 0) result.untrained = true;
    }
    const double distance = static_cast<double>(tasks[phase]) - shares[phase] * all;
    result.square_distance += distance * distance;
    // the tolerance is for the rounding of the shares
    result.beyond = result.beyond || std::abs(distance) > largest_key + 1e-9 * all;
  }
  return result;
}

}  // namespace

std::vector<Phase> phases_by_share(std::span<const KeyTasks> keys, const SplitOptions& split,
                                   std::uint64_t seed) {
  const std::vector<std::size_t> order = ranked(keys, seed);
  std::vector<std::int64_t> before = {0};  // number of tasks of the first 0, 1, ... keys
  before.reserve(order.size() + 1);
  for (const std::size_t key : order) before.push_back(before.back() + keys[key].tasks);
  const auto all = static_cast<double>(before.back());
  std::int64_t largest = 0;
  for (const KeyTasks& key : keys) largest = std::max(largest, key.tasks);
  // The two cuts next to a share, as numbers of keys before them; the later one first.
  const auto places_next_to = [&](double share) {
    const auto at = std::lower_bound(
        before.begin(), before.end() - 1, share * all,
        [](std::int64_t tasks, double wanted) { return static_cast<double>(tasks) < wanted; });
    const auto later = static_cast<std::size_t>(at - before.begin());
    return std::array<std::size_t, 2>{later, later > 0 ? later - 1 : 0};
  };
  const std::array<double, 3> shares = {split.train, split.validation, split.test};
  const auto firsts = places_next_to(split.train), seconds = places_next_to(split.train + split.validation);
  std::pair<std::size_t, std::size_t> cuts = {firsts[0], seconds[0]};
  std::optional<Misfit> least;
  for (const std::size_t first : firsts)
    for (const std::size_t second : {seconds[1], seconds[0]}) {
      if (second < first) continue;
      const auto now = misfit({before[first], before[second] - before[first], before.back() - before[second]},
                              shares, all, static_cast<double>(largest));
      if (now && (!least || *now < *least)) {
        least = now;
        cuts = {first, second};
      }
    }
  std::vector<Phase> phases(keys.size(), Phase::test);
  for (std::size_t i = 0; i < cuts.second; ++i)
    phases[order[i]] = i < cuts.first ? Phase::train : Phase::validation;
  return phases;
}

}  // namespace shoal
