// SPDX-License-Identifier: Apache-2.0
// Reads prices that need not be complete: a column an asset, or a line a price.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <system_error>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/calendar_date.hpp"
#include "finance/csv_line.hpp"

namespace shoal {
namespace {

constexpr std::array<std::string_view, 10> missing_words = {"",    "NA",  "N/A",  "n/a",  "NaN",
                                                            "nan", "NAN", "NULL", "null", "None"};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

class PriceReader {
 public:
  explicit PriceReader(const std::string& source) : source_(source) {}

  std::vector<PriceSeries> read(std::string_view csv) {
    if (csv.starts_with("\xef\xbb\xbf")) csv.remove_prefix(3);
    finance::CsvLines lines(csv);
    for (std::vector<std::string> fields; lines.next(fields);) {
      line_ = lines.line();
      if (fields.size() == 1 && fields[0].empty()) continue;  // an empty line
      if (header_.empty())
        read_header(fields);
      else
        read_line(fields);
    }
    if (header_.empty()) fail("", "the file is empty");
    std::vector<PriceSeries> series;
    series.reserve(names_.size());
    for (std::size_t a = 0; a < names_.size(); ++a) {
      PriceSeries& of_asset = series.emplace_back();
      of_asset.asset = names_[a];
      for (const auto& [date, price] : prices_[a]) {  // in order of date
        of_asset.dates.push_back(date);
        of_asset.close.push_back(price.close);
      }
    }
    if (std::all_of(series.begin(), series.end(), [](const PriceSeries& s) { return s.dates.empty(); }))
      fail("", "there is no price after the header");
    return series;
  }

 private:
  struct Price {
    double close;
    std::size_t line;
  };

  [[noreturn]] void fail(const std::string& column, const std::string& what) const {
    std::string location = source_ + ":" + std::to_string(line_);
    if (!column.empty()) location += ": column " + quoted_text(column);
    throw DataError(location + ": " + what);
  }

  void read_header(const std::vector<std::string>& fields) {
    header_ = fields;
    std::map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (!fields[i].empty() && !place.emplace(lower(fields[i]), i).second)
        fail(fields[i], "the name appears twice");
    const auto date = place.find("date"), asset = place.find("asset"), close = place.find("close");
    if (date == place.end())
      fail("",
           "no column is named date; the header must be date, asset, close or date and a column an asset");
    date_ = date->second;
    long_ = asset != place.end() && close != place.end();
    if (long_) {
      asset_ = asset->second;
      close_ = close->second;
      return;
    }
    if (asset != place.end())
      fail("", "there is a column asset, but none named close; the header must be date, asset, close");
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i == date_) continue;
      if (fields[i].empty()) fail("", "column " + std::to_string(i + 1) + " has no name");
      asset_of(fields[i]);
    }
    if (names_.empty()) fail("", "there is no column of prices beside the date");
  }

  std::size_t asset_of(const std::string& name) {
    const auto [at, fresh] = places_.emplace(name, names_.size());
    if (fresh) {
      names_.push_back(name);
      prices_.emplace_back();
    }
    return at->second;
  }

  void read_line(const std::vector<std::string>& fields) {
    if (fields.size() != header_.size())
      fail("", std::to_string(fields.size()) + " fields, the header has " + std::to_string(header_.size()));
    const std::string& date = fields[date_];
    if (!finance::is_date(date)) fail(header_[date_], quoted_text(date) + " is not a date YYYY-MM-DD");
    if (long_) {
      if (fields[asset_].empty()) fail(header_[asset_], "the asset has no name");
      add(asset_of(fields[asset_]), date, fields[close_], header_[close_]);
      return;
    }
    for (std::size_t i = 0, a = 0; i < fields.size(); ++i)
      if (i != date_) add(a++, date, fields[i], header_[i]);
  }

  void add(std::size_t asset, const std::string& date, const std::string& text, const std::string& column) {
    if (std::find(missing_words.begin(), missing_words.end(), text) != missing_words.end()) return;
    double price = 0.0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, price);
    if (error != std::errc() || end != last || !std::isfinite(price))
      fail(column, quoted_text(text) + " is not a price");
    if (price <= 0.0) fail(column, quoted_text(text) + " is not a price: it must be above 0");
    const auto [at, fresh] = prices_[asset].emplace(date, Price{price, line_});
    if (!fresh)
      fail(column, quoted_text(names_[asset]) + " has a price for " + date + " twice (the other is in line " +
                       std::to_string(at->second.line) + ")");
  }

  const std::string& source_;
  std::size_t line_ = 0;
  std::vector<std::string> header_;
  bool long_ = false;
  std::size_t date_ = 0, asset_ = 0, close_ = 0;
  std::map<std::string, std::size_t> places_;
  std::vector<std::string> names_;
  std::vector<std::map<std::string, Price>> prices_;  ///< by asset and date
};

}  // namespace

std::vector<PriceSeries> parse_prices(std::string_view csv, const std::string& source) {
  const FloatEnvironment environment;
  return PriceReader(source).read(csv);
}

}  // namespace shoal
