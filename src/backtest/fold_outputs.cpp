// SPDX-License-Identifier: Apache-2.0
#include "backtest/fold_outputs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/meta_learner.hpp>

#include "backtest/fold_data.hpp"
#include "core/float_environment.hpp"
#include "run/baseline_outputs.hpp"
#include "run/garch_baseline.hpp"
#include "run/gated_learner.hpp"
#include "run/model_metrics.hpp"
#include "run/precision.hpp"

namespace shoal {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool is_garch(std::string_view name) {
  return name == "garch" || name == "gjr";
}

/// The tasks of some rows, and where the outputs of a row are among those of the tasks' query rows.
template <class Real>
class TasksOfRows {
 public:
  TasksOfRows(const BasicTaskBatch<Real>& all, const FoldRows& rows, std::span<const std::size_t> places)
      : rows_(rows), places_(places) {
    std::set<std::int64_t> wanted;
    for (const std::size_t place : places) wanted.insert(rows.rows[place].task);
    std::vector<std::int64_t> chosen;
    for (std::int64_t t = 0; t < all.size(); ++t) {
      const std::int64_t id = all.ids()[static_cast<std::size_t>(t)];
      if (!wanted.contains(id)) continue;
      at_[id] = chosen.size();
      chosen.push_back(t);
    }
    tasks_ = all.select(chosen);
  }

  const BasicTaskBatch<Real>& tasks() const { return tasks_; }

  /// `outputs`: [query rows of the tasks, width].
  RowOutputs outputs_of_rows(std::span<const double> outputs) const {
    RowOutputs result;
    const auto& starts = tasks_.query().row_starts;
    result.width = outputs.size() / static_cast<std::size_t>(starts.back());
    for (const std::size_t place : places_) {
      const ForecastRow& row = rows_.rows[place];
      const auto first = static_cast<std::size_t>(starts[at_.at(row.task)] + row.query) * result.width;
      const auto of_row = outputs.subspan(first, result.width);
      if (std::any_of(of_row.begin(), of_row.end(), [](double value) { return !std::isfinite(value); }))
        result.values.insert(result.values.end(), result.width, nan);
      else
        result.values.insert(result.values.end(), of_row.begin(), of_row.end());
    }
    return result;
  }

 private:
  const FoldRows& rows_;
  std::span<const std::size_t> places_;
  std::map<std::int64_t, std::size_t> at_;  ///< task id -> index in tasks_
  BasicTaskBatch<Real> tasks_;
};

/// The run of a fold as its baselines see it. Networks among them draw tasks by their rows.
RunConfig config_of_baselines(const Fold& fold, std::uint64_t seed) {
  RunConfig config = fold.config;
  config.seed = seed;
  config.train.sampling = Sampling::rows;
  return config;
}

/// What a baseline is fitted with: the data of the fold's run, in the place of its model.
struct BaselineData {
  BaselineData(const Fold& fold, const RunConfig& config, const Grid& grid)
      : train(open_fold(fold, config)), data(grid.open(train.table->preprocessing())) {
    model.trained = model.config = config;
    model.preprocessing = train.table->preprocessing();
  }
  OpenedData train, data;
  TrainedModel model;
};

/// ln h of the rows; of those before the fold as they were filtered by the same parameters.
RowOutputs garch_outputs(const std::string& name, const Fold& fold, const FoldRows& rows,
                         std::span<const std::size_t> places, const Notify& notify) {
  const GarchForecasts forecasts =
      garch_forecasts(name == "gjr" ? GarchKind::gjr : GarchKind::garch, fold.config, "");
  forecasts.tell_unfitted(name, notify);
  const auto later = forecasts.by_row(), earlier = forecasts.past_by_row();
  RowOutputs result{1, {}};
  for (const std::size_t place : places) {
    const auto& from = rows.fold[place] < 0 ? earlier : later;
    const auto found = from.find(rows.rows[place].row);
    result.values.push_back(found == from.end() ? nan : std::log(found->second));
  }
  return result;
}

/// The fold of a time; -1 before the first one, the number of folds behind the last one.
int fold_of_time(std::span<const Fold> folds, std::int32_t time) {
  if (time < folds.front().begin) return -1;
  const auto found =
      std::find_if(folds.begin(), folds.end(), [&](const Fold& fold) { return time < fold.end; });
  return static_cast<int>(found - folds.begin());
}

/// The fold that has a key; the number of folds where none has.
int fold_of_key(std::span<const Fold> folds, const std::vector<std::string>& key) {
  const auto found = std::find_if(folds.begin(), folds.end(), [&](const Fold& fold) {
    return std::any_of(fold.keys.begin(), fold.keys.end(),
                       [&](const TableKey& own) { return own.values == key; });
  });
  return static_cast<int>(found - folds.begin());
}

}  // namespace

FoldRows rows_of_folds(const TableSource& grid, Phase phase, const std::vector<ForecastRow>& rows,
                       std::span<const Fold> folds, bool past) {
  FoldRows result;
  std::vector<std::int64_t> count(folds.size(), 0);
  const bool by_key = !folds.front().keys.empty();
  std::map<std::int32_t, int> keys;  // rank of a key -> its fold
  const auto fold_of = [&](const ForecastRow& row) {
    if (!by_key) return fold_of_time(folds, row.time);
    const auto known = keys.find(row.key);
    if (known != keys.end()) return known->second;
    return keys[row.key] = fold_of_key(folds, grid.key_values(row.task));
  };
  for (const ForecastRow& row : rows) {
    const int fold = fold_of(row);
    if (fold == static_cast<int>(folds.size()) || (fold < 0 && !past)) continue;
    if (fold >= 0) ++count[static_cast<std::size_t>(fold)];
    result.rows.push_back(row);
    result.fold.push_back(fold);
  }
  for (std::size_t f = 0; f < folds.size(); ++f)
    if (count[f] == 0)
      throw DataError(folds[f].config.tasks.table.path + ": fold " + folds[f].name +
                      " has no row to forecast: no " + std::string(to_string(phase)) +
                      " task asks about one");
  return result;
}

FoldRows by_other_folds(const FoldRows& rows, std::span<const Fold> folds) {
  FoldRows result{rows.rows, {}};
  for (const ForecastRow& row : rows.rows) result.fold.push_back(fold_of_time(folds, row.time));
  return result;
}

std::vector<std::size_t> places_of_fold(const FoldRows& rows, int fold) {
  std::vector<std::size_t> places;
  for (std::size_t place = 0; place < rows.fold.size(); ++place)
    if (rows.fold[place] == fold || (fold == 0 && rows.fold[place] < 0)) places.push_back(place);
  return places;
}

RowOutputs targets_of_rows(const OpenedData& grid, Phase phase, const FoldRows& rows) {
  std::vector<std::size_t> places(rows.rows.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const TasksOfRows<double> tasks(grid.source->evaluation64(phase, 0), rows, places);
  const TaskSet<double>& query = tasks.tasks().query();
  if (!query.labels.empty()) {
    RowOutputs labels = tasks.outputs_of_rows(std::vector<double>(query.labels.begin(), query.labels.end()));
    const CellTexts texts = grid.table->target_texts(0);
    for (std::size_t place = 0; place < places.size(); ++place)
      if (texts[static_cast<std::size_t>(rows.rows[place].row)].empty()) labels.values[place] = nan;
    return labels;
  }
  std::vector<double> targets(query.y.begin(), query.y.end());
  const TargetUnits& units = grid.source->target_units();
  const auto width = static_cast<std::size_t>(tasks.tasks().columns().targets);
  for (std::size_t i = 0; units.scale() && i < targets.size(); ++i)
    targets[i] = targets[i] * units.deviation[i % width] + units.mean[i % width];
  return tasks.outputs_of_rows(targets);
}

std::vector<RowOutputs> model_outputs(const Context& context, const TrainedModel& model,
                                      const OpenedData& data, Phase phase, const FoldRows& rows,
                                      std::span<const std::size_t> places, std::span<const int> steps) {
  return in_precision(context, [&]<class Real>(Real) {
    const auto learner = open_learner<Real>(context, model, *data.source);
    const GatedLearner<Real> gated(learner, model.gate);
    const TasksOfRows<Real> tasks(evaluation_tasks<Real>(*data.source, phase, 0), rows, places);
    const auto adapt = [&](const auto& batch, int count) { return gated.adapt(batch, count); };
    std::vector<RowOutputs> outputs;
    outputs.reserve(steps.size());
    for (const int count : steps)
      outputs.push_back(tasks.outputs_of_rows(
          outputs_after(learner, adapt, data, tasks.tasks(), model.config.loss, count)));
    return outputs;
  });
}

std::vector<std::string> baselines_asked(const Context& context, const std::vector<std::string>& names,
                                         const Fold& fold, const Grid& grid) {
  if (!BaselineRequest{names, {}}.any()) return {};
  const FloatEnvironment environment;
  const BaselineData opened(fold, config_of_baselines(fold, fold.config.seed), grid);
  const TaskBatch64 tasks = opened.data.source->evaluation64(grid.phase(), 0);
  std::vector<std::string> asked =
      names_of({names, {}}, opened.model, opened.data, opened.train, tasks, context);
  for (const std::string& name : asked) {
    if (!is_garch(name)) continue;
    if (grid.phase() != Phase::test)
      throw InvalidArgument("baseline " + name +
                            ": is fitted on a key's own past; folds hold out whole keys");
    if (fold.config.loss.kind != LossKind::qlike || tasks.columns().targets != 1)
      throw InvalidArgument("baseline " + name +
                            ": forecasts a variance; it needs loss qlike with one target");
  }
  return asked;
}

std::vector<RowOutputs> baselines_of_fold(const Context& context, const std::vector<std::string>& names,
                                          const Fold& fold, std::int64_t seed, const Grid& grid,
                                          const FoldRows& rows, std::span<const std::size_t> places,
                                          const Notify& notify) {
  const FloatEnvironment environment;
  std::vector<std::string> others;
  std::copy_if(names.begin(), names.end(), std::back_inserter(others),
               [](const std::string& name) { return !is_garch(name); });
  std::map<std::string, RowOutputs> by_name;
  if (!others.empty()) {
    const BaselineData opened(fold, config_of_baselines(fold, static_cast<std::uint64_t>(seed)), grid);
    const TasksOfRows<double> tasks(opened.data.source->evaluation64(grid.phase(), 0), rows, places);
    for (const BaselineOutputs& outputs :
         baseline_outputs({others, {}}, opened.model, opened.data, opened.train, tasks.tasks(), context, {}))
      by_name[outputs.name] = tasks.outputs_of_rows(outputs.outputs);
  }
  std::vector<RowOutputs> result;
  result.reserve(names.size());
  for (const std::string& name : names)
    result.push_back(is_garch(name) ? garch_outputs(name, fold, rows, places, notify)
                                    : std::move(by_name.at(name)));
  return result;
}

}  // namespace shoal
