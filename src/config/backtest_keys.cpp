// SPDX-License-Identifier: Apache-2.0
#include "config/backtest_keys.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <shoal/backtest_config.hpp>

#include "config/key_kinds.hpp"

namespace shoal::config {
namespace {

/// backtest.window: "expanding" is kept as 0 years.
ConfigKey backtest_window() {
  return {"backtest.window", "text", "rows that a fold looks back on: expanding | a number of years",
          [](const Draft& d) {
            const int years = d.config.backtest.window;
            return ConfigValue(years == 0 ? std::string("expanding") : std::to_string(years));
          },
          [](Draft& d, const ConfigValue& value) {
            const auto* years = std::get_if<std::int64_t>(&value);
            const std::string text = years ? std::to_string(*years) : as_text(value);
            const bool digits =
                !text.empty() && text.size() < 5 && text.find_first_not_of("0123456789") == std::string::npos;
            if (text != "expanding" && (!digits || std::stoi(text) == 0))
              expected("\"expanding\" or a number of years");
            d.config.backtest.window = text == "expanding" ? 0 : std::stoi(text);
          }};
}

/// Either entries of names joined by "+", or the names of one combination.
ConfigKey backtest_combine() {
  ConfigKey key = texts("backtest.combine", SHOAL_FIELD(config.backtest.combine),
                        "more rows, means of the outputs of others, e.g. model+linear");
  key.set = [set = key.set](Draft& d, const ConfigValue& value) {
    set(d, value);
    std::vector<std::string>& entries = d.config.backtest.combine;
    const bool one = std::none_of(entries.begin(), entries.end(),
                                  [](const auto& entry) { return entry.find('+') != std::string::npos; });
    if (one && !entries.empty()) {
      std::string joined;
      for (const std::string& name : entries) joined += (joined.empty() ? "" : "+") + name;
      entries = {joined};
    }
    for (const std::string& entry : entries) names_in_combination(entry);
  };
  return key;
}

ConfigKey backtest_seeds() {
  ConfigKey key = integers("backtest.seeds", SHOAL_FIELD(config.backtest.seeds),
                           "seeds whose outputs are averaged; [] = the seed alone", 0);
  key.set = [set = key.set](Draft& d, const ConfigValue& value) {
    set(d, value);
    std::vector<std::int64_t> sorted = d.config.backtest.seeds;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) expected("different seeds");
  };
  return key;
}

}  // namespace

void add_risk(std::vector<ConfigKey>& keys) {
  const RiskConfig usual;
  keys.push_back(shown_if(same_training(text("risk.return", SHOAL_FIELD(config.risk.return_column),
                                             "column of returns, which garch and gjr are fitted on")),
                          [](const Draft& d) { return !d.config.risk.return_column.empty(); }));
  ConfigKey levels = same_training(
      numbers("risk.levels", SHOAL_FIELD(config.risk.levels), "levels of value at risk, between 0 and 0.5"));
  levels.set = [set = levels.set](Draft& d, const ConfigValue& value) {
    set(d, value);
    std::vector<double> sorted = d.config.risk.levels;
    std::sort(sorted.begin(), sorted.end());
    if (sorted.empty() || !(sorted.front() > 0.0 && sorted.back() < 0.5) ||
        std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
      expected("different numbers between 0 and 0.5");
  };
  keys.push_back(shown_if(levels, [usual](const Draft& d) { return d.config.risk.levels != usual.levels; }));
  keys.push_back(
      shown_if(same_training(integer("risk.residuals", SHOAL_FIELD(config.risk.residuals),
                                     "days of a key that filtered historical simulation looks back on", 1)),
               [usual](const Draft& d) { return d.config.risk.residuals != usual.residuals; }));
}

void add_backtest(std::vector<ConfigKey>& keys) {
  ConfigKey baselines =
      choice("backtest.refit_baselines", SHOAL_FIELD(config.backtest.refit_baselines.emplace()),
             refit_from_string, "how often baselines are fitted anew; unset: as refit");
  baselines.get = [](const Draft& d) {
    return ConfigValue(
        std::string(to_string(d.config.backtest.refit_baselines.value_or(d.config.backtest.refit))));
  };
  const auto add = [&](ConfigKey key, auto member) {
    keys.push_back(shown_if(same_training(std::move(key)), [member](const Draft& d) {
      return d.config.backtest.*member != BacktestConfig{}.*member;
    }));
  };
  add(text("backtest.from", SHOAL_FIELD(config.backtest.from), "first time that is forecast"),
      &BacktestConfig::from);
  add(text("backtest.to", SHOAL_FIELD(config.backtest.to), "first time that is not forecast any more"),
      &BacktestConfig::to);
  add(choice("backtest.refit", SHOAL_FIELD(config.backtest.refit), refit_from_string,
             "how often everything is fitted anew: never | year | quarter | month"),
      &BacktestConfig::refit);
  add(baselines, &BacktestConfig::refit_baselines);
  add(backtest_window(), &BacktestConfig::window);
  add(integer("backtest.validation_years", SHOAL_FIELD(config.backtest.validation_years),
              "years before a refit that selection looks at", 0, 1000),
      &BacktestConfig::validation_years);
  add(backtest_seeds(), &BacktestConfig::seeds);
  add(integer("backtest.folds", SHOAL_FIELD(config.backtest.folds),
              "groups of keys instead of times; -1 = each key is one; 0 = none", -1),
      &BacktestConfig::folds);
  add(backtest_combine(), &BacktestConfig::combine);
}

}  // namespace shoal::config
