// SPDX-License-Identifier: Apache-2.0
// Page: a report as plain data: sections of paragraphs, tables and charts. page_html.hpp and page_json.hpp
// write it, so that both show the same values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace shoal::report {

/// A cell of a table; nothing where a value is not defined.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

/// How the page shows the numbers of a column: with four significant digits, as a share of 100 %, or as a
/// p-value.
enum class Show { plain, percent, p_value };

struct Column {
  std::string id;     ///< its name in the JSON
  std::string title;  ///< its name on the page
  Show show = Show::plain;
};

struct Table {
  std::string id, title;
  std::vector<Column> columns;
  std::vector<std::vector<Value>> rows;  ///< [rows][columns]
  std::string note = {};                 ///< a sentence below the table; empty: none
};

/// line: points joined by lines. step: the same for curves between 0 and 1, with the diagonal. bar: y by
/// category, with whiskers. span: from x to y by category, a bar of time.
enum class Shape { line, step, bar, span };

struct Series {
  std::string name;
  std::vector<double> x;  ///< bar: empty. A value that is NaN is left out
  std::vector<double> y;
  std::vector<double> half_width = {};  ///< bar: of the whiskers; empty: none
};

struct Chart {
  std::string id, title, x_title, y_title;
  Shape shape = Shape::line;
  std::vector<std::string> categories = {};  ///< of bars and spans
  std::vector<Series> series = {};
};

struct Paragraph {
  std::string text;
  bool warning = false;
};

/// A text as it stands in a file, in a box that opens.
struct Listing {
  std::string id, title, text;
};

using Block = std::variant<Paragraph, Table, Chart, Listing>;

struct Section {
  std::string id, title;
  std::vector<Block> blocks = {};

  void say(std::string text) { blocks.emplace_back(Paragraph{std::move(text)}); }
  void warn(std::string text) { blocks.emplace_back(Paragraph{std::move(text), true}); }
};

struct Page {
  std::string title;
  std::vector<Section> sections;
};

}  // namespace shoal::report
