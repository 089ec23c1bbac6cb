// SPDX-License-Identifier: Apache-2.0
#include <shoal/backtest.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <shoal/config.hpp>
#include <shoal/error.hpp>
#include <shoal/row_groups.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/tensor_file.hpp>

#include "backtest/fold_data.hpp"
#include "backtest/fold_outputs.hpp"
#include "backtest/fold_runs.hpp"
#include "backtest/lines.hpp"
#include "backtest/predictions.hpp"
#include "backtest/tails.hpp"
#include "core/float_environment.hpp"
#include "run/baseline_outputs.hpp"
#include "run/csv_text.hpp"
#include "run/forecast_file.hpp"
#include "run/manifest.hpp"
#include "run/model_metrics.hpp"
#include "run/pooled_baseline.hpp"

namespace shoal {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Copies the outputs of a fold's rows to their places among all rows.
void scatter(const RowOutputs& from, std::span<const std::size_t> places, std::vector<double>& to) {
  for (std::size_t i = 0; i < places.size(); ++i)
    std::copy_n(from.values.begin() + static_cast<std::ptrdiff_t>(i * from.width), from.width,
                to.begin() + static_cast<std::ptrdiff_t>(places[i] * from.width));
}

/// A number in a model's metadata; nothing where it has none.
template <class Number>
std::optional<Number> number_in(const ModelMetadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  if (found == metadata.end()) return std::nullopt;
  Number value{};
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

std::int64_t tasks_in(const TrainedModel& model, const char* name) {
  const auto found = model.metadata.find(name);
  return found == model.metadata.end() ? 0 : std::ssize(ids_of_text(found->second, name));
}

/// One backtest. The functions below are its steps, in their order; none before `train` writes anything.
class Backtest {
 public:
  Backtest(const RunConfig& config, const std::filesystem::path& folder, const BacktestOptions& options)
      : config_(with_absolute_paths(config)),
        folder_(folder),
        options_(options),
        grid_(checked(config_)),
        context_(context_options(config_, options.context)),
        seeds_(seeds_of(config_)) {}

  BacktestReport run() {
    require_known({options_.baselines, options_.compare});
    require_free_folder(folder_, options_.start);
    plan();
    look_ahead();
    forecast_by_others();
    report_.config = to_toml(config_, ConfigScope::of_model);
    if (!train_folds(folder_, folds_, seeds_, options_)) {
      report_.stopped = true;
      return std::move(report_);
    }
    forecast();
    measure();
    write();
    return std::move(report_);
  }

 private:
  static const RunConfig& checked(const RunConfig& config) {
    require_backtest(config);
    return config;
  }

  /// Cuts the table, deals its rows to folds, and reads their targets and returns.
  void plan() {
    if (has_tails(config_)) returns_ = returns_of(config_);
    std::optional<TableTimes> times;
    if (!deals_keys(config_)) {
      times.emplace(config_.tasks.table);
      folds_ = time_folds(config_, config_.backtest.refit, *times);
      baseline_folds_ =
          time_folds(config_, config_.backtest.refit_baselines.value_or(config_.backtest.refit), *times);
    }
    RunConfig first = folds_.empty() ? config_ : folds_.front().config;
    first.backtest = {};
    const OpenedData opened = folds_.empty() ? open_source(first, {}) : open_fold(folds_.front(), first);
    model_.config = config_;
    model_.preprocessing = opened.table->preprocessing();
    data_ = grid_.open(*model_.preprocessing);
    const std::vector<ForecastRow> rows = forecast_rows(*data_.table, grid_.phase());
    if (folds_.empty()) baseline_folds_ = folds_ = key_folds(config_, keys_of(rows));
    rows_.rows = rows_of_folds(*data_.table, grid_.phase(), rows, folds_, has_tails(config_));
    rows_.loss = config_.loss;
    rows_.by_time = clusters_by_time(first, data_);
    rows_.lag = config_.evaluate.lag;
    const RowOutputs targets = targets_of_rows(data_, grid_.phase(), rows_.rows);
    rows_.targets = targets.width;
    rows_.target = targets.values;
    std::map<std::int64_t, std::int32_t> tasks;
    for (const ForecastRow& row : rows_.rows.rows)
      rows_.task.push_back(tasks.emplace(row.task, static_cast<std::int32_t>(tasks.size())).first->second);
    rows_.outputs = static_cast<std::size_t>(model_for(first, *data_.source).outputs);
    report_.data = data_.report();
  }

  /// The keys of the table that have rows to forecast.
  std::vector<TableKey> keys_of(const std::vector<ForecastRow>& rows) const {
    std::set<std::int32_t> ranks;
    std::set<std::vector<std::string>> present;
    for (const ForecastRow& row : rows)
      if (ranks.insert(row.key).second) present.insert(data_.table->key_values(row.task));
    std::vector<TableKey> keys = read_keys(config_.tasks.table);
    std::erase_if(keys, [&](const TableKey& key) { return !present.contains(key.values); });
    return keys;
  }

  std::vector<double> no_outputs() const {
    return std::vector<double>(rows_.rows.rows.size() * rows_.outputs, nan);
  }

  /// Refuses what can be known before anything takes long: baselines that the loss does not have,
  /// combinations of what is not there, folds that cannot be trained.
  void look_ahead() {
    names_ = baselines_asked(context_, options_.baselines, baseline_folds_.front(), grid_);
    std::vector<std::string> lines = {"model"};
    lines.insert(lines.end(), names_.begin(), names_.end());
    for (const ForecastFile& file : options_.compare) lines.push_back(file.name);
    require_combinations(config_.backtest.combine, lines);
    require_trainable(folds_, names_, model_.preprocessing->labels, options_.notify);
  }

  /// What baselines and the files of others say, in this order in the table. Files are read first.
  void forecast_by_others() {
    std::vector<LineOutputs> compared;
    compared.reserve(options_.compare.size());
    for (const ForecastFile& file : options_.compare) compared.push_back(compared_with(file));
    if (!names_.empty()) forecast_by_baselines();
    others_.insert(others_.end(), compared.begin(), compared.end());
    if (measured_places(rows_, others_).empty())
      throw DataError(
          config_.tasks.table.path +
          ": no row that is forecast has its target and a forecast by every line beside the model");
    report_.inputs = hashes_of_inputs();
  }

  /// Baselines that are networks are fitted when the model is, and averaged over its seeds.
  void forecast_by_baselines() {
    std::vector<std::string> fitted, trained;
    for (const std::string& name : names_) (is_pooled(name) ? trained : fitted).push_back(name);
    std::map<std::string, std::vector<double>> outputs;
    const auto run = [&](const std::vector<std::string>& of, const std::vector<Fold>& folds,
                         std::span<const std::int64_t> seeds) {
      if (of.empty()) return;
      std::vector<std::vector<std::vector<double>>> of_seeds(of.size());
      const FoldRows rows = deals_keys(config_) ? rows_.rows : by_other_folds(rows_.rows, folds);
      for (const std::int64_t seed : seeds) {
        const std::vector<std::vector<double>> all = baselines_of_seed(of, folds, seed, rows);
        for (std::size_t i = 0; i < of.size(); ++i) of_seeds[i].push_back(all[i]);
      }
      for (std::size_t i = 0; i < of.size(); ++i) outputs[of[i]] = mean_of(of_seeds[i]);
    };
    run(fitted, baseline_folds_, std::span(seeds_).first(1));
    run(trained, folds_, seeds_);
    for (const std::string& name : names_)
      others_.push_back({name, std::nullopt, false, std::move(outputs.at(name))});
  }

  std::vector<std::vector<double>> baselines_of_seed(const std::vector<std::string>& names,
                                                     const std::vector<Fold>& folds, std::int64_t seed,
                                                     const FoldRows& rows) const {
    std::vector<std::vector<double>> all(names.size(), no_outputs());
    for (std::size_t f = 0; f < folds.size(); ++f) {
      const std::vector<std::size_t> places = places_of_fold(rows, static_cast<int>(f));
      if (places.empty()) continue;
      tell_note(options_.notify, "fold " + folds[f].name + ": baselines");
      const auto outputs =
          baselines_of_fold(context_, names, folds[f], seed, grid_, rows, places, options_.notify);
      for (std::size_t i = 0; i < names.size(); ++i) scatter(outputs[i], places, all[i]);
    }
    return all;
  }

  LineOutputs compared_with(const ForecastFile& file) const {
    if (rows_.targets != 1) throw InvalidArgument("--compare " + file.name + ": there are several targets");
    const auto by_row = outputs_in(file, config_.loss);
    std::vector<double> outputs;
    outputs.reserve(rows_.rows.rows.size());
    for (const ForecastRow& row : rows_.rows.rows) {
      const auto found = by_row.find(row.row);
      outputs.push_back(found == by_row.end() ? nan : found->second);
    }
    if (std::none_of(outputs.begin(), outputs.end(), [](double value) { return std::isfinite(value); }))
      throw DataError(file.file.string() + ": has no forecast of a row that the backtest forecasts");
    return {file.name, std::nullopt, false, std::move(outputs)};
  }

  std::map<std::string, std::string> hashes_of_inputs() const {
    std::map<std::string, std::string> hashes;
    for (const auto& [file, hash] : input_hashes(config_))
      hashes[table_file_name(config_.tasks.table.path, file)] = hash;
    for (const ForecastFile& file : options_.compare)
      hashes[file.file.filename().string()] = sha256_of_file(file.file);
    return hashes;
  }

  /// What the trained models say, fold by fold and seed by seed.
  void forecast() {
    before_.assign(seeds_.size(), no_outputs());
    selected_ = before_;
    for (std::size_t f = 0; f < folds_.size(); ++f) {
      const std::vector<std::size_t> places = places_of_fold(rows_.rows, static_cast<int>(f));
      report_.folds.push_back(described(folds_[f], static_cast<int>(f)));
      for (std::size_t s = 0; s < seeds_.size(); ++s) forecast_by(f, s, places);
    }
  }

  void forecast_by(std::size_t fold, std::size_t s, std::span<const std::size_t> places) {
    const TrainedModel model = open_trained(folder_of_run(folder_, folds_[fold], seeds_[s]), {});
    const OpenedData data = grid_.open(*model.preprocessing);
    const int steps[] = {0, adaptation_steps(std::nullopt, model)};
    const auto outputs = model_outputs(context_, model, data, grid_.phase(), rows_.rows, places, steps);
    scatter(outputs[0], places, before_[s]);
    scatter(outputs[1], places, selected_[s]);
    FoldReport& report = report_.folds.back();
    report.train_tasks = tasks_in(model, "train_tasks");
    report.validation_tasks = tasks_in(model, "validation_tasks");
    report.seeds.push_back({seeds_[s],
                            number_in<std::int64_t>(model.metadata, "selected_iteration").value_or(0),
                            number_in<double>(model.metadata, "validation_loss"), steps[1], model.gate,
                            failed_tasks(selected_[s], static_cast<int>(fold))});
    report_.tasks += report.tasks;
    report_.tasks_failed += report.seeds.back().tasks_failed;
  }

  FoldReport described(const Fold& fold, int number) const {
    FoldReport report{fold.name, fold.from, fold.to, {}, {}, {}, 0, 0, 0, 0, {}};
    report.train_from = fold.config.tasks.table.split.train_from;
    if (fold.keys.empty()) report.validation_from = fold.config.tasks.table.split.validation_from;
    for (const TableKey& key : fold.keys) report.keys.push_back(key.name);
    std::set<std::int32_t> tasks;
    for (std::size_t place = 0; place < rows_.task.size(); ++place)
      if (rows_.rows.fold[place] == number) {
        ++report.rows;
        tasks.insert(rows_.task[place]);
      }
    report.tasks = std::ssize(tasks);
    return report;
  }

  std::int64_t failed_tasks(const std::vector<double>& outputs, int fold) const {
    std::set<std::int32_t> failed;
    for (std::size_t place = 0; place < rows_.task.size(); ++place)
      if (rows_.rows.fold[place] == fold && !std::isfinite(outputs[place * rows_.outputs]))
        failed.insert(rows_.task[place]);
    return std::ssize(failed);
  }

  /// The largest number of steps that a fold takes.
  int most_steps() const {
    int most = 0;
    for (const FoldReport& fold : report_.folds)
      for (const FoldSeed& seed : fold.seeds) most = std::max(most, seed.steps);
    return most;
  }
  bool all_take(int steps) const {
    return std::all_of(report_.folds.begin(), report_.folds.end(), [&](const FoldReport& fold) {
      return std::all_of(fold.seeds.begin(), fold.seeds.end(),
                         [&](const FoldSeed& seed) { return seed.steps == steps; });
    });
  }

  /// The lines of a model: after no step, unless nothing adapts, and after those that the folds take.
  std::vector<LineOutputs> lines_of_model(std::vector<double> before, std::vector<double> selected) const {
    const int most = most_steps();
    std::vector<LineOutputs> lines;
    if (most > 0) lines.push_back({"model", 0, false, std::move(before)});
    lines.push_back({"model", most, true, std::move(selected)});
    return lines;
  }

  /// Where folds take different numbers of steps, each says its own.
  void forget_steps(std::vector<ModelMetrics>& models) const {
    if (all_take(most_steps())) return;
    for (ModelMetrics& model : models)
      if (model.selected) model.steps.reset();
  }

  std::vector<ModelMetrics> table_of(MeasuredLines lines) const {
    std::vector<ModelMetrics> models = measure_lines(std::move(lines.rows), std::move(lines.lines));
    forget_steps(models);
    return models;
  }

  /// The years of the rows that are measured; none where times are numbers that name no year.
  std::vector<GroupMetrics> tables_by_year(const MeasuredLines& lines) const {
    if (config_.tasks.table.time.empty()) return {};
    RowGroups years;
    try {
      years = group_rows(config_.tasks.table, "year");
    } catch (const InvalidArgument&) {
      return {};
    }
    MeasuredGroups groups{"year", std::move(years.names), {}};
    for (const std::int32_t row : lines.rows.row)
      groups.of_row.push_back(years.of_row[static_cast<std::size_t>(row)]);
    std::vector<GroupMetrics> tables = measure_groups(lines.rows, lines.lines, groups);
    for (GroupMetrics& table : tables) forget_steps(table.models);
    return tables;
  }

  void measure() {
    lines_ = lines_of_model(mean_of(before_), mean_of(selected_));
    lines_.insert(lines_.end(), others_.begin(), others_.end());
    add_combinations(config_.backtest.combine, lines_);
    const std::vector<std::size_t> places = measured_places(rows_, lines_);
    report_.rows =
        std::count_if(rows_.rows.fold.begin(), rows_.rows.fold.end(), [](int f) { return f >= 0; });
    report_.measured = std::ssize(places);
    if (places.empty())
      tell_warning(options_.notify, "no row has its target and a forecast by every line of the table");
    MeasuredLines measured = lines_at(rows_, lines_, places);
    report_.groups = tables_by_year(measured);
    report_.models = table_of(std::move(measured));
    for (std::size_t s = 0; s < seeds_.size(); ++s)
      report_.seeds.push_back(
          {seeds_[s], table_of(lines_at(rows_, lines_of_model(before_[s], selected_[s]), places))});
    report_.max_failed_share = config_.evaluate.max_failed_share;
  }

  void write() {
    std::optional<Tails> tails;
    if (has_tails(config_)) {
      tails = tails_of(config_, *data_.table, grid_.phase(), rows_.rows, returns_, lines_);
      report_.risk = assess_tails(*tails, *data_.table, rows_.rows, options_.notify, report_.risk_left_out);
    }
    std::vector<std::string> names, steps;
    names.reserve(report_.folds.size());
    steps.reserve(report_.folds.size());
    for (const FoldReport& fold : report_.folds) {
      names.push_back(fold.name);
      const bool alike = std::all_of(fold.seeds.begin(), fold.seeds.end(), [&](const FoldSeed& seed) {
        return seed.steps == fold.seeds.front().steps;
      });
      steps.push_back(alike ? std::to_string(fold.seeds.front().steps) : "");
    }
    write_backtest_predictions(folder_ / "predictions.csv",
                               {data_, model_, grid_.phase(), rows_.rows, names, steps, rows_.outputs, lines_,
                                tails ? &*tails : nullptr});
    report_.predictions_hash = sha256_of_file(folder_ / "predictions.csv");
    write_file(folder_ / "backtest.json", to_json(report_));
  }

  const RunConfig config_;
  const std::filesystem::path& folder_;
  const BacktestOptions& options_;
  const Grid grid_;
  const Context context_;
  const std::vector<std::int64_t> seeds_;
  std::vector<Fold> folds_, baseline_folds_;
  TrainedModel model_;  ///< configuration and preprocessing of the first fold, without a model
  OpenedData data_;     ///< the grid, opened with these
  BacktestRows rows_;
  std::vector<double> returns_;                         ///< of all rows of the table, for values at risk
  std::vector<std::string> names_;                      ///< of the baselines
  std::vector<LineOutputs> others_;                     ///< baselines and the files of others
  std::vector<std::vector<double>> before_, selected_;  ///< by seed: after no step, and after the selected
  std::vector<LineOutputs> lines_;
  BacktestReport report_;
};

}  // namespace

BacktestReport run_backtest(const RunConfig& config, const std::filesystem::path& folder,
                            const BacktestOptions& options) {
  const FloatEnvironment environment;
  return Backtest(config, folder, options).run();
}

void require_few_failures(const BacktestReport& report) {
  if (report.tasks == 0) return;
  const double share = static_cast<double>(report.tasks_failed) / static_cast<double>(report.tasks);
  if (share > report.max_failed_share)
    throw NumericError(std::to_string(report.tasks_failed) + " of " + std::to_string(report.tasks) +
                       " forecast tasks failed; evaluate.max_failed_share = " +
                       number_text(report.max_failed_share) + " allows no more than that share");
}

}  // namespace shoal
