// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/dataset.hpp>
#include <shoal/error.hpp>
#include <shoal/open_tasks.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/task_file.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {

int run_data_list(const CommandOptions& options) {
  auto list = nlohmann::ordered_json::array();
  for (const DatasetInfo& set : datasets()) {
    list.push_back({{"name", set.name},
                    {"title", set.title},
                    {"package", set.package},
                    {"version", set.version},
                    {"licence", set.licence},
                    {"terms", set.terms},
                    {"features", set.features}});
    if (!options.common.json)
      std::printf("%s: %s\n  from %s %s (%s)\n  features: %s\n", std::string(set.name).c_str(),
                  std::string(set.title).c_str(), std::string(set.package).c_str(),
                  std::string(set.version).c_str(), std::string(set.licence).c_str(),
                  std::string(set.features).c_str());
  }
  if (options.common.json) print_json(list);
  return 0;
}

int run_data_get(const CommandOptions& options) {
  DatasetOptions get;
  if (!options.out.empty()) get.folder = options.out;
  get.features = options.features;
  get.wheel = options.wheel;
  const DatasetFiles files = get_dataset(options.name, get);
  if (options.common.json) {
    print_json({{"table", files.table.string()},
                {"card", files.card.string()},
                {"sha256", files.sha256},
                {"rows", files.rows}});
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %lld rows (sha256 %s)\n%s: where it comes from and what it may be used for\n",
                 files.table.string().c_str(), static_cast<long long>(files.rows), files.sha256.c_str(),
                 files.card.string().c_str());
  }
  return 0;
}

int run_data_export(const CommandOptions& options) {
  if (options.out.empty()) throw InvalidArgument("data export: --out T.safetensors is needed");
  require_parent_folder(options.out);
  RunConfig config = resolve_config(options.common);
  config.tasks.table.scale_targets = ScaleTargets::off;  // a task file is in the user's units
  require_other_file(options.out, {config.tasks.table.path, options.common.config});
  const Phase phase = options.phase.empty() ? Phase::test : phase_from_string(options.phase);
  const OpenedTasks data = open_tasks(config, notices(options.common));
  const TaskBatch tasks = data.source->evaluation(phase, config.evaluate.tasks);
  write_task_file(options.out, tasks);
  if (!options.common.quiet && !options.common.json)
    std::fprintf(stderr, "%s: %lld tasks, %lld support and %lld query rows\n", printable(options.out).c_str(),
                 static_cast<long long>(tasks.size()), static_cast<long long>(tasks.support().total_rows()),
                 static_cast<long long>(tasks.query().total_rows()));
  if (options.common.json)
    print_json({{"out", options.out},
                {"tasks", tasks.size()},
                {"support_rows", tasks.support().total_rows()},
                {"query_rows", tasks.query().total_rows()},
                {"left_out", left_out_json(data.report)},
                {"warnings", data.report.warnings}});
  return 0;
}

}  // namespace shoal::cli
