// SPDX-License-Identifier: Apache-2.0
// Chooses the support and query rows of a key without windows.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "data/row_flags.hpp"

namespace shoal {

/// The limits of a choice, in rows.
struct ChoiceLimits {
  std::int64_t support = 0;
  std::int64_t query = 0;       ///< at most so many; 0 = all
  std::int64_t purge_gap = 0;   ///< with time: rows left out between support and query
  std::int32_t query_from = 0;  ///< with time: rank of the first time that a query row may have
};

/// Rows without targets are always query rows: they cannot leak a target.
struct RowChoice {
  std::vector<std::int32_t> support, query;
  std::int64_t capped = 0, in_gap = 0, tied = 0, early = 0;  ///< rows with targets on neither side, by reason
};

/// Without time: `seed` and `task_id` put the rows with targets in a random order. The first ones are the
/// support; with classes, the first ones of every class, in proportion (stratified_counts). The next ones are
/// the query, so that both sides are random samples. Each side is then sorted in file order. Throws
/// DataError, naming `key`, when there are more classes than support rows.
RowChoice choose_at_random(std::span<const std::int32_t> rows, const RowFlags& flags,
                           const ChoiceLimits& limits, const std::string& key, std::int64_t task_id,
                           std::uint64_t seed);

/// With time: `rows` are in order of time; equal times have equal ranks. The first rows with targets are the
/// support. The query are the rows after the purge gap that are strictly later than the last support row; if
/// there are more than the limit, the first ones.
RowChoice choose_in_time(std::span<const std::int32_t> rows, const RowFlags& flags,
                         const std::function<std::int32_t(std::int32_t)>& rank_of,
                         const ChoiceLimits& limits);

}  // namespace shoal
