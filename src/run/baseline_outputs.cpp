// SPDX-License-Identifier: Apache-2.0
#include "run/baseline_outputs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/target_units.hpp>

#include "run/forecast_file.hpp"
#include "run/garch_baseline.hpp"
#include "run/linear_baselines.hpp"
#include "run/pooled_baseline.hpp"

namespace shoal {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int most_inputs_of_auto = 40;  // the cost of empirical-bayes grows with their cube

bool is_garch(std::string_view name) {
  return name == "garch" || name == "gjr";
}

/// The training is the run's own, whatever its options say now.
RunConfig pooled_config_of(const TrainedModel& model) {
  RunConfig config = model.config;
  config.train = model.trained.train;
  return pooled_config(std::move(config));
}

class Collector {
 public:
  Collector(const TrainedModel& model, const OpenedData& data, const OpenedData& train,
            const TaskBatch64& tasks, const Context& context, const Notify& notify)
      : context_(context),
        notify_(notify),
        model_(model),
        data_(data),
        tasks_(tasks),
        units_(data.source->target_units()),
        train_(train),
        loss_(scaled_loss(model.config.loss, units_)) {}

  std::vector<std::string> names_of(const BaselineRequest& request) {
    if (request.names == std::vector<std::string>{"auto"}) return automatic();
    if (request.names == std::vector<std::string>{"none"}) return {};
    return request.names;
  }

  std::vector<std::string> automatic() {
    std::vector<std::string> names;
    const SplitOptions& split = model_.config.tasks.table.split;
    for (const std::string_view name : baseline_names()) {
      const bool garch = is_garch(name) && data_.table && split.by == "time" &&
                         !model_.config.risk.return_column.empty() && loss_.kind == LossKind::qlike;
      const bool small = name != "empirical-bayes" || tasks_.columns().inputs <= most_inputs_of_auto;
      if (garch || (linear().has(name) && small)) names.emplace_back(name);
    }
    return names;
  }

  void add(const std::string& name) {
    if (is_pooled(name)) return collected_.push_back({name, pooled().outputs(name, tasks_)});
    if (!is_garch(name)) return put(name, linear().outputs(name, tasks_));
    if (loss_.kind != LossKind::qlike || tasks_.columns().targets != 1)
      throw InvalidArgument("baseline " + name +
                            ": forecasts a variance; it needs loss qlike with one target");
    RunConfig config = model_.config;
    if (!data_.table) throw InvalidArgument("baseline " + name + ": the tasks are no rows of a table");
    config.tasks.table.path = data_.options.path;
    const GarchForecasts forecasts =
        garch_forecasts(name == "gjr" ? GarchKind::gjr : GarchKind::garch, config, "");
    forecasts.tell_unfitted(name, notify_);
    auto outputs = forecasts.by_row();
    for (auto& [row, value] : outputs) value = std::log(value);
    add_by_row(name, outputs);
  }

  void add(const ForecastFile& forecasts) {
    if (!data_.table)
      throw InvalidArgument("--compare " + forecasts.name + ": the tasks are no rows of a table");
    if (tasks_.columns().targets != 1)
      throw InvalidArgument("--compare " + forecasts.name + ": there are several targets");
    auto outputs = outputs_in(forecasts, model_.config.loss);
    if (units_.scale())
      for (auto& [row, value] : outputs) value = (value - units_.mean[0]) / units_.deviation[0];
    add_by_row(forecasts.name, outputs);
  }

  std::vector<BaselineOutputs> take() { return std::move(collected_); }

 private:
  LinearBaselines& linear() {
    if (!linear_) linear_.emplace(loss_, *train_.source, model_.config.evaluate.tasks);
    return *linear_;
  }

  PooledBaseline& pooled() {
    if (!pooled_) pooled_.emplace(context_, pooled_config_of(model_), train_);
    return *pooled_;
  }

  /// Outputs that are known by row of the table, in the learner's units.
  void add_by_row(const std::string& name, const std::map<std::int64_t, double>& by_row) {
    std::vector<double> outputs;
    for (const std::int64_t id : tasks_.ids())
      for (const std::int32_t row : data_.table->query_rows(id)) {
        const auto found = by_row.find(row);
        outputs.push_back(found == by_row.end() ? nan : found->second);
      }
    if (!has_a_whole_task(outputs))
      throw DataError(data_.file + ": " + quoted_text(name) +
                      " has a forecast for every query row of no task");
    put(name, std::move(outputs));
  }

  bool has_a_whole_task(std::span<const double> outputs) const {
    const auto& starts = tasks_.query().row_starts;
    for (std::size_t t = 0; t + 1 < starts.size(); ++t)
      if (std::none_of(outputs.begin() + starts[t], outputs.begin() + starts[t + 1],
                       [](double value) { return std::isnan(value); }))
        return true;
    return false;
  }

  void put(const std::string& name, std::vector<double> outputs) {
    outputs_to_user_units<double>(model_.config.loss, units_, outputs);
    collected_.push_back({name, std::move(outputs)});
  }

  const Context& context_;
  const Notify& notify_;
  const TrainedModel& model_;
  const OpenedData& data_;
  const TaskBatch64& tasks_;
  const TargetUnits& units_;
  const OpenedData& train_;
  Loss loss_;
  std::optional<LinearBaselines> linear_;  ///< once one is asked for
  std::optional<PooledBaseline> pooled_;   ///< the same
  std::vector<BaselineOutputs> collected_;
};

}  // namespace

std::vector<std::string_view> baseline_names() {
  return {"constant", "offset",       "linear", "linear-bias", "empirical-bayes",
          "pooled",   "pooled-tuned", "garch",  "gjr"};
}

void require_known(const BaselineRequest& request) {
  const auto known = baseline_names();
  std::vector<std::string> taken = {"model"};
  for (const std::string& name : request.names) {
    if ((name == "auto" || name == "none") && request.names.size() == 1) continue;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::vector<std::string> names(known.begin(), known.end());
      std::string list = "auto, none";
      for (const std::string& one : names) list += ", " + one;
      throw InvalidArgument("--baselines: there is no baseline " + quoted_text(name) +
                            did_you_mean(name, names) + "; known: " + list);
    }
    if (std::find(taken.begin(), taken.end(), name) != taken.end())
      throw InvalidArgument("--baselines: " + name + " is named twice");
    taken.push_back(name);
  }
  for (const std::string_view name : known) taken.emplace_back(name);
  for (const ForecastFile& forecasts : request.forecasts) {
    if (std::find(taken.begin(), taken.end(), forecasts.name) != taken.end())
      throw InvalidArgument("--compare: the name " + quoted_text(forecasts.name) + " is taken");
    taken.push_back(forecasts.name);
  }
}

std::vector<std::string> names_of(const BaselineRequest& request, const TrainedModel& model,
                                  const OpenedData& data, const OpenedData& train, const TaskBatch64& tasks,
                                  const Context& context) {
  return Collector(model, data, train, tasks, context, {}).names_of(request);
}

std::vector<BaselineOutputs> baseline_outputs(const BaselineRequest& request, const TrainedModel& model,
                                              const OpenedData& data, const OpenedData& train,
                                              const TaskBatch64& tasks, const Context& context,
                                              const Notify& notify) {
  Collector collector(model, data, train, tasks, context, notify);
  for (const std::string& name : collector.names_of(request)) collector.add(name);
  for (const ForecastFile& forecasts : request.forecasts) collector.add(forecasts);
  return collector.take();
}

}  // namespace shoal
