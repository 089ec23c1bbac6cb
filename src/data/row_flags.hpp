// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

/// What is known of every row of a table before tasks are made.
struct RowFlags {
  std::vector<bool> usable;            ///< takes part at all
  std::vector<bool> labelled;          ///< has its targets, so that it can be a support row
  std::vector<std::int32_t> class_of;  ///< tasks.stratify: the class of every labelled row; else empty
};

}  // namespace shoal
