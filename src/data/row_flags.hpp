// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

/// Properties of the rows of a table that are needed to make tasks.
struct RowFlags {
  std::vector<bool> usable;    ///< the row may be in a task
  std::vector<bool> labelled;  ///< the row has its targets, so it can be a support row
  /// tasks.stratify: the class of every row that has its target; else empty
  std::vector<std::int32_t> class_of;
};

}  // namespace shoal
