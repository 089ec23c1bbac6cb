// SPDX-License-Identifier: Apache-2.0
#include "run/prediction_file.hpp"

#include "run/csv_text.hpp"

namespace shoal {

std::string header_of(const PredictionColumns& columns) {
  std::string text;
  for (const std::string& name : columns.keys) text += csv_text(name) + ",";
  text += "task,task_id,row,time,phase,steps";
  for (const std::string& name : columns.targets) text += "," + csv_text(name);
  for (int j = 0; j < columns.outputs; ++j) text += ",output_" + std::to_string(j);
  for (const Response& response : columns.responses) text += "," + csv_text(response.name);
  return text + "\n";
}

template <class Real>
void PredictionLines<Real>::append(const PredictionRow<Real>& row, std::string& text) {
  const PredictedTask& task = row.task;
  if (!at_task_ || id_ != task.id) {
    at_task_ = true;
    id_ = task.id;
    start_.clear();
    for (const std::string& value : task.keys) start_ += csv_text(value) + ",";
    start_ += csv_text(task.name) + "," + std::to_string(task.id) + ",";
  }
  text += start_;
  text +=
      std::to_string(row.row) + "," + csv_text(row.time) + "," + task.phase + "," + std::to_string(row.steps);
  for (const std::string& target : row.targets) text += "," + csv_text(target);
  for (const Real output : row.outputs) text += "," + number_text(output);
  for (std::size_t i = 0; i < row.responses.size(); ++i) {
    const Real value = row.responses[i];
    text += ",";
    if (columns_.responses[i].kind != ResponseKind::label)
      text += number_text(value);
    else if (value >= 0)
      text += csv_text(columns_.classes[static_cast<std::size_t>(value)]);
  }
  text += "\n";
}

Predictions empty_predictions(const PredictionColumns& columns) {
  Predictions predictions;
  predictions.key_names = columns.keys;
  predictions.keys.resize(columns.keys.size());
  predictions.target_names = columns.targets;
  predictions.targets.resize(columns.targets.size());
  predictions.outputs = columns.outputs;
  predictions.responses = columns.responses;
  predictions.class_names = columns.classes;
  return predictions;
}

template <class Real>
void append_row(const PredictionRow<Real>& row, Predictions& predictions) {
  const PredictedTask& task = row.task;
  for (std::size_t i = 0; i < predictions.keys.size(); ++i) predictions.keys[i].push_back(task.keys[i]);
  predictions.task.push_back(task.name);
  predictions.task_id.push_back(task.id);
  predictions.row.push_back(row.row);
  predictions.time.push_back(row.time);
  predictions.phase.push_back(task.phase);
  predictions.steps.push_back(row.steps);
  for (std::size_t i = 0; i < row.targets.size(); ++i) predictions.targets[i].push_back(row.targets[i]);
  predictions.output.insert(predictions.output.end(), row.outputs.begin(), row.outputs.end());
  predictions.response.insert(predictions.response.end(), row.responses.begin(), row.responses.end());
}

template class PredictionLines<float>;
template class PredictionLines<double>;
template void append_row(const PredictionRow<float>&, Predictions&);
template void append_row(const PredictionRow<double>&, Predictions&);

}  // namespace shoal
