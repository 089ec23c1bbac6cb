// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

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
    std::fprintf(stderr, "%s: %lld rows of %lld tasks explained by %lld groups\n",
                 printable(options.out).c_str(), static_cast<long long>(tasks.query_rows),
                 static_cast<long long>(tasks.tasks), static_cast<long long>(report.groups.size()));
    if (!tasks.failures.empty()) std::fprintf(stderr, "%s\n", failure_text(tasks).c_str());
  }
  require_any_good(tasks);
  return 0;
}

}  // namespace shoal::cli
