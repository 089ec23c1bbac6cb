// SPDX-License-Identifier: Apache-2.0
// How many support rows of each class a stratified sample takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shoal {

/// Splits `support` rows over classes of `rows_of_class` rows in proportion: every class that has rows gets
/// at least one, none more than it has; fractions are rounded by largest remainder, of equal ones the class
/// that comes first. The sum is `support`. Needs: as many support rows as classes that have rows, at most as
/// many as there are rows.
std::vector<std::int64_t> stratified_counts(std::span<const std::int64_t> rows_of_class,
                                            std::int64_t support);

}  // namespace shoal
