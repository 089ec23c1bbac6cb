// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <string>
#include <vector>

#include <shoal/counted.hpp>
#include <shoal/dataset.hpp>
#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/notice.hpp>
#include <shoal/open_tasks.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/simulation.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/volatility.hpp>

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
  warn_of_configuration(options.common);
  DatasetOptions get;
  if (!options.out.empty()) get.folder = options.out;
  get.features = options.features;
  get.package = options.package;
  const DatasetFiles files = get_dataset(options.name, get);
  if (options.common.json) {
    print_json({{"table", files.table.string()},
                {"card", files.card.string()},
                {"sha256", files.sha256},
                {"rows", files.rows}});
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %s (sha256 %s)\n%s: where it comes from and what it may be used for\n",
                 files.table.string().c_str(), counted(files.rows, "row", "rows").c_str(),
                 files.sha256.c_str(), files.card.string().c_str());
  }
  return 0;
}

namespace {

void print_table(const CommandOptions& options, const std::string& csv, std::int64_t rows,
                 const nlohmann::ordered_json& more) {
  write_file(options.out, csv);
  if (options.common.json) {
    nlohmann::ordered_json report = {{"out", options.out}, {"rows", rows}, {"sha256", sha256(csv)}};
    report.update(more);
    print_json(report);
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %s (sha256 %s)\n", printable(options.out).c_str(),
                 counted(rows, "row", "rows").c_str(), sha256(csv).c_str());
  }
}

}  // namespace

int run_data_features(const CommandOptions& options) {
  if (options.features != "har")
    throw InvalidArgument("data features: there are no features \"" + options.features + "\"; known: har");
  warn_of_configuration(options.common);
  require_parent_folder(options.out);
  require_other_file(options.out, {options.prices});
  const std::string text = read_file<DataError>(options.prices);
  const std::vector<VolatilitySeries> series = volatility_series(
      parse_prices(text, options.prices), options.next ? NextDay::added : NextDay::left_out);
  std::int64_t rows = 0, asked = 0;
  std::vector<std::string> too_short;
  for (const VolatilitySeries& of_asset : series) {
    rows += std::ssize(of_asset.dates);
    if (of_asset.dates.empty()) too_short.push_back(of_asset.asset);
    if (!of_asset.values.empty() && std::isnan(of_asset.values.back()))
      ++asked;  // log_return of its last row
  }
  if (!too_short.empty())
    tell_note(notices(options.common),
              std::to_string(too_short.size()) + " of " + counted(std::ssize(series), "asset", "assets") +
                  (too_short.size() == 1 ? " has" : " have") + " too few prices for a row, e.g. " +
                  quoted_text(too_short.front()));
  if (options.next)
    tell_note(notices(options.common),
              std::to_string(asked) + " of " + counted(std::ssize(series), "asset", "assets") +
                  (asked == 1 ? " has" : " have") + " a row for the day after the last price");
  print_table(
      options, volatility_csv(series), rows,
      {{"assets", std::ssize(series) - std::ssize(too_short)}, {"too_short", too_short}, {"next", asked}});
  return 0;
}

int run_data_simulate(const CommandOptions& options) {
  require_parent_folder(options.out);
  CommonOptions common = options.common;
  if (std::find(simulations.begin(), simulations.end(), options.name) != simulations.end())
    common.overrides.insert(common.overrides.begin(), "tasks.source=" + options.name);
  const RunConfig config = resolve_config(common);
  const SimulatedTable table = simulate(
      options.name,
      {.seed = config.seed, .keys = options.keys, .rows = options.rows, .spread = config.tasks.spread});
  print_table(options, table.csv, table.rows, {{"keys", options.keys}, {"seed", config.seed}});
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
    std::fprintf(stderr, "%s: %s, %s, %s\n", printable(options.out).c_str(),
                 counted(tasks.size(), "task", "tasks").c_str(),
                 counted(tasks.support().total_rows(), "support row", "support rows").c_str(),
                 counted(tasks.query().total_rows(), "query row", "query rows").c_str());
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
