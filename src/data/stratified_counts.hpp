// SPDX-License-Identifier: Apache-2.0
// Computes how many support rows of each class a stratified sample has.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace shoal {

/// Divides `support` rows among classes that have `rows_of_class` rows, in proportion. Every class with rows
/// gets at least one and at most all its rows. Fractions are rounded by largest remainder; of equal
/// remainders, the first class wins. The counts sum to `support`, which must be at least the number of
/// classes with rows and at most the number of rows.
std::vector<std::int64_t> stratified_counts(std::span<const std::int64_t> rows_of_class,
                                            std::int64_t support);

}  // namespace shoal
