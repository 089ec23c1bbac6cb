// SPDX-License-Identifier: Apache-2.0
#include "data/row_choice.hpp"

#include <algorithm>
#include <map>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "core/random.hpp"
#include "data/stratified_counts.hpp"

namespace shoal {
namespace {

bool labelled(const RowFlags& flags, std::int32_t row) {
  return flags.labelled[static_cast<std::size_t>(row)];
}

/// Moves the support rows to the front of rows in random order: the first ones of every class, in proportion.
/// The other rows keep their order.
void put_stratified_first(std::vector<std::int32_t>& rows, const RowFlags& flags, std::int64_t support,
                          const std::string& key) {
  // Classes are numbered in the random order of their first rows, so that ties between remainders favour no
  // class.
  std::map<std::int32_t, std::size_t> place;
  std::vector<std::int64_t> rows_of_class;
  const auto class_of = [&](std::int32_t row) { return flags.class_of[static_cast<std::size_t>(row)]; };
  for (const std::int32_t row : rows) {
    const auto [at, first] = place.emplace(class_of(row), rows_of_class.size());
    if (first) rows_of_class.push_back(0);
    ++rows_of_class[at->second];
  }
  if (static_cast<std::int64_t>(rows_of_class.size()) > support)
    throw DataError("tasks.stratify: key " + quoted_text(key) + " has " +
                    std::to_string(rows_of_class.size()) + " classes, but tasks.support = " +
                    std::to_string(support) + " cannot hold a row of each; raise tasks.support");
  std::vector<std::int64_t> wanted = stratified_counts(rows_of_class, support);
  std::stable_partition(rows.begin(), rows.end(),
                        [&](std::int32_t row) { return wanted[place.find(class_of(row))->second]-- > 0; });
}

}  // namespace

RowChoice choose_at_random(std::span<const std::int32_t> rows, const RowFlags& flags,
                           const ChoiceLimits& limits, const std::string& key, std::int64_t task_id,
                           std::uint64_t seed) {
  RowChoice choice;
  std::vector<std::int32_t> candidates;
  for (const std::int32_t row : rows) (labelled(flags, row) ? candidates : choice.query).push_back(row);
  const auto count = static_cast<std::int64_t>(candidates.size());
  std::vector<std::int32_t> order;
  order.reserve(candidates.size());
  for (const std::int64_t place :
       permutation(seed, Purpose::rows, static_cast<std::uint64_t>(task_id), count))
    order.push_back(candidates[static_cast<std::size_t>(place)]);
  const std::int64_t support = std::min(limits.support, count);
  if (!flags.class_of.empty() && support > 0) put_stratified_first(order, flags, support, key);
  const std::int64_t asked = limits.query > 0 ? std::min(limits.query, count - support) : count - support;
  choice.support.assign(order.begin(), order.begin() + support);
  choice.query.insert(choice.query.end(), order.begin() + support, order.begin() + support + asked);
  choice.capped = count - support - asked;
  std::sort(choice.support.begin(), choice.support.end());
  std::sort(choice.query.begin(), choice.query.end());
  return choice;
}

RowChoice choose_in_time(std::span<const std::int32_t> rows, const RowFlags& flags,
                         const std::function<std::int32_t(std::int32_t)>& rank_of,
                         const ChoiceLimits& limits) {
  RowChoice choice;
  std::size_t behind = 0;  // index after the last support row
  for (std::size_t i = 0; i < rows.size() && std::ssize(choice.support) < limits.support; ++i)
    if (labelled(flags, rows[i])) {
      choice.support.push_back(rows[i]);
      behind = i + 1;
    }
  const std::size_t gap_end = behind + static_cast<std::size_t>(limits.purge_gap);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // A row without a target cannot leak one, so it may be a query row at any time.
    if (!labelled(flags, rows[i]))
      choice.query.push_back(rows[i]);
    else if (i < behind)
      continue;  // support
    else if (!choice.support.empty() && rank_of(rows[i]) == rank_of(choice.support.back()))
      ++choice.tied;
    else if (i < gap_end)
      ++choice.in_gap;
    else if (rank_of(rows[i]) < limits.query_from)
      ++choice.early;
    else if (limits.query == 0 || std::ssize(choice.query) < limits.query)
      choice.query.push_back(rows[i]);
    else
      ++choice.capped;
  }
  return choice;
}

}  // namespace shoal
