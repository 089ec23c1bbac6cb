// SPDX-License-Identifier: Apache-2.0
#include "backtest/folds.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "core/random.hpp"

namespace shoal {
namespace {

/// A time that the configuration gives, and the text of others months away from it.
class Origin {
 public:
  explicit Origin(const std::string& text) : text_(text), day_(calendar_time(text)) {}

  bool is_date() const { return day_.has_value(); }
  std::string later(int months) const { return months == 0 ? text_ : months_later(*day_, months); }

 private:
  std::string text_;
  std::optional<CalendarTime> day_;
};

/// Throws InvalidArgument for years before a time that is no date.
void require_date(const Origin& from, const std::string& text, const std::string& why) {
  if (!from.is_date())
    throw InvalidArgument("backtest.from = " + quoted_text(text) + ": " + why +
                          " needs a date written YYYY-MM-DD");
}

/// The run of a fold whose first forecast is of the day `months` after `from`.
RunConfig run_of_period(const RunConfig& config, const Origin& from, int months) {
  const BacktestConfig& backtest = config.backtest;
  RunConfig run = config;
  run.backtest = {};
  SplitOptions& split = run.tasks.table.split;
  split.by = "time";
  split.test_from = from.later(months);
  if (from.is_date())
    split.validation_from =
        backtest.validation_years > 0 ? from.later(months - 12 * backtest.validation_years) : "";
  split.train_from = backtest.window > 0 ? from.later(months - 12 * backtest.window) : "";
  split.purge = run.tasks.table.windows.purge;
  return run;
}

/// The day from which a fold's run trains or validates begins a period of the table's times.
void require_begin(const std::string& time, const std::string& from, const std::string& less,
                   const TableTimes& times) {
  if (!time.empty()) times.boundary(time, from + " less " + less);
}

}  // namespace

void require_backtest(const RunConfig& config) {
  const BacktestConfig& backtest = config.backtest;
  const TableOptions& table = config.tasks.table;
  const auto require = [](bool holds, const char* what) {
    if (!holds) throw InvalidArgument(std::string("backtest: ") + what);
  };
  require(config.tasks.source == TaskSourceKind::table, "needs a table (tasks.source = \"table\")");
  require(config.train.warm_start.empty(),
          "train.warm_start: the model to start from may have seen what a fold must not see");
  require(config.risk.residuals >= 250, "risk.residuals must be at least 250");
  if (deals_keys(config)) {
    require(backtest.folds != 1, "folds = 1 leaves nothing to train on");
    require(backtest.from.empty() && backtest.to.empty(), "folds deals keys; from and to are for times");
    require(table.split.by == "task", "folds deals keys; it needs tasks.split.by = \"task\"");
    require(table.split.train > 0.0, "tasks.split.train = 0 leaves nothing to train on");
    require(table.hold_out.empty(), "folds holds out every key once; tasks.hold_out must be empty");
    return;
  }
  require(!table.time.empty() && table.windows.query > 0,
          "walks through windows in time: it needs tasks.time and tasks.windows; keys are dealt by folds");
  require(backtest.window == 0 || backtest.window > backtest.validation_years,
          "window must be longer than validation_years, or nothing is left to train on");
}

std::vector<Fold> time_folds(const RunConfig& config, Refit refit, const TableTimes& times) {
  const BacktestConfig& backtest = config.backtest;
  const bool own = !backtest.from.empty();
  const std::string& text = own ? backtest.from : config.tasks.table.split.test_from;
  const std::string key = own ? "backtest.from" : "tasks.split.test_from";
  if (text.empty()) throw InvalidArgument("backtest.from or tasks.split.test_from must say where it begins");
  const Origin from(text);
  const int step = months_between(refit);
  if (step > 0) require_date(from, text, "refit = \"" + std::string(to_string(refit)) + "\"");
  if (backtest.window > 0) require_date(from, text, "window");
  const std::int32_t end = backtest.to.empty() ? times.count() : times.boundary(backtest.to, "backtest.to");
  const std::int32_t begin = times.boundary(text, key);
  if (begin == 0) throw InvalidArgument(key + " = " + quoted_text(text) + ": no row lies before it");
  if (begin >= end)
    throw InvalidArgument(key + " = " + quoted_text(text) + ": no row lies from there " +
                          (backtest.to.empty() ? "on" : "to backtest.to"));
  const std::string next = key + " plus backtest.refit";
  std::vector<Fold> folds;
  for (int months = 0; folds.empty() || folds.back().end < end; months += step) {
    Fold fold;
    fold.config = run_of_period(config, from, months);
    const SplitOptions& split = fold.config.tasks.table.split;
    if (from.is_date()) require_begin(split.validation_from, key, "backtest.validation_years", times);
    require_begin(split.train_from, key, "backtest.window", times);
    fold.validated_by = from.is_date() ? "backtest.validation_years" : "tasks.split.validation_from";
    fold.asks_for_validation = !split.validation_from.empty();
    fold.from = from.later(months);
    fold.name = from.is_date() ? fold.from : "fold-1";
    fold.begin = folds.empty() ? begin : folds.back().end;
    fold.end = step == 0 ? end : std::min(end, times.boundary(from.later(months + step), next));
    fold.to = fold.end < end ? from.later(months + step) : backtest.to;
    if (fold.begin == fold.end)
      throw DataError(config.tasks.table.path + ": no row lies in the fold from " + fold.from + " to " +
                      fold.to + "; refit less often");
    folds.push_back(std::move(fold));
  }
  return folds;
}

std::vector<Fold> key_folds(const RunConfig& config, std::vector<TableKey> keys) {
  const auto groups =
      config.backtest.folds < 0 ? keys.size() : static_cast<std::size_t>(config.backtest.folds);
  if (keys.size() < std::max<std::size_t>(2, groups))
    throw InvalidArgument("backtest.folds = " + std::to_string(config.backtest.folds) + ": " +
                          config.tasks.table.path + " has " + counted(std::ssize(keys), "key", "keys") +
                          " with rows to forecast");
  const auto draw = [&](const TableKey& key) {
    const RandomStream stream(config.seed, Purpose::split, static_cast<std::uint64_t>(key.id));
    return std::tuple(std::uint64_t{stream.bits(0)} << 32 | stream.bits(1), key.id);
  };
  std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) { return draw(a) < draw(b); });
  std::vector<Fold> folds(groups);
  for (std::size_t k = 0; k < keys.size(); ++k) folds[k % groups].keys.push_back(std::move(keys[k]));
  for (std::size_t f = 0; f < groups; ++f) {
    Fold& fold = folds[f];
    fold.name = "fold-" + std::to_string(f + 1);
    std::sort(fold.keys.begin(), fold.keys.end(),
              [](const TableKey& a, const TableKey& b) { return a.name < b.name; });
    fold.config = config;
    fold.config.backtest = {};
    TableOptions& table = fold.config.tasks.table;
    for (const TableKey& key : fold.keys) table.hold_out.push_back(key.name);
    fold.validated_by = "tasks.split.validation";
    fold.asks_for_validation = table.split.validation > 0.0;
    table.split.train /= table.split.train + table.split.validation;
    table.split.validation = 1.0 - table.split.train;
    table.split.test = 0.0;
  }
  return folds;
}

}  // namespace shoal
