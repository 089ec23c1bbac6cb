// SPDX-License-Identifier: Apache-2.0
// A table in memory whose columns are arrays of NumPy.
#pragma once

#include <shoal/memory_table.hpp>

namespace shoal::python {

struct Table {
  std::vector<TableColumn> columns;
};

}  // namespace shoal::python
