// SPDX-License-Identifier: Apache-2.0
#include "report_table.hpp"

#include <algorithm>

#include "figures.hpp"
#include "shapes.hpp"
#include "terminal.hpp"

namespace shoal::bench {
namespace {

constexpr int gap = 2;
constexpr int short_work_width = 8;
const std::string none = "-";

std::string short_work(const std::string& work) {
  return work.starts_with("meta_") ? work.substr(5) : work;
}

}  // namespace

Table::Table(int width, bool coloured, bool device) : width_(width), coloured_(coloured) {
  columns_ = {{"shape", 7, true, 0},   {"tasks", 5, false, 0},     {"work", 13, true, 0},
              {"backend", 9, true, 0}, {"time/call", 9, false, 5}, {"tasks/s", 10, false, 0},
              {"% peak", 6, false, 0}, {"% kernels", 9, false, 4}, {"x ref", 8, false, 2},
              {"x other", 8, false, 3}};
  if (!device) std::erase_if(columns_, [](const Column& c) { return c.title == "% kernels"; });
  if (total_width() > width_) {
    short_names_ = true;
    for (Column& column : columns_)
      if (column.title == "work") column.width = short_work_width;
  }
  while (total_width() > width_) {
    const auto least = std::max_element(columns_.begin(), columns_.end(),
                                        [](const Column& a, const Column& b) { return a.drop < b.drop; });
    if (least->drop == 0) break;
    columns_.erase(least);
  }
}

int Table::total_width() const {
  int total = -gap;
  for (const Column& column : columns_) total += column.width + gap;
  return total;
}

bool Table::has(std::string_view title) const {
  return std::any_of(columns_.begin(), columns_.end(), [&](const Column& c) { return c.title == title; });
}

std::string Table::line(const std::vector<std::string>& cells) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Column& column = columns_[i];
    const std::string blanks(
        static_cast<std::size_t>(std::max(0, column.width - static_cast<int>(cells[i].size()))), ' ');
    if (i > 0) text += std::string(gap, ' ');
    text += column.left ? cells[i] + blanks : blanks + cells[i];
  }
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string Table::header() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  return styled(shortened(line(titles), width_), Style::bold, coloured_) + "\n";
}

std::string Table::cell(const std::string& title, const Result& row, const Results& results) const {
  if (title == "shape") return row.name.shape;
  if (title == "tasks") return std::to_string(row.name.tasks);
  if (title == "work") return short_names_ ? short_work(row.name.work) : row.name.work;
  if (title == "backend") return row.name.backend;
  if (title == "time/call") return duration(row.call_seconds);
  if (title == "tasks/s") return figure(row.tasks_per_second);
  if (title == "% peak") return row.peak_share ? percent(*row.peak_share) : none;
  if (title == "% kernels") return row.kernel_share ? percent(*row.kernel_share) : none;
  if (title == "x ref") {
    const auto ratio = results.times_reference(row);
    return ratio ? (ratio->scaled ? "~" : "") + figure(ratio->value) : none;
  }
  const auto ratio = results.times_best_other(row);
  return ratio ? figure(*ratio) : none;
}

std::string Table::block(const std::vector<const Result*>& rows, const Results& results) const {
  std::string text = wrapped(shape_in_words(rows.front()->name.shape), width_, 2);
  text = styled(text.substr(0, text.size() - 1), Style::dim, coloured_) + "\n";
  for (const Result* row : rows) {
    std::vector<std::string> cells;
    if (row->failed()) {
      for (const Column& column : columns_) {
        cells.push_back(cell(column.title, *row, results));
        if (column.title == "backend") break;
      }
      text +=
          styled(shortened(line(cells) + "  failed: " + row->error, width_), Style::bad, coloured_) + "\n";
      continue;
    }
    for (const Column& column : columns_) cells.push_back(cell(column.title, *row, results));
    const auto over_other = results.times_best_other(*row);
    const bool fastest = over_other && *over_other > 1.0;
    text += styled(shortened(line(cells), width_), fastest ? Style::good : Style::plain, coloured_) + "\n";
  }
  return text;
}

std::string shape_in_words(std::string_view name) {
  const Shape& shape = shape_named(name);
  const std::string layer = std::to_string(shape.hidden), rows = std::to_string(shape.rows);
  const double flops = shape.flops_per_task();
  const auto scaled = [&](double unit, const char* prefix) { return figure(flops / unit) + prefix + "flop"; };
  return std::string(name) + ": " + std::to_string(shape.inputs) + "-" + layer + "-" + layer + "-" +
         std::to_string(shape.outputs) + (shape.activation == Activation::relu ? " relu" : " tanh") + ", " +
         rows + " + " + rows + " rows, " + counted(shape.steps, "inner step") + ", " +
         (flops < 1e6   ? scaled(1e3, " k")
          : flops < 1e9 ? scaled(1e6, " M")
                        : scaled(1e9, " G")) +
         " a task";
}

}  // namespace shoal::bench
