// SPDX-License-Identifier: Apache-2.0
// Makes the report of an adaptation or of predictions.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <shoal/run_report.hpp>

#include "run/opened_data.hpp"
#include "run/opened_run.hpp"
#include "run/task_names.hpp"

namespace shoal {

template <class Real>
std::vector<FailedTask> failures_in(const FastWeights<Real>& fast, std::span<const std::int64_t> ids) {
  std::vector<FailedTask> failures;
  for (std::size_t t = 0; t < fast.status.size(); ++t)
    if (fast.status[t] != TaskStatus::good) failures.push_back({ids[t], fast.status[t], fast.failed_step[t]});
  return failures;
}

template <class Real>
TaskReport task_report(const OpenedRun& run, const OpenedData& data, const BasicTaskBatch<Real>& tasks,
                       std::vector<FailedTask> failures) {
  TaskReport report;
  report.backend = run.context().backend_name();
  report.data = data.report();
  report.tasks = tasks.size();
  report.good = tasks.size() - static_cast<std::int64_t>(failures.size());
  report.query_rows = tasks.query().total_rows();
  report.failures = std::move(failures);
  name_failures(report.failures, *data.source);
  return report;
}

}  // namespace shoal
