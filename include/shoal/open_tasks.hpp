// SPDX-License-Identifier: Apache-2.0
// Opens the tasks that a configuration names, with a report on their data.
//
// Example:
//
//   const shoal::OpenedTasks opened = shoal::open_tasks(shoal::load_config("clients.toml"));
//   const shoal::TaskBatch test = opened.source->evaluation(shoal::Phase::test, 1000);
#pragma once

#include <memory>

#include <shoal/data_report.hpp>
#include <shoal/notice.hpp>
#include <shoal/run_config.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

struct OpenedTasks {
  std::unique_ptr<TaskSource> source;
  DataReport report;
};

/// Opens the source of a configuration as a training would. `notify` gets a warning, with counts, for every
/// phase that tasks.split asks for and that has no task, and notes about what was detected in a table (its
/// delimiter) and about rows that are in no task. Throws DataError, InvalidArgument or ResourceError, as
/// make_task_source does.
OpenedTasks open_tasks(const RunConfig& config, const Notify& notify = {});

}  // namespace shoal
