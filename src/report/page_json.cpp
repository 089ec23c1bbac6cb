// SPDX-License-Identifier: Apache-2.0
#include "report/page_json.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include <shoal/quoted_text.hpp>

namespace shoal::report {
namespace {

using Json = nlohmann::ordered_json;

Json json_value(double number) {
  return std::isfinite(number) ? Json(number) : Json(nullptr);
}

Json json_value(const Value& value) {
  if (const auto* count = std::get_if<std::int64_t>(&value)) return *count;
  if (const auto* number = std::get_if<double>(&value)) return json_value(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return nullptr;
}

Json json_values(const std::vector<double>& numbers) {
  Json list = Json::array();
  for (const double number : numbers) list.push_back(json_value(number));
  return list;
}

Json json_table(const Table& table) {
  Json list = Json::array();
  for (const std::vector<Value>& row : table.rows) {
    Json object = Json::object();
    for (std::size_t i = 0; i < table.columns.size(); ++i) object[table.columns[i].id] = json_value(row[i]);
    list.push_back(std::move(object));
  }
  return list;
}

Json json_chart(const Chart& chart) {
  Json json = {{"x", chart.x_title}, {"y", chart.y_title}};
  if (!chart.categories.empty()) json["categories"] = chart.categories;
  Json list = Json::array();
  for (const Series& series : chart.series) {
    Json one = {{"name", series.name}};
    if (!series.x.empty()) one["x"] = json_values(series.x);
    one["y"] = json_values(series.y);
    if (!series.half_width.empty()) one["half_width"] = json_values(series.half_width);
    list.push_back(std::move(one));
  }
  json["series"] = std::move(list);
  return json;
}

Json json_section(const Section& section) {
  Json json = {{"title", section.title}, {"text", Json::array()}};
  for (const Block& block : section.blocks) {
    if (const auto* paragraph = std::get_if<Paragraph>(&block)) json["text"].push_back(paragraph->text);
    if (const auto* table = std::get_if<Table>(&block)) json[table->id] = json_table(*table);
    if (const auto* chart = std::get_if<Chart>(&block)) json[chart->id] = json_chart(*chart);
    if (const auto* listing = std::get_if<Listing>(&block)) json[listing->id] = listing->text;
  }
  return json;
}

}  // namespace

std::string json_of(const Page& page) {
  Json json = {{"title", page.title}};
  for (const Section& section : page.sections) json[section.id] = json_section(section);
  return printable_json(json.dump(1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace shoal::report
