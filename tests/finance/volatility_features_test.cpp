// SPDX-License-Identifier: Apache-2.0
// Volatility features against a slow computation of their definitions; the errors of the price panel; the
// logarithm.
// Covers price_panel, return_features.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "finance/logarithm.hpp"
#include "finance/table_text.hpp"

namespace shoal {
namespace {

PricePanel random_panel(std::mt19937_64& random, std::size_t days, std::size_t assets) {
  PricePanel panel;
  for (std::size_t a = 0; a < assets; ++a) panel.assets.push_back("A" + std::to_string(a));
  std::vector<double> price(assets, 50.0);
  for (std::size_t t = 0; t < days; ++t) {
    char date[32];
    std::snprintf(date, sizeof date, "20%02zu-%02zu-%02zu", t / 336 + 1, t / 28 % 12 + 1, t % 28 + 1);
    panel.dates.push_back(date);
    for (double& p : price) {
      p *= std::exp(std::normal_distribution<double>(0.0, random() % 5 ? 0.02 : 0.0)(random));
      panel.close.push_back(p);
    }
  }
  return panel;
}

TEST(VolatilityFeatures, AreTheirDefinitions) {
  std::mt19937_64 random(1);
  constexpr std::size_t days = 150, assets = 3;
  const PricePanel panel = random_panel(random, days, assets);
  const VolatilityTable table = volatility_features(panel);
  const auto log_return = [&](std::size_t t, std::size_t a) {  // return of day t >= 1
    return 100.0 * std::log(panel.close[t * assets + a] / panel.close[(t - 1) * assets + a]);
  };
  const auto floored_log = [](double v) { return std::log(std::max(v, 0.01)); };
  // EWMA forecast for day t: mean of the first 66 squared returns, then the recursion over the days before t.
  const auto ewma = [&](double lambda, std::size_t t, auto squared) {
    double h = 0.0;
    for (std::size_t d = 1; d <= 66; ++d) h += squared(d) / 66.0;
    for (std::size_t d = 67; d < t; ++d) h = lambda * h + (1.0 - lambda) * squared(d);
    return h;
  };
  ASSERT_EQ(table.dates.size(), days - 67);
  ASSERT_EQ(table.dates.front(), panel.dates[67]);
  for (std::size_t row = 0; row < table.dates.size(); ++row)
    for (std::size_t a = 0; a < assets; ++a) {
      const std::size_t t = row + 67;
      const auto squared = [&](std::size_t d) { return log_return(d, a) * log_return(d, a); };
      const auto market = [&](std::size_t d) {
        double mean = 0.0;
        for (std::size_t b = 0; b < assets; ++b) mean += log_return(d, b) / static_cast<double>(assets);
        return mean * mean;
      };
      const auto mean_square = [&](std::size_t n) {
        double sum = 0.0;
        for (std::size_t d = t - n; d < t; ++d) sum += squared(d) / static_cast<double>(n);
        return sum;
      };
      const double z = log_return(t - 1, a) / std::sqrt(std::max(ewma(0.94, t, squared), 0.01));
      const double expected[] = {squared(t),
                                 floored_log(ewma(0.94, t, squared)),
                                 floored_log(ewma(0.85, t, squared)),
                                 floored_log(ewma(0.985, t, squared)),
                                 floored_log(mean_square(5)),
                                 floored_log(mean_square(22)),
                                 floored_log(mean_square(66)),
                                 z,
                                 std::fabs(z),
                                 floored_log(ewma(0.94, t, market)),
                                 log_return(t, a)};
      for (std::size_t c = 0; c < volatility_columns.size(); ++c)
        EXPECT_NEAR(table.at(row, a, c), expected[c], 1e-9)
            << volatility_columns[c] << " on " << table.dates[row];
    }
}

// The events of a day must not influence the features of that day, only its target.
TEST(VolatilityFeatures, LookAtNoFuture) {
  std::mt19937_64 random(2);
  PricePanel panel = random_panel(random, 120, 2);
  const VolatilityTable before = volatility_features(panel);
  for (std::size_t t = 100; t < 120; ++t)
    for (std::size_t a = 0; a < 2; ++a) panel.close[t * 2 + a] *= 3.0;
  const VolatilityTable after = volatility_features(panel);
  const std::size_t changed = 100 - 67;
  for (std::size_t row = 0; row <= changed; ++row)
    for (std::size_t c = 0; c < volatility_columns.size(); ++c) {
      const bool of_the_day =
          volatility_columns[c] == "squared_return" || volatility_columns[c] == "log_return";
      if (row == changed && of_the_day) continue;
      EXPECT_EQ(before.at(row, 0, c), after.at(row, 0, c)) << volatility_columns[c];
    }
  EXPECT_NE(before.at(changed, 0, 0), after.at(changed, 0, 0));
  EXPECT_NE(before.at(changed, 0, 10), after.at(changed, 0, 10));
  EXPECT_NE(before.at(changed + 1, 0, 1), after.at(changed + 1, 0, 1));
}

TEST(VolatilityFeatures, StartAtTheFirstDateAsked) {
  std::mt19937_64 random(3);
  const PricePanel panel = random_panel(random, 120, 1);
  EXPECT_EQ(volatility_features(panel, panel.dates[80]).dates.front(), panel.dates[80]);
  EXPECT_THROW(volatility_features(panel, "2099-01-01"), DataError);
}

TEST(PricePanel, MistakesNameTheLine) {
  const auto refused = [](const std::string& csv, const std::string& named) {
    try {
      parse_price_panel(csv, "prices.csv");
      ADD_FAILURE() << "accepted: " << csv;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  };
  EXPECT_EQ(parse_price_panel("Date,A,B\n2001-01-01,1,2\n2001-01-02,3,4\n", "prices.csv").close,
            (std::vector<double>{1, 2, 3, 4}));
  refused("", "prices.csv");
  refused("Date,A\n2001-01-01,x\n", ":2");
  refused("Date,A\n2001-01-01,1\n2001-01-02,-3\n", ":3");
  refused("Date,A\n2001-01-01,1\n2001-01-02,0\n", ":3");
  refused("Date,A\n2001-01-02,1\n2001-01-01,1\n", ":3");
  refused("Date,A\n2001-01-01,1,2\n", ":2");
  refused("Date,A,B\n2001-01-01,1\n", ":2");
}

TEST(Logarithm, IsWithinTwoUlp) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 200000; ++i) {
    const double x = std::exp(std::uniform_real_distribution<double>(-700.0, 700.0)(random));
    const long double exact = std::log(static_cast<long double>(x));
    const double ulp =
        std::nextafter(std::fabs(static_cast<double>(exact)), 1e300) - std::fabs(static_cast<double>(exact));
    EXPECT_LE(std::fabs(static_cast<double>(finance::natural_log(x) - exact)), 2.0 * ulp) << x;
  }
  EXPECT_EQ(finance::natural_log(1.0), 0.0);
}

}  // namespace
}  // namespace shoal
