// SPDX-License-Identifier: Apache-2.0
#include "run/prediction_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "run/csv_text.hpp"

namespace shoal {
namespace {

/// Names of the target columns; numbers when the model was not trained on a table.
std::vector<std::string> target_names(const OpenedData& data, const TrainedModel& model) {
  if (model.preprocessing) return model.preprocessing->options.targets;
  std::vector<std::string> names;
  for (int t = 0; t < std::max(1, data.source->columns().targets); ++t) names.push_back(std::to_string(t));
  return names;
}

/// Names of the classes; numbers for outputs beyond the classes of the data.
std::vector<std::string> class_names(const TrainedModel& model, int outputs) {
  std::vector<std::string> names;
  if (model.config.loss.kind != LossKind::softmax) return names;
  if (model.preprocessing) names = model.preprocessing->labels;
  while (names.size() < static_cast<std::size_t>(outputs)) names.push_back(std::to_string(names.size()));
  return names;
}

/// Gives all columns different names. A key column whose name is taken gets the prefix "key.".
PredictionColumns columns_of(const OpenedData& data, const std::vector<std::string>& targets, int outputs,
                             const Responses& responses, std::vector<std::string> classes) {
  PredictionColumns columns{data.table ? data.options.key : std::vector<std::string>{}, targets, outputs,
                            responses.columns(), std::move(classes)};
  std::set<std::string> taken = {"task", "task_id", "row", "time", "phase", "steps"};
  for (std::string& name : columns.targets) name = targets.size() > 1 ? "target_" + name : "target";
  taken.insert(columns.targets.begin(), columns.targets.end());
  for (int j = 0; j < outputs; ++j) taken.insert("output_" + std::to_string(j));
  for (const Response& response : columns.responses) taken.insert(response.name);
  for (std::string& name : columns.keys)
    while (!taken.insert(name).second) name = "key." + name;
  return columns;
}

}  // namespace

PredictionTable::PredictionTable(const OpenedData& data, const TrainedModel& model, int outputs)
    : data_(data),
      loss_(model.config.loss),
      responses_(model.config.loss, outputs, target_names(data, model), class_names(model, outputs)) {
  const std::vector<std::string> targets = target_names(data, model);
  columns_ = columns_of(data, targets, outputs, responses_, class_names(model, outputs));
  targets_.resize(targets.size());
  if (data.table) {
    for (std::size_t t = 0; t < targets.size(); ++t) target_texts_.push_back(data.table->target_texts(t));
  } else if (data.tasks) {
    std::visit(
        [&](const auto& tasks) {
          for (std::size_t t = 0; t < tasks.ids().size(); ++t) task_index_[tasks.ids()[t]] = t;
        },
        *data.tasks);
  }
}

std::vector<std::size_t> PredictionTable::ranks(std::span<const std::int64_t> task_ids) const {
  if (data_.table) return data_.table->key_ranks(task_ids);
  std::vector<std::size_t> order(task_ids.size()), ranks(task_ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return task_ids[a] < task_ids[b]; });
  for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = i;
  return ranks;
}

std::pair<std::int32_t, std::int64_t> PredictionTable::time_and_row(std::int64_t task_id,
                                                                    std::int64_t query) const {
  if (!data_.table) return {0, query};
  const std::int64_t row = data_.table->query_rows(task_id)[static_cast<std::size_t>(query)];
  return {data_.table->time_rank(row), row};
}

void PredictionTable::enter(std::int64_t task_id) {
  if (at_task_ && task_.id == task_id) return;
  at_task_ = true;
  task_.id = task_id;
  if (data_.table) task_.keys = data_.table->key_values(task_id);
  task_.name = data_.key_of(task_id);
  task_.phase = data_.run.phase_of(task_id);
}

std::string PredictionTable::target_text(std::size_t target, std::int64_t query) const {
  return std::visit(
      [&](const auto& tasks) -> std::string {
        const std::size_t place = task_index_.at(task_.id);
        const auto row = static_cast<std::size_t>(tasks.query().row_starts[place] + query);
        if (tasks.columns().targets == 0) {  // the class is written as in `label`
          const auto label = static_cast<std::size_t>(tasks.query().labels[row]);
          return label < columns_.classes.size() ? columns_.classes[label] : std::to_string(label);
        }
        const auto value = tasks.query().y[row * targets_.size() + target];
        return std::isnan(value) ? "" : number_text(value);
      },
      *data_.tasks);
}

template <class Real>
PredictionRow<Real> PredictionTable::row(std::int64_t task_id, std::int64_t query, int steps,
                                         std::span<const Real> outputs, std::span<Real> responses) {
  enter(task_id);
  const std::int64_t row = time_and_row(task_id, query).second;
  for (std::size_t t = 0; t < targets_.size(); ++t)
    if (data_.table)
      targets_[t] = target_texts_[t][static_cast<std::size_t>(row)];
    else
      targets_[t] = target_text(t, query);
  responses_.of_row(outputs, responses);
  return {task_, row, data_.table ? data_.table->time_of(row) : "", steps, targets_, outputs, responses};
}

template PredictionRow<float> PredictionTable::row(std::int64_t, std::int64_t, int, std::span<const float>,
                                                   std::span<float>);
template PredictionRow<double> PredictionTable::row(std::int64_t, std::int64_t, int, std::span<const double>,
                                                    std::span<double>);

}  // namespace shoal
