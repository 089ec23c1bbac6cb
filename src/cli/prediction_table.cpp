// SPDX-License-Identifier: Apache-2.0
#include "cli/prediction_table.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include "cli/csv_text.hpp"

namespace shoal::cli {
namespace {

/// Names of the model's target columns; numbers for tasks that have none.
std::vector<std::string> target_names(const OpenedData& data, const TrainedModel& model) {
  if (model.preprocessing) return model.preprocessing->options.targets;
  std::vector<std::string> names;
  for (int t = 0; t < std::max(1, data.source->columns().targets); ++t) names.push_back(std::to_string(t));
  return names;
}

/// Names of the classes; a model may have more outputs than its data had classes.
std::vector<std::string> class_names(const TrainedModel& model, int outputs) {
  std::vector<std::string> names;
  if (model.config.loss.kind != LossKind::softmax) return names;
  if (model.preprocessing) names = model.preprocessing->labels;
  while (names.size() < static_cast<std::size_t>(outputs)) names.push_back(std::to_string(names.size()));
  return names;
}

}  // namespace

PredictionTable::PredictionTable(const OpenedData& data, const TrainedModel& model, int outputs)
    : data_(data),
      loss_(model.config.loss),
      keys_(data.table ? data.options.key : std::vector<std::string>{}),
      targets_(target_names(data, model)),
      classes_(class_names(model, outputs)),
      responses_(model.config.loss, outputs, targets_, classes_),
      outputs_(outputs) {
  std::set<std::string> taken = {"task", "task_id", "row", "time", "phase", "steps"};
  for (std::string& name : targets_) name = targets_.size() > 1 ? "target_" + name : "target";
  taken.insert(targets_.begin(), targets_.end());
  for (int j = 0; j < outputs; ++j) taken.insert("output_" + std::to_string(j));
  for (const Response& response : responses_.columns()) taken.insert(response.name);
  for (std::string& name : keys_)
    while (!taken.insert(name).second) name = "key." + name;
  if (data.table) {
    for (std::size_t t = 0; t < targets_.size(); ++t) target_texts_.push_back(data.table->target_texts(t));
  } else if (data.tasks) {
    std::visit(
        [&](const auto& tasks) {
          for (std::size_t t = 0; t < tasks.ids().size(); ++t) task_place_[tasks.ids()[t]] = t;
        },
        *data.tasks);
  }
}

std::string PredictionTable::header() const {
  std::string text;
  for (const std::string& name : keys_) text += csv_text(name) + ",";
  text += "task,task_id,row,time,phase,steps";
  for (const std::string& name : targets_) text += "," + csv_text(name);
  for (int j = 0; j < outputs_; ++j) text += ",output_" + std::to_string(j);
  for (const Response& response : responses_.columns()) text += "," + csv_text(response.name);
  return text + "\n";
}

std::vector<std::size_t> PredictionTable::places(std::span<const std::int64_t> task_ids) const {
  if (data_.table) return data_.table->key_places(task_ids);
  std::vector<std::size_t> order(task_ids.size()), places(task_ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return task_ids[a] < task_ids[b]; });
  for (std::size_t i = 0; i < order.size(); ++i) places[order[i]] = i;
  return places;
}

std::pair<std::int32_t, std::int64_t> PredictionTable::time_and_row(std::int64_t task_id,
                                                                    std::int64_t query) const {
  if (!data_.table) return {0, query};
  const std::int64_t row = data_.table->query_rows(task_id)[static_cast<std::size_t>(query)];
  return {data_.table->time_place(row), row};
}

void PredictionTable::turn_to(std::int64_t task_id) {
  if (at_task_ && task_ == task_id) return;
  task_ = task_id;
  at_task_ = true;
  start_.clear();
  if (data_.table)
    for (const std::string& value : data_.table->key_values(task_id)) start_ += csv_text(value) + ",";
  start_ += csv_text(data_.key_of(task_id)) + "," + std::to_string(task_id) + ",";
  phase_ = data_.run.phase_of(task_id);
}

std::string PredictionTable::target_text(std::size_t target, std::int64_t query) const {
  return std::visit(
      [&](const auto& tasks) -> std::string {
        const std::size_t place = task_place_.at(task_);
        const auto row = static_cast<std::size_t>(tasks.query().offsets[place] + query);
        if (tasks.columns().targets == 0) {  // named as `label` is
          const auto label = static_cast<std::size_t>(tasks.query().labels[row]);
          return label < classes_.size() ? csv_text(classes_[label]) : std::to_string(label);
        }
        const auto value = tasks.query().y[row * targets_.size() + target];
        return std::isnan(value) ? "" : number_text(value);
      },
      *data_.tasks);
}

template <class Real>
std::string PredictionTable::line(std::int64_t task_id, std::int64_t query, int steps,
                                  std::span<const Real> outputs) {
  turn_to(task_id);
  const std::int64_t row = time_and_row(task_id, query).second;
  std::string text = start_ + std::to_string(row) + ",";
  if (data_.table) text += csv_text(data_.table->time_of(row));
  text += "," + phase_ + "," + std::to_string(steps);
  for (std::size_t t = 0; t < targets_.size(); ++t)
    text += "," +
            (data_.table ? csv_text(target_texts_[t][static_cast<std::size_t>(row)]) : target_text(t, query));
  for (const Real output : outputs) text += "," + number_text(output);
  std::vector<Real> values(responses_.columns().size());
  responses_.of_row(outputs, std::span<Real>(values));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool is_label = responses_.columns()[i].kind == ResponseKind::label;
    if (!is_label)
      text += "," + number_text(values[i]);
    else
      text += "," + (values[i] >= 0 ? csv_text(classes_[static_cast<std::size_t>(values[i])]) : "");
  }
  return text + "\n";
}

template std::string PredictionTable::line(std::int64_t, std::int64_t, int, std::span<const float>);
template std::string PredictionTable::line(std::int64_t, std::int64_t, int, std::span<const double>);

}  // namespace shoal::cli
