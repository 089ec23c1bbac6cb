// SPDX-License-Identifier: Apache-2.0
#include "report/run_evidence.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <shoal/config.hpp>
#include <shoal/data_report.hpp>
#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/metrics_json.hpp>

#include "core/float_environment.hpp"
#include "report/model_lines.hpp"
#include "report/page_text.hpp"
#include "report/step_losses.hpp"
#include "run/evaluate.hpp"
#include "run/evaluation_log.hpp"
#include "run/linear_baselines.hpp"
#include "run/precision.hpp"

namespace shoal::report {
namespace {

/// The key of a task's row without what its window adds.
std::string key_text(const OpenedData& data, std::int64_t id) {
  if (!data.table) return data.key_of(id);
  std::string text;
  for (const std::string& part : data.table->key_values(id)) text += (text.empty() ? "" : "/") + part;
  return text;
}

/// Numbers the times of rows in their order, and lists their texts.
void add_times(const OpenedData& data, std::span<const std::int64_t> ids, ForecastRows& rows) {
  std::map<std::int32_t, std::string> texts;
  std::vector<std::int32_t> ranks;
  for (const std::int64_t id : ids)
    for (const std::int32_t row : data.table->query_rows(id)) {
      ranks.push_back(data.table->time_rank(row));
      auto [text, added] = texts.try_emplace(ranks.back());
      if (added) text->second = data.table->time_of(row);
    }
  std::map<std::int32_t, std::int32_t> places;
  for (const auto& [rank, text] : texts) {
    places[rank] = static_cast<std::int32_t>(rows.times.size());
    rows.times.push_back(text);
  }
  for (const std::int32_t rank : ranks) rows.time.push_back(places[rank]);
}

ForecastRows rows_of(const OpenedData& data, std::span<const std::int64_t> ids, const MeasuredLines& lines) {
  const MeasuredRows& measured = lines.rows;
  ForecastRows rows;
  rows.loss = measured.rows.loss;
  rows.targets = measured.rows.targets;
  rows.outputs = measured.rows.outputs;
  rows.target = measured.rows.target;
  rows.task = measured.task;
  rows.key = measured.key;
  rows.by_time = measured.by_time;
  rows.lag = measured.lag;
  const std::vector<std::int32_t> places = numbers_of_keys(data, ids);
  rows.keys.resize(static_cast<std::size_t>(measured.keys));
  for (std::size_t t = 0; t < ids.size(); ++t)
    rows.keys[static_cast<std::size_t>(places[t])] = key_text(data, ids[t]);
  if (data.table && !data.options.time.empty()) add_times(data, ids, rows);
  for (const LineOutputs& line : lines.lines)
    rows.lines.push_back({line.name, line.steps.has_value(), line.steps, line.selected, line.outputs, {}});
  add_losses(rows);
  return rows;
}

PhaseFacts facts_of(const OpenedData& data, Phase phase) {
  PhaseFacts facts;
  facts.phase = to_string(phase);
  facts.tasks = data.source->size(phase).value_or(0);
  const std::vector<std::int64_t> ids = data.source->ids(phase);
  if (!data.table || ids.empty()) return facts;
  std::set<std::vector<std::string>> keys;
  std::set<std::int32_t> seen;
  std::int32_t first = -1, last = -1;
  for (const std::int64_t id : ids) {
    keys.insert(data.table->key_values(id));
    for (const std::int32_t row : data.table->query_rows(id)) {
      if (!seen.insert(row).second) continue;
      if (first < 0 || data.table->time_rank(row) < data.table->time_rank(first)) first = row;
      if (last < 0 || data.table->time_rank(row) > data.table->time_rank(last)) last = row;
    }
  }
  facts.keys = static_cast<std::int64_t>(keys.size());
  facts.rows = static_cast<std::int64_t>(seen.size());
  if (data.options.time.empty() || first < 0) return facts;
  facts.from = data.table->time_of(first);
  facts.to = data.table->time_of(last);
  return facts;
}

void add_heterogeneity(const OpenedRun& run, const OpenedData& data, Evidence& evidence) {
  evidence.gate = run.model.gate;
  if (run.model.gate) {
    evidence.heterogeneity = run.model.gate->heterogeneity;
    return;
  }
  const RunConfig& config = run.model.config;
  const Loss loss = scaled_loss(config.loss, data.source->target_units());
  if (!has_heterogeneity(loss.kind, data.source->columns())) {
    evidence.no_heterogeneity = "The statistics are defined for bce, mse and qlike with one target.";
    return;
  }
  evidence.heterogeneity = LinearBaselines(loss, *data.source, config.evaluate.tasks).heterogeneity();
}

void add_data(const OpenedRun& run, const OpenedData& data, const TaskBatch64& tasks, Evidence& evidence) {
  const FloatEnvironment environment;
  const RunConfig& config = run.model.config;
  evidence.file = data.file.empty() ? "" : std::filesystem::path(data.file).filename().string();
  evidence.inputs = data.source->columns().inputs;
  if (data.table && !evidence.is_backtest) {
    evidence.left_out = data.table->left_out();
    evidence.left_out_lines = shoal::left_out_lines(*evidence.left_out);
  }
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test, Phase::held_out})
    if (const PhaseFacts facts = facts_of(data, phase); facts.tasks > 0) evidence.phases.push_back(facts);
  const int windows = config.tasks.table.windows.support;
  const std::int64_t asked = windows > 0 ? windows : config.tasks.support;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    const std::int64_t rows = tasks.support().rows(t);
    evidence.without_support += rows == 0 ? 1 : 0;
    evidence.short_support += rows > 0 && rows < asked ? 1 : 0;
  }
  if (!data.source->ids(Phase::train).empty() || is_generated(config.tasks.source)) {
    add_heterogeneity(run, data, evidence);
    evidence.stability = feature_stability(data, tasks, config.evaluate.tasks);
  } else {
    evidence.no_heterogeneity = "There is no meta-train task in this data.";
    evidence.stability.why_not = "There is no meta-train task in this data to compare with.";
  }
}

/// The first output of the model for the query rows of a phase.
std::vector<double> scores_of(const OpenedRun& run, Phase phase, int steps) {
  std::vector<double> scores;
  evaluate_run(run, {.steps = {steps}, .phase = phase},
               [&](const OpenedData&, auto, const MeasuredLines& measured) {
                 const std::vector<double>& outputs = measured.lines.front().outputs;
                 for (std::size_t at = 0; at < outputs.size(); at += measured.rows.rows.outputs)
                   scores.push_back(outputs[at]);
               });
  return scores;
}

void add_manifest(const OpenedRun& run, Evidence& evidence) {
  const TrainedModel& model = run.model;
  evidence.config = model.config;
  evidence.config_text = to_toml(model.config, ConfigScope::of_model);
  evidence.hashes = model.data_hash;
  evidence.hashes["model.safetensors"] = sha256_of_file(model.file);
  for (const ChangedFile& file : changed_data(model)) evidence.changed[file.name] = file.now;
  if (const auto found = model.metadata.find("version"); found != model.metadata.end())
    evidence.version = found->second;
  evidence.evaluations = counted_evaluations(model.file);
}

std::string name_of_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = std::filesystem::absolute(file).lexically_normal().parent_path();
  return name_text(folder.filename().string());
}

}  // namespace

Evidence evidence_of_run(const std::filesystem::path& path, const RunOptions& options_of_run) {
  const OpenedRun run(path, options_of_run);
  Evidence evidence;
  evidence.name = name_of_folder(run.model.file);
  add_manifest(run, evidence);
  const int selected = adaptation_steps(std::nullopt, run.model);
  EvaluateOptions options{.steps = evidence.config.evaluate.steps, .baselines = {"auto"}};
  if (std::find(options.steps.begin(), options.steps.end(), selected) == options.steps.end())
    options.steps.push_back(selected);
  const Evaluation evaluation =
      evaluate_run(run, options, [&](const OpenedData& data, auto ids, const MeasuredLines& measured) {
        evidence.rows = rows_of(data, ids, measured);
      });
  evidence.phase = evaluation.phase;
  evidence.models = models_in(to_json(evaluation.models), "evaluation");
  evidence.steps = step_facts(evaluation.losses, evaluation.tasks.size());
  if (!evaluation.summary.empty())
    for (const FailedTask& failed : evaluation.summary.back().failures) {
      if (evidence.failures.size() == 5) break;
      evidence.failures.push_back(task_name(failed) + ": " + std::string(describe(failed.status)));
    }
  RunOptions quiet = options_of_run;  // everything has been said once
  quiet.notify = {};
  const OpenedRun again(path, quiet);
  add_data_evidence(again, Phase::test, evidence);
  add_score_stability(again, Phase::test, selected, evidence.stability);
  return evidence;
}

void add_score_stability(const OpenedRun& run, Phase phase, int steps, StabilityFacts& stability) {
  if (!stability.why_not.empty()) return;
  const std::vector<double> then = scores_of(run, Phase::train, steps), now = scores_of(run, phase, steps);
  const std::string name[] = {"score"};
  if (!then.empty() && !now.empty()) stability.scores = drifts(name, then, now);
}

void add_data_evidence(const OpenedRun& run, Phase phase, Evidence& evidence) {
  const bool is_file = run.model.config.tasks.source == TaskSourceKind::file;
  const OpenedData data = open_data({}, run.model, TargetsNeeded::everywhere,
                                    is_file ? Phases::all_test : Phases::split, phase, {});
  add_data(run, data, evaluation_tasks<double>(*data.source, phase, run.model.config.evaluate.tasks),
           evidence);
}

}  // namespace shoal::report
