// SPDX-License-Identifier: Apache-2.0
// The financial generators: the functions that they are made of against the machine's own, their laws against
// frequencies, and that a seed means the same bytes.
// Covers exponential, cosine, market_regimes, market_source, credit_segments, credit_source,
// generator_checks, core/generated_tasks.
#include <shoal/simulation.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>
#include <shoal/volatility.hpp>

#include "finance/cosine.hpp"
#include "finance/credit_segments.hpp"
#include "finance/exponential.hpp"
#include "finance/market_regimes.hpp"

namespace shoal {
namespace {

TEST(Exponential, IsWithinTwoUlp) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    const double x = std::uniform_real_distribution<double>(-700.0, 700.0)(random) / (i % 2 ? 1.0 : 100.0);
    const long double exact = std::exp(static_cast<long double>(x));
    const double ulp = std::nextafter(static_cast<double>(exact), INFINITY) - static_cast<double>(exact);
    ASSERT_LE(std::fabs(static_cast<double>(finance::natural_exp(x) - exact)), 2.0 * ulp) << x;
  }
  EXPECT_EQ(finance::natural_exp(0.0), 1.0);
}

TEST(Cosine, IsThatOfPartsOfATurn) {
  std::mt19937_64 random(2);
  const long double turn = 2.0L * std::acos(-1.0L);
  for (int i = 0; i < 100000; ++i) {
    const double turns = std::uniform_real_distribution<double>(0.0, 1.0)(random);
    ASSERT_NEAR(finance::cosine_of_turns(turns), static_cast<double>(std::cos(turn * turns)), 3e-16) << turns;
  }
  EXPECT_EQ(finance::cosine_of_turns(0.0), 1.0);
  EXPECT_EQ(finance::cosine_of_turns(0.25), 0.0);
  EXPECT_EQ(finance::cosine_of_turns(0.5), -1.0);
}

// Squared returns are, on average, what the generator says that it expects of them.
TEST(MarketRegimes, TrueVarianceIsTheMeanOfSquaredReturns) {
  double ratios = 0.0, squares = 0.0;
  std::int64_t days = 0;
  for (std::int64_t asset = 0; asset < 100; ++asset) {
    const auto series = finance::simulate_returns(3, Purpose::simulation, asset, 2000);
    for (std::size_t t = 0; t < series.returns.size(); ++t, ++days) {
      const double ratio = series.returns[t] * series.returns[t] / series.true_variance[t];
      ratios += ratio;
      squares += ratio * ratio;
    }
  }
  const auto count = static_cast<double>(days);
  const double mean = ratios / count, error = std::sqrt((squares / count - mean * mean) / count);
  EXPECT_NEAR(mean, 1.0, 4.0 * error);
  EXPECT_LT(error, 0.02);
}

TEST(MarketRegimes, ALongerSeriesBeginsWithAShorterOne) {
  const auto brief = finance::simulate_returns(3, Purpose::simulation, 5, 50),
             extended = finance::simulate_returns(3, Purpose::simulation, 5, 80);
  for (std::size_t t = 0; t < 50; ++t) ASSERT_EQ(brief.returns[t], extended.returns[t]);
  EXPECT_NE(brief.returns, finance::simulate_returns(4, Purpose::simulation, 5, 50).returns);
  EXPECT_NE(brief.returns, finance::simulate_returns(3, Purpose::train_tasks, 5, 50).returns);
}

TEST(CreditSegments, DefaultsAreDrawnWithTheirProbability) {
  double difference = 0.0, variance = 0.0;
  for (std::int64_t s = 0; s < 100; ++s) {
    const finance::CreditSegment segment(7, Purpose::simulation, s, {.tau = 1.0, .level_sd = 0.7});
    for (std::int64_t i = 0; i < 200; ++i) {
      const finance::Applicant applicant = segment.applicant(i);
      difference += (applicant.defaults ? 1.0 : 0.0) - applicant.true_pd;
      variance += applicant.true_pd * (1.0 - applicant.true_pd);
    }
  }
  EXPECT_LT(std::fabs(difference), 4.0 * std::sqrt(variance));
}

/// Log-odds of two segments' first applicants differ from the population's by what the dials say.
TEST(CreditSegments, TheDialsMoveLevelAndSlopesAlone) {
  const auto pd = [](double tau, double level_sd, std::int64_t segment) {
    return finance::CreditSegment(7, Purpose::simulation, segment, {tau, level_sd}).applicant(3);
  };
  const auto log_odds = [](const finance::Applicant& a) { return std::log(a.true_pd / (1.0 - a.true_pd)); };
  for (std::int64_t s = 0; s < 5; ++s) {
    EXPECT_EQ(pd(0.0, 0.0, s).features, pd(1.0, 0.7, s).features);
    const double base = log_odds(pd(0.0, 0.0, s));
    // Both dials are linear in the log-odds.
    EXPECT_NEAR(log_odds(pd(2.0, 0.0, s)) - base, 2.0 * (log_odds(pd(1.0, 0.0, s)) - base), 1e-9);
    EXPECT_NEAR(log_odds(pd(0.0, 1.4, s)) - base, 2.0 * (log_odds(pd(0.0, 0.7, s)) - base), 1e-9);
    EXPECT_GT(std::fabs(log_odds(pd(1.0, 0.0, s)) - base), 1e-3);
  }
}

template <class Source>
void expect_counter_based(const Source& source) {
  const TaskBatch all = source->evaluation(Phase::test, 45), some = source->evaluation(Phase::test, 3);
  EXPECT_TRUE(std::equal(some.query().x.begin(), some.query().x.end(), all.query().x.begin()));
  // Batch 1 of 15 tasks is tasks 15 to 29 of batch 0 of 45.
  const TaskBatch second = source->sample(Phase::train, 1, 15), first = source->sample(Phase::train, 0, 45);
  EXPECT_EQ(second.ids()[0], 15);
  const std::vector<std::int64_t> place = {15, 16};
  const TaskBatch want = first.select(place), got = second.select(std::vector<std::int64_t>{0, 1});
  EXPECT_TRUE(std::equal(want.support().x.begin(), want.support().x.end(), got.support().x.begin()));
  EXPECT_TRUE(std::equal(want.query().y.begin(), want.query().y.end(), got.query().y.begin()));
  EXPECT_NE(first.support().x[0], all.support().x[0]);  // of another phase
  EXPECT_THROW(source->evaluation(Phase::held_out, 3), InvalidArgument);
}

TEST(GeneratedFinance, TasksFollowFromSeedPhaseAndId) {
  expect_counter_based(make_market_regimes({.seed = 5, .support = 20, .query = 5}));
  expect_counter_based(make_credit_segments({.seed = 5, .support = 20, .query = 5}));
  const auto market = make_market_regimes({.seed = 5, .support = 20, .query = 5});
  EXPECT_EQ(market->columns(), (TaskColumns{9, 1, 1}));
  const TaskBatch tasks = market->evaluation(Phase::test, 3);
  EXPECT_EQ(tasks.support().rows(0), 20);
  EXPECT_EQ(tasks.query().rows(2), 5);
  for (std::size_t row = 0; row < 60; ++row)  // the offset is the first feature, as `har` tables have it
    EXPECT_EQ(tasks.support().output_offset[row], tasks.support().x[row * 9]);
  for (const GeneratorOptions& bad : {GeneratorOptions{.noise = 0.1}, GeneratorOptions{.query_grid = 5},
                                      GeneratorOptions{.support = -1}, GeneratorOptions{.query = 0}}) {
    EXPECT_THROW(make_market_regimes(bad), InvalidArgument);
    EXPECT_THROW(make_credit_segments(bad), InvalidArgument);
  }
  EXPECT_THROW(make_credit_segments({}, {.tau = -1.0}), InvalidArgument);
  EXPECT_THROW(make_credit_segments({}, {.level_sd = NAN}), InvalidArgument);
}

// These bytes are what the seed means: a change of them is a change of every published figure.
TEST(Simulation, HasTheBytesOfItsSeed) {
  const SimulatedTable market = simulate("market-regimes", {.seed = 7, .keys = 3, .rows = 5});
  EXPECT_EQ(market.rows, 15);
  EXPECT_EQ(market.csv.substr(0, market.csv.find('\n')),
            "date,asset,squared_return,ln_ewma_variance,ln_ewma_variance_fast,ln_ewma_variance_slow,"
            "ln_mean_square_5,ln_mean_square_22,ln_mean_square_66,last_return,last_abs_return,"
            "ln_market_variance,log_return,true_variance");
  EXPECT_EQ(sha256(market.csv), "4092915d1565b3b634f65e7901961a515b1089f2f6cc636ed8975ce23602f7cd");
  const SimulatedTable credit = simulate("credit-segments", {.seed = 7, .keys = 3, .rows = 5});
  EXPECT_EQ(sha256(credit.csv), "5b1d10d98a6288ddab4d55db6b9e06785bcf49dce0b389d07c54376c1d676fb7");
  EXPECT_NE(simulate("credit-segments", {.seed = 8, .keys = 3, .rows = 5}).csv, credit.csv);
  EXPECT_THROW(simulate("market", {}), InvalidArgument);
  EXPECT_THROW(simulate("market-regimes", {.keys = 0}), InvalidArgument);
  EXPECT_THROW(simulate("market-regimes", {.rows = 0}), InvalidArgument);
  EXPECT_THROW(simulate("credit-segments", {.keys = 1 << 20, .rows = 1 << 20}), InvalidArgument);
}

}  // namespace
}  // namespace shoal
