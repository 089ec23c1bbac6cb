// SPDX-License-Identifier: Apache-2.0
#include "data/random_columns.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>

namespace shoal::testing {
namespace {

int draw(std::mt19937_64& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<std::uint64_t>(high - low + 1));
}
bool one_in(std::mt19937_64& random, int count) {
  return draw(random, 1, count) == 1;
}
template <class Values>
auto one_of(std::mt19937_64& random, const Values& values) {
  return values[static_cast<std::size_t>(draw(random, 0, static_cast<int>(std::size(values)) - 1))];
}

std::string number(std::mt19937_64& random, bool whole) {
  if (whole || one_in(random, 4)) return std::to_string(draw(random, -3, 12));
  const double value =
      (static_cast<double>(random() >> 11) * 0x1p-53 - 0.3) * std::pow(10.0, draw(random, -7, 7));
  return digits_of(value);
}

/// Writes a number as text files do, in the format of the options.
std::string spelled(std::mt19937_64& random, const TableFormat& format, std::string text) {
  if (one_in(random, 6) && text[0] != '-') text = "+" + text;
  if (one_in(random, 6) && text.find('.') == std::string::npos && text.find('e') == std::string::npos)
    text += ".50";
  std::replace(text.begin(), text.end(), '.', format.decimal[0]);
  if (!format.units.empty() && one_in(random, 3)) text += " " + format.units[0];
  return one_in(random, 6) ? " " + text + "\t" : text;
}

CellColumn number_column(std::mt19937_64& random, const TableFormat& format, const std::string& name,
                         std::size_t rows, bool may_be_doubles, bool positive = false) {
  CellColumn column{name, may_be_doubles && one_in(random, 2), {}};
  const bool whole = one_in(random, 4);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::string text = positive ? digits_of(0.25 * draw(random, 1, 60)) : number(random, whole);
    column.cells.push_back(column.as_numbers ? text : spelled(random, format, text));
  }
  return column;
}

CellColumn text_column(std::mt19937_64& random, const std::string& name, std::size_t rows,
                       const std::vector<std::string>& words) {
  CellColumn column{name, false, {}};
  for (std::size_t row = 0; row < rows; ++row) column.cells.push_back(one_of(random, words));
  return column;
}

/// Times of rows with these keys; they differ within a key if windows need an order.
CellColumn time_column(std::mt19937_64& random, const std::vector<std::string>& keys, bool different) {
  CellColumn column{"t", false, {}};
  const int layout = draw(random, 0, 3);
  column.as_numbers = layout < 2 && one_in(random, 2);
  const int range = static_cast<int>(keys.size()) * 2;
  std::vector<int> at;
  for (std::size_t row = 0; row < keys.size(); ++row) {
    int time = draw(random, 0, different ? range : 12);
    const auto taken = [&] {
      for (std::size_t r = 0; r < row; ++r)
        if (keys[r] == keys[row] && at[r] == time) return true;
      return false;
    };
    while (different && taken()) time = (time + 1) % (range + 1);
    at.push_back(time);
    const std::string two = std::to_string(10 + time % 18), month = std::to_string(10 + time / 18 % 3),
                      year = std::to_string(2000 + time / 54);
    column.cells.push_back(layout == 0   ? std::to_string(99990 + 5 * time)
                           : layout == 1 ? year + month + two  // eight digits: days
                           : layout == 2 ? year + "-" + month + "-" + two
                                         : year + "-" + month + "-" + two + "T05:00");
  }
  return column;
}

void choose_targets(RandomColumns& table, std::mt19937_64& random, std::size_t rows, bool may_be_doubles) {
  TableOptions& o = table.options;
  o.targets = {"y"};
  switch (draw(random, 0, 4)) {
    case 0:  // class labels, some of them digits
      table.target = TargetType::label;
      table.columns.push_back(one_in(random, 2) ? text_column(random, "y", rows, {"b", "a", "10", "é, \"c\""})
                                                : text_column(random, "y", rows, {"0", "1", "2"}));
      if (may_be_doubles && table.columns.back().cells[0].size() == 1)
        table.columns.back().as_numbers =
            std::all_of(table.columns.back().cells.begin(), table.columns.back().cells.end(),
                        [](const std::string& cell) { return cell[0] >= '0' && cell[0] <= '9'; });
      o.stratify = o.time.empty() && one_in(random, 2);
      break;
    case 1:  // two words, one of which counts as 1
      table.target = {.words = true, .domain = Loss{.kind = LossKind::bce}.domain()};
      table.columns.push_back(text_column(random, "y", rows, {"good", "bad"}));
      o.positive = one_in(random, 5) ? "" : "bad";
      break;
    case 2:  // numbers of a loss that needs targets above zero
      table.target = TargetType::positive;
      table.columns.push_back(number_column(random, o.format, "y", rows, may_be_doubles, true));
      o.offset = "o";
      table.columns.push_back(number_column(random, o.format, "o", rows, may_be_doubles));
      break;
    default:
      table.target = {.scaling = one_in(random, 2) ? TargetScaling::own : TargetScaling::shared};
      o.targets = {"y", "y2"};
      o.scale_targets =
          one_of(random, std::vector{ScaleTargets::automatic, ScaleTargets::on, ScaleTargets::off});
      for (const std::string& name : o.targets)
        table.columns.push_back(number_column(random, o.format, name, rows, may_be_doubles));
  }
}

void choose_format(TableFormat& format, std::mt19937_64& random) {
  if (one_in(random, 3)) format.missing_words = {"-3", "unknown", "inf"};
  if (one_in(random, 5)) format.units = {"%"};
  if (one_in(random, 6)) format.decimal = ",";
}

}  // namespace

std::string digits_of(double value) {
  if (value == std::trunc(value) && std::abs(value) < 1e18)
    return std::to_string(static_cast<std::int64_t>(value));
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

RandomColumns random_columns(std::mt19937_64& random) {
  RandomColumns table;
  TableOptions& o = table.options;
  choose_format(o.format, random);
  const bool may_be_doubles = o.format.decimal == ".";  // the digits of a double have a decimal point
  const auto rows = static_cast<std::size_t>(draw(random, 8, 60));
  const auto keys = one_in(random, 3) ? text_column(random, "k", rows, {"100000", "7", "-5"})
                                      : text_column(random, "k", rows, {"007", "a/b", "NA", "Übung", "7"});
  table.columns.push_back(keys);
  table.columns.back().as_numbers = keys.cells[0].size() != 0 && one_in(random, 2) &&
                                    std::all_of(keys.cells.begin(), keys.cells.end(), [](const auto& cell) {
                                      return cell == "100000" || cell == "7" || cell == "-5";
                                    });
  o.key = {"k"};
  if (one_in(random, 3)) {
    o.key.push_back("part");
    table.columns.push_back(text_column(random, "part", rows, {"x", "y z"}));
  }
  const bool in_time = one_in(random, 2);
  if (in_time) {
    o.time = "t";
    const bool windows = one_in(random, 2);
    table.columns.push_back(time_column(random, keys.cells, windows));
    if (windows) o.windows = {draw(random, 0, 3), draw(random, 1, 2), draw(random, 0, 2), draw(random, 0, 1)};
  }
  for (const char* const name : {"x", "z"}) {
    o.features.emplace_back(name);
    table.columns.push_back(number_column(random, o.format, name, rows, may_be_doubles));
  }
  if (one_in(random, 2)) {
    o.features.push_back("w");
    table.columns.push_back(text_column(random, "w", rows, {"red", "blue", "dark blue", "a,b"}));
    if (one_in(random, 3)) o.categorical = {"w"};
  }
  if (one_in(random, 4)) o.categorical.push_back("z");
  o.missing = one_of(random, std::vector{MissingPolicy::error, MissingPolicy::drop, MissingPolicy::mean});
  o.support = draw(random, 0, 4);
  o.query = draw(random, 0, 5);
  o.purge = draw(random, 0, 1);
  o.scale = !one_in(random, 3);
  choose_targets(table, random, rows, may_be_doubles);
  if (o.missing != MissingPolicy::error)
    for (CellColumn& column : table.columns)
      for (std::string& cell : column.cells)
        if ((column.name == "x" || column.name == "z" || column.name == "w" ||
             o.missing == MissingPolicy::drop) &&
            o.key[0] != column.name && one_in(random, 15))
          cell = column.as_numbers || one_in(random, 2) ? "" : "NA";
  if (in_time && one_in(random, 2)) {
    o.split.by = "time";
    o.split.test_from = one_of(random, table.columns[o.key.size()].cells);
  }
  std::shuffle(table.columns.begin(), table.columns.end(), random);
  return table;
}

void spoil(RandomColumns& table, std::mt19937_64& random) {
  const auto at = static_cast<std::size_t>(draw(random, 0, static_cast<int>(table.columns.size()) - 1));
  CellColumn& column = table.columns[at];
  if (one_in(random, 8)) {
    if (one_in(random, 2))
      table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(at));
    else
      table.columns.push_back(column);
    return;
  }
  std::string& cell =
      column.cells[static_cast<std::size_t>(draw(random, 0, static_cast<int>(column.cells.size()) - 1))];
  if (column.as_numbers && column.name == "t")  // no exponent, which only a text may have
    cell = one_of(random, std::vector<std::string>{"", "inf", "0.5", "9000000000000000000"});
  else if (column.as_numbers)
    cell = one_of(random, std::vector<std::string>{"", "inf", "-inf", "0.5", "1e+300", "4e-320"});
  else
    cell = one_of(random, std::vector<std::string>{"", "?", "13.56 $", "inf", "0x10", "2018-02-30", "1e400",
                                                   "-1", "purple", "(5)", "20181"});
}

std::string RandomColumns::csv() const {
  const auto quoted = [](const std::string& cell) {
    if (cell.find_first_of(",\"") == std::string::npos) return cell;
    std::string text = "\"";
    for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
  };
  std::string text;
  for (std::size_t c = 0; c < columns.size(); ++c) text += (c == 0 ? "" : ",") + quoted(columns[c].name);
  for (std::size_t row = 0; row < columns[0].cells.size(); ++row)
    for (std::size_t c = 0; c < columns.size(); ++c)
      text += (c == 0 ? "\n" : ",") + quoted(columns[c].cells[row]);
  return text + "\n";
}

std::vector<TableColumn> RandomColumns::in_memory(std::mt19937_64& random) const {
  std::vector<TableColumn> table;
  for (const CellColumn& column : columns) {
    std::vector<std::uint8_t> mask(column.cells.size());
    if (column.as_numbers) {
      const bool masked = one_in(random, 2);
      std::vector<double> numbers;
      for (std::size_t row = 0; row < column.cells.size(); ++row) {
        const std::string& cell = column.cells[row];
        double value = std::numeric_limits<double>::quiet_NaN();
        if (cell.empty() && masked) {
          mask[row] = static_cast<std::uint8_t>(draw(random, 1, 255));
          value = one_of(random, std::vector{1e300, -std::numeric_limits<double>::infinity(), 7.0});
        } else if (!cell.empty()) {
          std::from_chars(cell.data(), cell.data() + cell.size(), value);
        }
        numbers.push_back(value);
      }
      if (one_in(random, 2)) {
        table.push_back(TableColumn::own_numbers(column.name, numbers, mask));
        continue;
      }
      const auto memory = std::make_shared<const std::pair<std::vector<double>, std::vector<std::uint8_t>>>(
          std::move(numbers), std::move(mask));
      table.push_back(TableColumn::borrow_numbers(
          column.name, memory->first,
          masked ? std::span<const std::uint8_t>(memory->second) : std::span<const std::uint8_t>(), memory));
      continue;
    }
    if (one_in(random, 3)) {
      table.push_back(TableColumn::of_texts(column.name, column.cells));
      continue;
    }
    // Levels in random order; some occur twice, some are never used.
    std::vector<std::string> levels = {"never", "", "1e999"};
    levels.insert(levels.end(), column.cells.begin(), column.cells.end());
    std::shuffle(levels.begin(), levels.end(), random);
    std::vector<std::int32_t> codes;
    for (std::size_t row = 0; row < column.cells.size(); ++row) {
      const auto places = static_cast<int>(levels.size());
      int code = draw(random, 0, places - 1);
      if (column.cells[row].empty() && one_in(random, 2)) {
        if (!one_in(random, 2)) mask[row] = 1;
        codes.push_back(mask[row] != 0 ? code : -1);
        continue;
      }
      while (levels[static_cast<std::size_t>(code)] != column.cells[row]) code = (code + 1) % places;
      codes.push_back(code);
    }
    table.push_back(TableColumn::own_codes(column.name, codes, levels, mask));
  }
  return table;
}

}  // namespace shoal::testing
