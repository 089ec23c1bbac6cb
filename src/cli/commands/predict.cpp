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

int run_predict(const CommandOptions& options) {
  require_parent_folder(options.out);
  const Run run = open_run(options);
  require_other_file(options.out, {options.data, run.file().string(), options.common.config});
  const TaskReport report = run.write_predictions(options.out, options.data, steps_asked(options),
                                                  options.latest ? Ask::latest : Ask::everything);
  if (options.common.json) {
    print_json({{"out", options.out},
                {"backend", report.backend},
                {"rows", report.query_rows},
                {"tasks", report.tasks},
                {"good", report.good},
                {"failures", json_failures(report.failures)},
                {"without_support", report.without_support},
                {"left_out", left_out_json(report.data)}});
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %s of %s, %lld of them good\n", printable(options.out).c_str(),
                 counted(report.query_rows, "row", "rows").c_str(),
                 counted(report.tasks, "task", "tasks").c_str(), static_cast<long long>(report.good));
    if (!report.failures.empty()) std::fprintf(stderr, "%s\n", failure_text(report).c_str());
    std::fputs(without_support_line(report).c_str(), stderr);
  }
  require_any_good(report);
  return 0;
}

}  // namespace shoal::cli
