// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <vector>

#include <shoal/backtest.hpp>
#include <shoal/error.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/aligned_text.hpp"
#include "cli/gate_text.hpp"
#include "cli/model_table.hpp"
#include "cli/print_json.hpp"
#include "cli/session.hpp"
#include "cli/signals.hpp"

namespace shoal::cli {
namespace {

BacktestReport run(const CommandOptions& options) {
  BacktestOptions backtest;
  backtest.baselines = options.baselines;
  for (const std::string& text : options.compare) backtest.compare.push_back(forecast_file_of(text));
  backtest.start = options.resume ? StartFrom::checkpoint : StartFrom::beginning;
  backtest.notify = notices(options.common);
  backtest.context = with_environment({});
  backtest.stop = [] { return was_signalled(); };
  backtest.stopped_by = "a signal";
  const RunConfig config = resolve_config(options.common);
  const CatchSignals signals;
  return run_backtest(config, options.out, backtest);
}

/// The loss of every line by year.
std::string years_text(const std::vector<GroupMetrics>& groups) {
  if (groups.empty()) return "";
  Cells header = {"loss"};
  for (const ModelMetrics& model : groups.front().models) header.push_back(printable(shown_name(model), 24));
  std::vector<Cells> lines = {header};
  for (const GroupMetrics& group : groups) {
    Cells line = {group.group};
    for (const ModelMetrics& model : group.models) line.push_back(number_cell(model.loss.mean));
    lines.push_back(line);
  }
  return aligned_text(lines);
}

std::string risk_text(const std::vector<RiskAssessment>& risk) {
  if (risk.empty()) return "";
  std::vector<Cells> lines = {{"VaR", "level %", "rows", "exceeded %", "tick", "Kupiec", "coverage"}};
  for (const RiskAssessment& line : risk) {
    const auto& all = std::get<VarAssessment>(line.assessment.metrics);
    const std::string of = " of " + std::to_string(all.keys.size());
    lines.push_back({printable(line.model, 24), number_cell(100.0 * line.level), std::to_string(all.rows),
                     number_cell(100.0 * all.rate), number_cell(all.tick),
                     std::to_string(all.kupiec_passes) + of,
                     std::to_string(all.conditional_coverage_passes) + of});
  }
  return aligned_text(lines) + "\"N of M\" counts the keys that pass a test at 5 %\n";
}

}  // namespace

int run_backtest(const CommandOptions& options) {
  if (options.out.empty()) throw InvalidArgument("backtest: --out BT is needed");
  const BacktestReport report = run(options);
  if (report.stopped) {
    std::fprintf(stderr, "shoal: stopped; go on with: shoal backtest --resume\n");
    return preempted;
  }
  if (options.common.json)
    print_json(nlohmann::ordered_json::parse(to_json(report)));
  else
    std::fputs((models_text(report.models) + gates_line(report.folds) + years_text(report.groups) +
                risk_text(report.risk))
                   .c_str(),
               stdout);
  require_few_failures(report);
  return 0;
}

}  // namespace shoal::cli
