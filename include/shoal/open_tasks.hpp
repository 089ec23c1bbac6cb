// SPDX-License-Identifier: Apache-2.0
// The tasks that a configuration names, opened, with what there is to tell of their data.
//
//   const shoal::OpenedTasks tasks = shoal::open_tasks(shoal::load_config("clients.toml"));
//   const shoal::TaskBatch test = tasks.source->evaluation(shoal::Phase::test, 1000);
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

/// Opens the source of a configuration as a training would. Warns, with the counts, of every phase that
/// tasks.split asks for and no task is in; notes what was found out about a table's file (its delimiter) and
/// what of it is in no task. Throws DataError, InvalidArgument and ResourceError, as make_task_source does.
OpenedTasks open_tasks(const RunConfig& config, const Notify& notify = {});

}  // namespace shoal
