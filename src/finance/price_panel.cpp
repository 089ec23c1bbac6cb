// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"

namespace shoal {
namespace {

// The fields of one line, separated by commas, without a carriage return at the end.
std::vector<std::string_view> fields_of(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

bool is_iso_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const std::size_t i : {0, 1, 2, 3, 5, 6, 8, 9})
    if (text[i] < '0' || text[i] > '9') return false;
  return true;
}

class PanelReader {
 public:
  explicit PanelReader(const std::string& source) : source_(source) {}

  PricePanel read(std::string_view csv) {
    while (!csv.empty()) {
      const std::size_t end = std::min(csv.find('\n'), csv.size());
      ++line_;
      if (line_ == 1) {
        read_header(csv.substr(0, end));
      } else {
        read_day(csv.substr(0, end));
      }
      csv.remove_prefix(std::min(end + 1, csv.size()));
    }
    if (line_ == 0) fail("", "the file is empty");
    if (panel_.dates.empty()) fail("", "no prices after the header");
    return std::move(panel_);
  }

 private:
  [[noreturn]] void fail(std::string_view column, const std::string& what) const {
    std::string location = source_ + ":" + std::to_string(line_);
    if (!column.empty()) location += ": column " + std::string(column);
    throw DataError(location + ": " + what);
  }

  void read_header(std::string_view line) {
    const std::vector<std::string_view> fields = fields_of(line);
    if (fields.size() < 2) fail("", "the header must be a date column and one column per asset");
    for (std::size_t i = 1; i < fields.size(); ++i) {
      if (fields[i].empty()) fail("", "asset " + std::to_string(i) + " has no name");
      if (std::find(panel_.assets.begin(), panel_.assets.end(), fields[i]) != panel_.assets.end())
        fail(fields[i], "the name appears twice");
      panel_.assets.emplace_back(fields[i]);
    }
  }

  void read_day(std::string_view line) {
    const std::vector<std::string_view> fields = fields_of(line);
    if (fields.size() != panel_.assets.size() + 1)
      fail("", std::to_string(fields.size()) + " fields, the header has " +
                   std::to_string(panel_.assets.size() + 1));
    if (!is_iso_date(fields[0])) fail("Date", "'" + std::string(fields[0]) + "' is not a date YYYY-MM-DD");
    if (!panel_.dates.empty() && fields[0] <= panel_.dates.back())
      fail("Date", std::string(fields[0]) + " does not come after " + panel_.dates.back());
    panel_.dates.emplace_back(fields[0]);
    for (std::size_t i = 1; i < fields.size(); ++i) {
      double price = 0.0;
      const char* last = fields[i].data() + fields[i].size();
      const auto [end, error] = std::from_chars(fields[i].data(), last, price);
      if (error != std::errc() || end != last || !std::isfinite(price) || price <= 0.0)
        fail(panel_.assets[i - 1], "'" + std::string(fields[i]) + "' is not a price");
      panel_.close.push_back(price);
    }
  }

  const std::string& source_;
  std::size_t line_ = 0;
  PricePanel panel_;
};

}  // namespace

PricePanel parse_price_panel(std::string_view csv, const std::string& source) {
  const FloatEnvironment environment;
  return PanelReader(source).read(csv);
}

}  // namespace shoal
