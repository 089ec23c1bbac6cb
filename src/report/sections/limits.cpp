// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "report/page_text.hpp"
#include "report/sections.hpp"

namespace shoal::report {
namespace {

constexpr std::int64_t few_bad = 100, few_bad_of_key = 10, few_tasks = 30;

/// Keys whose last row lies in the last twentieth of the times.
std::int64_t survivors_in(const ForecastRows& rows) {
  std::vector<std::int32_t> last(rows.keys.size(), -1);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::int32_t& time = last[static_cast<std::size_t>(rows.key[row])];
    time = std::max(time, rows.time[row]);
  }
  const auto end = static_cast<std::int32_t>(rows.times.size() - 1 - rows.times.size() / 20);
  return std::count_if(last.begin(), last.end(), [end](std::int32_t time) { return time >= end; });
}

void add_survivors(const Evidence& evidence, Section& section) {
  const ForecastRows& rows = evidence.rows;
  if (rows.times.size() < 20 || rows.keys.empty()) return;
  const auto keys = static_cast<std::int64_t>(rows.keys.size());
  const std::int64_t survivors = survivors_in(rows);
  if (survivors == keys)
    section.warn(
        "Survivors: all " + counted(keys, "key", "keys") +
        " still have rows at the end. Keys that ended "
        "before (defaults, delistings, closed accounts) are not in the data, so the figures may be too good "
        "for those that will end.");
  else
    section.say(count_text(keys - survivors) + " of " + counted(keys, "key", "keys") +
                " have no row in the last twentieth of the times.");
}

void add_small_tasks(const Evidence& evidence, Section& section) {
  if (evidence.left_out && evidence.left_out->keys > 0)
    section.warn("Too few rows: " + counted(evidence.left_out->keys, "key has", "keys have") +
                 " too few rows for a task, and nothing here says how the model does on them.");
  if (evidence.without_support > 0)
    section.warn(counted(evidence.without_support, "task has", "tasks have") +
                 " no row to adapt on: the model is the same for all of them.");
  if (evidence.short_support > 0)
    section.warn(counted(evidence.short_support, "task has", "tasks have") +
                 " fewer support rows than the configuration asks for.");
  const ModelLine* model = model_of(evidence);
  if (model && model->tasks < few_tasks)
    section.warn("Few tasks: the figures rest on " + counted(model->tasks, "task", "tasks") + ".");
}

void add_gate(const Evidence& evidence, Section& section) {
  if (evidence.gate && evidence.gate->decision != Advice::all)
    section.warn("The gate refused to let every parameter adapt (\"" +
                 std::string(to_string(evidence.gate->decision)) +
                 "\"): do not expect the model to learn a new "
                 "task's own slopes from its support rows.");
  const auto refused = std::count_if(evidence.folds.begin(), evidence.folds.end(), [](const FoldFacts& fold) {
    return fold.gate == "bias" || fold.gate == "pooled";
  });
  if (refused > 0)
    section.warn("The gate refused adaptation of every parameter in " + count_text(refused) + " of " +
                 counted(static_cast<std::int64_t>(evidence.folds.size()), "model", "models") +
                 " of the backtest.");
}

void add_seeds(const Evidence& evidence, Section& section) {
  if (evidence.seeds.size() < 2) {
    section.warn("One seed: how much the result depends on the random start is not known.");
    return;
  }
  double low = evidence.seeds[0].loss, high = low;
  for (const SeedFacts& seed : evidence.seeds) {
    low = std::min(low, seed.loss);
    high = std::max(high, seed.loss);
  }
  section.say("Spread of seeds: the mean loss lies between " + number_text(low) + " and " +
              number_text(high) + " over " +
              counted(static_cast<std::int64_t>(evidence.seeds.size()), "seed", "seeds") +
              "; the table shows their ensemble.");
}

void add_bad_loans(const Evidence& evidence, Section& section) {
  const ForecastRows& rows = evidence.rows;
  if (evidence.config.loss.kind != LossKind::bce || rows.targets != 1 || rows.size() == 0) return;
  std::vector<std::int64_t> bad(rows.keys.size(), 0);
  std::int64_t all = 0;
  for (std::size_t row = 0; row < rows.size(); ++row)
    if (rows.target[row] > 0.5) {
      ++all;
      ++bad[static_cast<std::size_t>(rows.key[row])];
    }
  if (all < few_bad)
    section.warn("Few bad cases: " + counted(all, "row has", "rows have") +
                 " an outcome of 1; discrimination and calibration are uncertain.");
  const auto few =
      std::count_if(bad.begin(), bad.end(), [](std::int64_t count) { return count < few_bad_of_key; });
  if (few > 0)
    section.warn(count_text(few) + " of " + counted(static_cast<std::int64_t>(bad.size()), "key", "keys") +
                 " have fewer than 10 bad cases: read their lines in the table of segments with care.");
}

}  // namespace

Section limits_section(const Evidence& evidence) {
  Section section{"limits", "When not to use the model"};
  const ModelLine* model = model_of(evidence);
  const ModelLine* best = best_baseline_of(evidence);
  if (model && best) {
    const ModelComparison* compared = against(*model, best->name);
    if (compared && !(compared->difference.mean < 0.0 && is_significant(compared->difference)))
      section.warn("Not significantly better than " + name_text(best->name) +
                   ": where the simpler model is easier to "
                   "explain or to run, use it.");
  }
  for (const auto& [file, hash] : evidence.changed)
    section.warn("Other data: " + name_text(file) + " is not the file that the model was trained on" +
                 (evidence.is_backtest ? " (data, stability and heterogeneity are those of the file now)."
                                       : "; the figures of this page are those of the file as it is now."));
  std::int64_t failed = 0, tasks = 0;
  for (const StepFacts& facts : evidence.steps) {
    failed = std::max(failed, facts.failed);
    tasks = std::max(tasks, facts.tasks + facts.failed);
  }
  if (failed > 0)
    section.warn(counted(failed, "task", "tasks") + " failed (" +
                 percent_text(static_cast<double>(failed) / static_cast<double>(tasks)) +
                 "): their forecasts are missing.");
  add_gate(evidence, section);
  add_survivors(evidence, section);
  add_small_tasks(evidence, section);
  add_seeds(evidence, section);
  add_bad_loans(evidence, section);
  for (const std::vector<Drift>* drifts : {&evidence.stability.scores, &evidence.stability.features}) {
    const auto far =
        std::count_if(drifts->begin(), drifts->end(), [](const Drift& drift) { return drift.index >= 0.25; });
    if (far > 0)
      section.warn(std::string(drifts == &evidence.stability.scores
                                   ? "The score has"
                                   : counted(far, "input has", "inputs have")) +
                   " moved far since the training (index at least 0.25).");
  }
  const TableOptions& table = evidence.config.tasks.table;
  const bool by_key = evidence.is_backtest ? deals_keys(evidence)
                                           : evidence.config.tasks.source == TaskSourceKind::table &&
                                                 table.split.by == "task" && evidence.phase == "test";
  if (by_key && table.split.test_from.empty() && !table.time.empty())
    section.warn(
        "Not out of time: the split is by key, so the model may have seen later periods of other keys.");
  return section;
}

}  // namespace shoal::report
