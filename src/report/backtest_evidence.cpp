// SPDX-License-Identifier: Apache-2.0
#include "report/backtest_evidence.hpp"

#include <iterator>
#include <limits>
#include <map>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/table_series.hpp>

#include "report/backtest_json.hpp"
#include "report/backtest_rows.hpp"
#include "report/page_text.hpp"
#include "report/run_evidence.hpp"
#include "report/step_losses.hpp"

namespace shoal::report {
namespace {

/// The tail of the tasks' losses, for the model as it is used.
void add_steps(Evidence& evidence) {
  const ForecastRows& rows = evidence.rows;
  const ForecastLine* model = model_in(rows);
  if (!model || rows.size() == 0) return;
  std::map<std::int32_t, std::pair<double, double>> sums;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    auto& [sum, count] = sums[rows.task[row]];
    sum += model->loss[row];
    count += 1.0;
  }
  std::vector<double> losses;
  losses.reserve(sums.size());
  for (const auto& [task, sum] : sums) losses.push_back(sum.first / sum.second);
  StepFacts facts = tail_of(std::move(losses));
  facts.steps = model->steps.value_or(0);
  for (const FoldFacts& fold : evidence.folds) facts.failed += fold.tasks_failed;  // of all seeds
  evidence.steps.push_back(facts);
}

/// The returns of the rows, which predictions.csv does not repeat.
void add_returns(const RunConfig& config, ForecastRows& rows) {
  if (rows.vars.empty() || config.risk.return_column.empty()) return;
  const TableOptions& table = config.tasks.table;
  const std::vector<double> returns =
      read_numbers(table.path, {config.risk.return_column}, table.format).front();
  for (const std::int64_t row : rows.row)
    rows.returns.push_back(row >= 0 && row < std::ssize(returns) ? returns[static_cast<std::size_t>(row)]
                                                                 : std::numeric_limits<double>::quiet_NaN());
}

/// The data of the last fold, as its first seed has it. Where its run or its data is gone, the report says
/// so.
void add_last_fold(const std::filesystem::path& folder, const RunOptions& options, Evidence& evidence) {
  const std::string gone = "The runs of the folds, or their data, are not there any more.";
  evidence.no_heterogeneity = evidence.stability.why_not = gone;
  if (evidence.folds.empty()) return;
  const std::string& last = evidence.folds.back().fold;
  const FoldFacts* fold = &evidence.folds.back();
  for (const FoldFacts& other : evidence.folds)
    if (other.fold == last) {
      fold = &other;
      break;
    }
  const std::filesystem::path run = folder / "folds" / fold->fold / ("seed-" + fold->seed);
  if (!std::filesystem::exists(run / "model.safetensors")) return;
  RunOptions quiet = options;
  quiet.notify = {};
  try {
    const OpenedRun opened(run, quiet);
    for (const ChangedFile& file : changed_data(opened.model)) evidence.changed[file.name] = file.now;
    add_returns(opened.model.config, evidence.rows);
    evidence.no_heterogeneity.clear();
    evidence.stability.why_not.clear();
    const Phase phase = fold->from.empty() ? Phase::held_out : Phase::test;
    add_data_evidence(opened, phase, evidence);
    add_score_stability(opened, phase, adaptation_steps(std::nullopt, opened.model), evidence.stability);
  } catch (const DataError&) {
    evidence.no_heterogeneity = evidence.stability.why_not = gone;
  }
}

}  // namespace

bool is_backtest(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path / "backtest.json");
}

std::vector<std::filesystem::path> files_of_backtest(const std::filesystem::path& folder) {
  return {folder / "backtest.json", folder / "predictions.csv"};
}

Evidence evidence_of_backtest(const std::filesystem::path& folder, const RunOptions& options) {
  Evidence evidence;
  evidence.is_backtest = true;
  evidence.phase = "test";
  evidence.name = name_text(std::filesystem::absolute(folder / "backtest.json")
                                .lexically_normal()
                                .parent_path()
                                .filename()
                                .string());
  const std::filesystem::path json = folder / "backtest.json", predictions = folder / "predictions.csv";
  read_backtest_json(read_file<DataError>(json), json.string(), evidence);
  if (!std::filesystem::is_regular_file(predictions))
    throw DataError(predictions.string() + ": is not there");
  const std::string hash = sha256_of_file(predictions);
  if (const std::string& written = evidence.predictions_hash; !written.empty() && written != hash)
    throw DataError(predictions.string() +
                    ": is not the file that the backtest wrote beside backtest.json (SHA-256 " +
                    hash.substr(0, 12) + "..., then " + printable(written, 12) + "...)");
  evidence.hashes["predictions.csv"] = hash;
  evidence.rows = read_backtest_rows(predictions, evidence);
  add_steps(evidence);
  add_last_fold(folder, options, evidence);
  return evidence;
}

}  // namespace shoal::report
