// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {
namespace {

void print_report(const CommandOptions& options, const AdaptedModels& adapted) {
  auto list = nlohmann::ordered_json::array();
  for (const ReportedTask& task : adapted.tasks)
    list.push_back({{"id", task.id}, {"key", task.key}, {"phase", task.phase}});
  const TaskReport& report = adapted.report;
  print_json({{"out", options.out},
              {"backend", report.backend},
              {"steps", adapted.steps},
              {"tasks", report.tasks},
              {"good", report.good},
              {"failures", json_failures(report.failures)},
              {"without_support", report.without_support},
              {"left_out", left_out_json(report.data)},
              {"adapted", list}});
}

void tell(const CommandOptions& options, const AdaptedModels& adapted) {
  const TaskReport& report = adapted.report;
  std::fprintf(stderr, "%s: %lld of %s adapted in %s\n", printable(options.out).c_str(),
               static_cast<long long>(report.good), counted(report.tasks, "task", "tasks").c_str(),
               counted(adapted.steps, "step", "steps").c_str());
  if (!report.failures.empty()) std::fprintf(stderr, "%s\n", failure_text(report).c_str());
  std::fputs(without_support_line(report).c_str(), stderr);
}

}  // namespace

int run_adapt(const CommandOptions& options) {
  require_parent_folder(options.out);
  const Run run = open_run(options);
  require_other_file(options.out, {options.data, run.file().string(), options.common.config});
  const AdaptedModels adapted = run.adapt(options.data, steps_asked(options));
  write_adapted(options.out, adapted);
  if (options.common.json)
    print_report(options, adapted);
  else if (!options.common.quiet)
    tell(options, adapted);
  require_any_good(adapted.report);
  return 0;
}

}  // namespace shoal::cli
