// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/counted.hpp>
#include <shoal/explain.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {

int run_explain(const CommandOptions& options) {
  require_parent_folder(options.out);
  const Run run = open_run(options);
  require_other_file(options.out, {options.data, run.file().string(), options.common.config});
  const ExplainReport report = run.write_explanations(options.out, options.data, steps_asked(options));
  const TaskReport& tasks = report.tasks;
  if (options.common.json) {
    print_json({{"out", options.out},
                {"backend", tasks.backend},
                {"steps", report.steps},
                {"output", report.output},
                {"groups", report.groups},
                {"rows", tasks.query_rows},
                {"tasks", tasks.tasks},
                {"good", tasks.good},
                {"failures", json_failures(tasks.failures)},
                {"without_support", tasks.without_support},
                {"left_out", left_out_json(tasks.data)}});
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %s of %s explained by %s\n", printable(options.out).c_str(),
                 counted(tasks.query_rows, "row", "rows").c_str(),
                 counted(tasks.tasks, "task", "tasks").c_str(),
                 counted(std::ssize(report.groups), "group", "groups").c_str());
    if (!tasks.failures.empty()) std::fprintf(stderr, "%s\n", failure_text(tasks).c_str());
    std::fputs(without_support_line(tasks).c_str(), stderr);
  }
  require_any_good(tasks);
  return 0;
}

}  // namespace shoal::cli
