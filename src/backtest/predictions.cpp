// SPDX-License-Identifier: Apache-2.0
#include "backtest/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <shoal/tensor_file.hpp>

#include "run/csv_text.hpp"
#include "run/prediction_table.hpp"

namespace shoal {
namespace {

/// Empty where there is no value; what single precision holds is written in its digits.
std::string cell(double value) {
  if (std::isnan(value)) return "";
  const auto single = static_cast<float>(value);
  return static_cast<double>(single) == value ? number_text(single) : number_text(value);
}

/// The model's selected line comes first, then those of others; its other steps are in no column.
std::vector<const LineOutputs*> shown_lines(const std::vector<LineOutputs>& lines) {
  std::vector<const LineOutputs*> shown;
  for (const LineOutputs& line : lines)
    if (line.selected || !line.steps) shown.push_back(&line);
  return shown;
}

std::string prefix_of(const std::string& line) {
  return line == "model" ? "" : line + ".";
}

class Writer {
 public:
  explicit Writer(const BacktestPredictions& from)
      : from_(from),
        table_(from.grid, from.model, static_cast<int>(from.width)),
        lines_(shown_lines(from.lines)) {}

  std::string header() const {
    const PredictionColumns& columns = table_.columns();
    std::vector<std::string> names = {"task", "task_id", "row", "time", "phase", "fold", "steps"};
    names.insert(names.end(), columns.targets.begin(), columns.targets.end());
    for (int j = 0; j < columns.outputs; ++j) names.push_back("output_" + std::to_string(j));
    for (const LineOutputs* line : lines_)
      for (const Response& response : columns.responses)
        names.push_back(prefix_of(line->name) + response.name);
    if (from_.tails)
      for (const TailLine& line : from_.tails->lines)
        for (const double level : from_.tails->levels)
          for (const char* what : {"var", "es"})
            if (line.has_shortfall || what[0] == 'v')
              names.push_back(prefix_of(line.name) + what + "_" + number_text(level));
    std::set<std::string> taken(names.begin(), names.end());
    std::string text;
    for (std::string key : columns.keys) {
      while (!taken.insert(key).second) key = "key." + key;
      text += csv_text(key) + ",";
    }
    for (std::size_t i = 0; i < names.size(); ++i) text += (i > 0 ? "," : "") + csv_text(names[i]);
    return text + "\n";
  }

  std::string line(std::size_t place) {
    const ForecastRow& at = from_.rows.rows[place];
    const auto fold = static_cast<std::size_t>(from_.rows.fold[place]);
    std::string text;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      std::vector<double> responses(table_.columns().responses.size());
      const auto row =
          table_.row<double>(at.task, at.query, 0, outputs_of(*lines_[i], place), std::span(responses));
      if (i == 0) {
        for (const std::string& key : row.task.keys) text += csv_text(key) + ",";
        text += csv_text(row.task.name) + "," + std::to_string(row.task.id) + "," + std::to_string(row.row) +
                "," + csv_text(row.time) + "," + std::string(to_string(from_.phase)) + "," +
                csv_text(from_.fold_names[fold]) + "," + from_.fold_steps[fold];
        for (const std::string& target : row.targets) text += "," + csv_text(target);
        for (const double output : row.outputs) text += "," + cell(output);
      }
      for (std::size_t j = 0; j < responses.size(); ++j) text += "," + response_cell(j, responses[j]);
    }
    return text + tail_cells(place) + "\n";
  }

 private:
  std::span<const double> outputs_of(const LineOutputs& line, std::size_t place) const {
    return std::span(line.outputs).subspan(place * from_.width, from_.width);
  }

  std::string response_cell(std::size_t column, double value) const {
    if (table_.columns().responses[column].kind != ResponseKind::label || std::isnan(value))
      return cell(value);
    return value < 0.0 ? "" : csv_text(table_.columns().classes[static_cast<std::size_t>(value)]);
  }

  std::string tail_cells(std::size_t place) const {
    std::string text;
    if (!from_.tails) return text;
    const std::size_t levels = from_.tails->levels.size();
    for (const TailLine& line : from_.tails->lines)
      for (std::size_t level = 0; level < levels; ++level) {
        const TailForecast& tail = line.tails[place * levels + level];
        text += "," + cell(tail.var);
        if (line.has_shortfall) text += "," + cell(tail.es);
      }
    return text;
  }

  const BacktestPredictions& from_;
  PredictionTable table_;
  std::vector<const LineOutputs*> lines_;
};

}  // namespace

void write_backtest_predictions(const std::filesystem::path& file, const BacktestPredictions& predictions) {
  constexpr std::size_t piece = std::size_t{1} << 20;  // bytes per write
  Writer writer(predictions);
  write_file(file, [&](const PutText& put) {
    std::string text = writer.header();
    for (std::size_t place = 0; place < predictions.rows.rows.size(); ++place) {
      if (predictions.rows.fold[place] < 0) continue;
      text += writer.line(place);
      if (text.size() < piece) continue;
      put(text);
      text.clear();
    }
    put(text);
  });
}

}  // namespace shoal
