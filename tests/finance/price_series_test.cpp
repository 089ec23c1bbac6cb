// SPDX-License-Identifier: Apache-2.0
// Prices of users: what is read, what is refused and where; the features of assets that need not share their
// dates, against those of complete panels, which have tests of their own. Covers price_series,
// volatility_series, table_text, csv_line, calendar_date, return_frame.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "finance/calendar_date.hpp"
#include "finance/csv_line.hpp"
#include "finance/return_frame.hpp"

namespace shoal {
namespace {

/// Prices of days from 2001-01-01 (a Monday) on, weekends left out.
std::vector<PriceSeries> random_prices(std::uint64_t seed, std::size_t days, std::size_t assets) {
  std::mt19937_64 random(seed);
  std::vector<PriceSeries> prices(assets);
  for (std::size_t a = 0; a < assets; ++a) {
    prices[a].asset = "A" + std::to_string(a);
    double price = 50.0;
    std::string date = "2001-01-01";
    for (std::size_t t = 0; t < days; ++t, date = finance::next_weekday(date)) {
      prices[a].dates.push_back(date);
      prices[a].close.push_back(price *= std::exp(std::normal_distribution<double>(0.0, 0.02)(random)));
    }
  }
  return prices;
}

PriceSeries without_days(const PriceSeries& series, std::size_t begin, std::size_t end) {
  PriceSeries rest;
  rest.asset = series.asset;
  for (std::size_t t = 0; t < series.dates.size(); ++t)
    if (t < begin || t >= end) {
      rest.dates.push_back(series.dates[t]);
      rest.close.push_back(series.close[t]);
    }
  return rest;
}

void refused(const std::string& csv, const std::string& named) {
  try {
    parse_prices(csv, "prices.csv");
    ADD_FAILURE() << "accepted: " << csv;
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
}

TEST(Prices, AreReadInBothFormsAndAnyOrder) {
  const std::string wide =
      "\xef\xbb\xbf"
      "Date,\"B,1\",A\r\n2001-01-03,5,\r\n\r\n2001-01-02, 4 ,7\r\n2001-01-01,3,6";
  const std::string lines =
      "asset,volume,close,date\n\"B,1\",1,5,2001-01-03\nA,1,7,2001-01-02\n\"B,1\",1,3,2001-01-01\n"
      "A,1,6,2001-01-01\n\"B,1\",1,4,2001-01-02\nA,1,NaN,2001-01-03\n";
  for (const std::string& csv : {wide, lines}) {
    const std::vector<PriceSeries> prices = parse_prices(csv, "p");
    ASSERT_EQ(prices.size(), 2u);
    EXPECT_EQ(prices[0].asset, "B,1");
    EXPECT_EQ(prices[0].dates, (std::vector<std::string>{"2001-01-01", "2001-01-02", "2001-01-03"}));
    EXPECT_EQ(prices[0].close, (std::vector<double>{3, 4, 5}));
    EXPECT_EQ(prices[1].asset, "A");
    EXPECT_EQ(prices[1].close, (std::vector<double>{6, 7}));
  }
}

TEST(Prices, MistakesNameLineAndColumn) {
  refused("", "empty");
  refused("day,A\n2001-01-01,1\n", "prices.csv:1: no column is named date");
  refused("date,asset,price\n2001-01-01,A,1\n", "prices.csv:1");
  refused("date\n2001-01-01\n", "prices.csv:1");
  refused("date,A,A\n", "prices.csv:1: column \"A\": the name appears twice");
  refused("date,A\n", "no price");
  refused("date,A\n2001-02-30,1\n", "prices.csv:2: column \"date\": \"2001-02-30\" is not a date");
  refused("date,A\n01/02/2001,1\n", "prices.csv:2");
  refused("date,A\n2001-01-01,1\n2001-01-02,x\n", "prices.csv:3: column \"A\": \"x\" is not a price");
  refused("date,A\n2001-01-01,0\n", "prices.csv:2: column \"A\": \"0\" is not a price: it must be above 0");
  refused("date,A\n2001-01-01,-3\n", "prices.csv:2: column \"A\"");
  refused("date,A\n2001-01-01,inf\n", "prices.csv:2: column \"A\"");
  refused("date,A\n2001-01-01,1,2\n", "prices.csv:2: 3 fields, the header has 2");
  refused("date,A\n2001-01-01,1\n2001-01-02,1\n2001-01-01,1\n",
          "prices.csv:4: column \"A\": \"A\" has a price for 2001-01-01 twice (the other is in line 2)");
  refused("date,asset,close\n2001-01-01,A,1\n2001-01-01,B,1\n2001-01-01,A,2\n",
          "prices.csv:4: column \"close\"");
  refused("date,asset,close\n2001-01-01,,1\n", "prices.csv:2: column \"asset\"");
}

TEST(VolatilitySeries, OfACompletePanelAreThoseOfThePanel) {
  const std::vector<PriceSeries> prices = random_prices(1, 150, 3);
  PricePanel panel;
  panel.dates = prices[0].dates;
  for (const PriceSeries& series : prices) panel.assets.push_back(series.asset);
  for (std::size_t t = 0; t < 150; ++t)
    for (const PriceSeries& series : prices) panel.close.push_back(series.close[t]);
  const VolatilityTable table = volatility_features(panel);
  const std::vector<VolatilitySeries> series = volatility_series(prices);
  constexpr std::size_t columns = volatility_columns.size();
  for (std::size_t a = 0; a < 3; ++a) {
    ASSERT_EQ(series[a].dates, table.dates);
    for (std::size_t row = 0; row < table.dates.size(); ++row)
      for (std::size_t c = 0; c < columns; ++c)
        ASSERT_EQ(series[a].values[row * columns + c], table.at(row, a, c)) << volatility_columns[c];
  }
}

// The row of tomorrow has the features that the day itself will have when its price is known.
TEST(VolatilitySeries, TheNextDayIsThatDayWithoutItsReturn) {
  const std::vector<PriceSeries> whole = random_prices(2, 121, 2);
  std::vector<PriceSeries> today = {without_days(whole[0], 120, 121), without_days(whole[1], 120, 121)};
  const std::vector<VolatilitySeries> next = volatility_series(today, NextDay::added);
  const std::vector<VolatilitySeries> then = volatility_series(whole);
  for (std::size_t a = 0; a < 2; ++a) {
    ASSERT_EQ(next[a].dates, then[a].dates);
    for (std::size_t i = 0; i < then[a].values.size(); ++i) {
      const std::string_view column = volatility_columns[i % volatility_columns.size()];
      const bool last_row = i / volatility_columns.size() + 1 == then[a].dates.size();
      if (last_row && (column == "squared_return" || column == "log_return")) {
        EXPECT_TRUE(std::isnan(next[a].values[i]));
      } else {
        ASSERT_EQ(next[a].values[i], then[a].values[i]) << column;
      }
    }
  }
  const std::string csv = volatility_csv(next);
  EXPECT_NE(csv.find("\n" + then[0].dates.back() + ",A0,,"), std::string::npos);
}

TEST(VolatilitySeries, AssetsMayBeginEndAndPauseWhenTheyWill) {
  std::vector<PriceSeries> prices = random_prices(3, 160, 4);
  const std::vector<VolatilitySeries> alone = volatility_series({without_days(prices[1], 90, 100)});
  prices[1] = without_days(prices[1], 90, 100);   // pauses: its next return is over eleven days
  prices[2] = without_days(prices[2], 150, 160);  // is gone: nothing is asked about it tomorrow
  prices[3] = without_days(prices[3], 0, 100);    // 60 prices: too few
  const std::vector<VolatilitySeries> series = volatility_series(prices, NextDay::added);
  EXPECT_EQ(series[0].dates.size(), 160u - 67 + 1);
  EXPECT_EQ(series[1].dates.size(), 150u - 67 + 1);
  EXPECT_EQ(series[2].dates.size(), 150u - 67);
  EXPECT_TRUE(series[3].dates.empty());
  // What an asset's features say of itself does not depend on the others.
  for (std::size_t row = 0; row < alone[0].dates.size(); ++row)
    for (std::size_t c = 0; c < volatility_columns.size(); ++c) {
      if (volatility_columns[c] == "ln_market_variance") continue;
      const std::size_t place = row * volatility_columns.size() + c;
      ASSERT_EQ(series[1].values[place], alone[0].values[place]);
    }
  EXPECT_THROW(volatility_series(random_prices(4, 67, 2)), DataError);
  EXPECT_NO_THROW(volatility_series(random_prices(4, 67, 2), NextDay::added));
  EXPECT_THROW(volatility_series({{"A", {"2001-01-02", "2001-01-01"}, {1, 2}}}), InvalidArgument);
  EXPECT_THROW(volatility_series({{"A", {"2001-01-02"}, {0}}}), InvalidArgument);
}

TEST(CalendarDate, KnowsLeapYearsAndWeekends) {
  EXPECT_TRUE(finance::is_date("2000-02-29"));
  for (const char* text : {"1900-02-29", "2001-13-01", "2001-00-10", "2001-1-1", "", "2001-01-01x"})
    EXPECT_FALSE(finance::is_date(text)) << text;
  EXPECT_EQ(finance::next_date("2023-12-31"), "2024-01-01");
  EXPECT_EQ(finance::next_date("2024-02-28"), "2024-02-29");
  EXPECT_EQ(finance::next_weekday("2024-03-01"), "2024-03-04");  // a Friday
  EXPECT_TRUE(finance::is_weekend("2024-03-03"));
  EXPECT_FALSE(finance::is_weekend("2024-03-04"));
}

TEST(CsvLines, SplitQuotedFieldsAndCountLines) {
  finance::CsvLines lines("a, b ,\"c\"\"d,\"\r\n\"two\nlines\",,\nlast");
  std::vector<std::string> fields;
  ASSERT_TRUE(lines.next(fields));
  EXPECT_EQ(fields, (std::vector<std::string>{"a", "b", "c\"d,"}));
  ASSERT_TRUE(lines.next(fields));
  EXPECT_EQ(fields, (std::vector<std::string>{"two\nlines", "", ""}));
  EXPECT_EQ(lines.line(), 2u);
  ASSERT_TRUE(lines.next(fields));
  EXPECT_EQ(lines.line(), 4u);
  EXPECT_FALSE(lines.next(fields));
  EXPECT_EQ(finance::csv_field("c\"d,"), "\"c\"\"d,\"");
}

TEST(ReturnFrame, FeaturesAreThoseOfThePricesBehindTheReturns) {
  const std::vector<PriceSeries> prices = random_prices(5, 120, 2);
  std::string csv = "date,A0,A1,rf\n";
  for (std::size_t t = 1; t < 120; ++t) {
    csv += prices[0].dates[t];
    for (const PriceSeries& series : prices) {
      char cell[40];
      std::snprintf(cell, sizeof cell, ",%.17g", 100.0 * std::log(series.close[t] / series.close[t - 1]));
      csv += cell;
    }
    csv += ",0.01\n";
  }
  EXPECT_EQ(finance::size_of_frame(csv).rows, 119);
  EXPECT_EQ(finance::size_of_frame(csv).columns, 4);
  const std::vector<VolatilitySeries> got = finance::features_of_returns(csv, 2),
                                      want = volatility_series(prices);
  for (std::size_t a = 0; a < 2; ++a) {
    ASSERT_EQ(got[a].dates, want[a].dates);
    for (std::size_t i = 0; i < want[a].values.size(); ++i)
      ASSERT_NEAR(got[a].values[i], want[a].values[i], 1e-9);
  }
  EXPECT_THROW(finance::features_of_returns("date,A\n2001-01-01,x\n", 1), DataError);
  EXPECT_THROW(finance::size_of_frame("a,b\n1\n"), DataError);
}

}  // namespace
}  // namespace shoal
