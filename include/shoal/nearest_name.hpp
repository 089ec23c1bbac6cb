// SPDX-License-Identifier: Apache-2.0
// "Did you mean ...?": the known name nearest to one that is not known.
#pragma once

#include <span>
#include <string>

namespace shoal {

/// The name among `names` with the fewest edits (insert, delete, change a character; Levenshtein 1966) from
/// `name`, or "" when all are farther than two edits or a third of its length, or have nothing in common with
/// it. A dotted name in the wrong table (`algorithm.lr` for `train.lr`) is one edit away.
std::string nearest_name(const std::string& name, std::span<const std::string> names);

/// The same as a phrase to append to a message: ` (did you mean "..."?)`, or "".
std::string did_you_mean(const std::string& name, std::span<const std::string> names);

}  // namespace shoal
