// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?": finds the known name that is nearest to an unknown one.
//
// Example:
//
//   #include <vector>
//
//   const std::vector<std::string> known = {"train.lr", "train.iterations"};
//   const std::string hint = shoal::did_you_mean("train.iteration", known);
//   // hint is: (did you mean "train.iterations"?)
#pragma once

#include <span>
#include <string>

namespace shoal {

/// Returns the name among `names` that is the fewest edits (insert, delete or change a character; Levenshtein
/// 1966) from `name`. Returns "" when every name is farther than two edits or a third of its length, or has
/// nothing in common with it. A dotted name in the wrong table (`algorithm.lr` for `train.lr`) counts as one
/// edit.
std::string nearest_name(const std::string& name, std::span<const std::string> names);

/// Returns the nearest name as a phrase to append to a message: ` (did you mean "..."?)`, or "".
std::string did_you_mean(const std::string& name, std::span<const std::string> names);

}  // namespace shoal
