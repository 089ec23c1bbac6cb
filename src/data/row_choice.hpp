// SPDX-License-Identifier: Apache-2.0
// Which rows of a key without windows its task adapts on (support) and is asked about (query).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/row_flags.hpp"

namespace shoal {

/// How many rows go where.
struct ChoiceLimits {
  std::int64_t support = 0;
  std::int64_t query = 0;      ///< at most; 0 = all
  std::int64_t purge_gap = 0;  ///< in time: rows between support and query
};

/// Rows without targets are always asked about: they cannot leak anything.
struct RowChoice {
  std::vector<std::int32_t> support, query;
  std::int64_t capped = 0, in_gap = 0, tied = 0;  ///< rows with targets that are on neither side, and why
};

/// Without time: the rows with targets are put in a random order that `seed` and `task_id` decide. The first
/// of it are the support, or with classes the first of every class, in proportion (stratified_counts); the
/// next are the query, so that both are random samples. Each side is then in file order. Throws DataError,
/// naming `key`, when there are more classes than support rows.
RowChoice choose_at_random(std::span<const std::int32_t> rows, const RowFlags& flags,
                           const ChoiceLimits& limits, const std::string& key, std::int64_t task_id,
                           std::uint64_t seed);

/// In time (`rows` are in its order, equal times have equal ranks): the first rows with targets are the
/// support; the query are those behind the gap and strictly after the last support row, the first ones when
/// there are more than it may have.
RowChoice choose_in_time(std::span<const std::int32_t> rows, const RowFlags& flags,
                         const std::function<std::int32_t(std::int32_t)>& rank_of,
                         const ChoiceLimits& limits);

}  // namespace shoal
