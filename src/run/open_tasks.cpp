// SPDX-License-Identifier: Apache-2.0
#include <shoal/open_tasks.hpp>

#include "run/opened_data.hpp"

namespace shoal {

OpenedTasks open_tasks(const RunConfig& config, const Notify& notify) {
  OpenedData data = open_source(config, notify);
  tell_left_out(data, notify);
  DataReport report = data.report();
  return {std::move(data.source), std::move(report)};
}

}  // namespace shoal
