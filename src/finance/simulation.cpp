// SPDX-License-Identifier: Apache-2.0
#include <shoal/simulation.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "core/float_environment.hpp"
#include "finance/calendar_date.hpp"
#include "finance/credit_segments.hpp"
#include "finance/generator_checks.hpp"
#include "finance/market_regimes.hpp"
#include "finance/return_features.hpp"
#include "finance/table_text.hpp"

namespace shoal {
namespace {

constexpr std::string_view first_date = "2000-01-03";  // a Monday

/// "A007" of 500 assets: names in the order of their numbers.
std::string numbered(char letter, std::int64_t number, std::int64_t of) {
  const int width = static_cast<int>(std::to_string(of - 1).size());
  char text[32];
  std::snprintf(text, sizeof text, "%c%0*lld", letter, width, static_cast<long long>(number));
  return text;
}

std::string simulated_market(const SimulationOptions& options) {
  const std::int64_t days = static_cast<std::int64_t>(finance::warm_up) + options.rows;
  const auto keys = static_cast<std::size_t>(options.keys);
  std::vector<finance::AssetReturns> assets(keys);
  std::vector<std::vector<double>> variance(keys);
  for (std::size_t a = 0; a < keys; ++a) {
    finance::SimulatedReturns series =
        finance::simulate_returns(options.seed, Purpose::simulation, static_cast<std::int64_t>(a), days);
    assets[a].returns = std::move(series.returns);
    assets[a].days.resize(assets[a].returns.size());
    std::iota(assets[a].days.begin(), assets[a].days.end(), std::size_t{0});
    variance[a] = std::move(series.true_variance);
  }
  const std::vector<double> market = finance::market_variance(assets, static_cast<std::size_t>(days));
  std::vector<std::vector<double>> rows;
  rows.reserve(keys);
  for (const finance::AssetReturns& asset : assets)
    rows.push_back(finance::feature_rows(asset, market, finance::warm_up, NextDay::left_out));

  std::string csv = "date,asset";
  for (const std::string_view column : volatility_columns) (csv += ',') += column;
  csv += ",true_variance\n";
  std::string date(first_date);
  constexpr std::size_t width = volatility_columns.size();
  for (std::size_t row = 0; row < static_cast<std::size_t>(options.rows); ++row) {
    for (std::size_t a = 0; a < keys; ++a) {
      csv += date + "," + numbered('A', static_cast<std::int64_t>(a), options.keys);
      for (std::size_t c = 0; c < width; ++c) finance::append_number(csv += ',', rows[a][row * width + c]);
      finance::append_number(csv += ',', variance[a][finance::warm_up + row]);
      csv += '\n';
    }
    date = finance::next_weekday(date);
  }
  return csv;
}

std::string simulated_segments(const SimulationOptions& options) {
  std::string csv = "segment,month";
  for (const std::string_view feature : finance::applicant_features) (csv += ',') += feature;
  csv += ",default,true_pd\n";
  for (std::int64_t s = 0; s < options.keys; ++s) {
    const finance::CreditSegment segment(options.seed, Purpose::simulation, s, options.spread);
    std::vector<finance::Applicant> applicants;
    applicants.reserve(static_cast<std::size_t>(options.rows));
    for (std::int64_t i = 0; i < options.rows; ++i) applicants.push_back(segment.applicant(i));
    std::stable_sort(applicants.begin(), applicants.end(),
                     [](const auto& a, const auto& b) { return a.month < b.month; });
    for (const finance::Applicant& applicant : applicants) {
      char month[32];
      std::snprintf(month, sizeof month, "%04d-%02d", 2019 + applicant.month / 12, applicant.month % 12 + 1);
      csv += numbered('S', s, options.keys) + "," + month;
      for (const double feature : applicant.features) finance::append_number(csv += ',', feature);
      csv += applicant.defaults ? ",1," : ",0,";
      finance::append_number(csv, applicant.true_pd);
      csv += '\n';
    }
  }
  return csv;
}

}  // namespace

SimulatedTable simulate(std::string_view name, const SimulationOptions& options) {
  const FloatEnvironment environment;
  if (std::find(simulations.begin(), simulations.end(), name) == simulations.end()) {
    std::string known;
    for (const std::string_view one : simulations) known += (known.empty() ? "" : ", ") + std::string(one);
    throw InvalidArgument("there is no simulation \"" + std::string(name) + "\"; known: " + known);
  }
  constexpr std::int64_t most = 1'000'000'000;
  if (options.keys < 1 || options.rows < 1 || options.keys > most / options.rows)
    throw InvalidArgument("simulate: keys and rows must be at least 1, and their product at most 10^9");
  finance::check_spread(options.spread);
  const bool market = name == simulations[0];
  return {market ? simulated_market(options) : simulated_segments(options), options.keys * options.rows};
}

}  // namespace shoal
