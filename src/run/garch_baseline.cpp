// SPDX-License-Identifier: Apache-2.0
#include "run/garch_baseline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {

std::map<std::int64_t, double> GarchForecasts::by_row() const {
  std::map<std::int64_t, double> result;
  for (std::size_t k = 0; k < series.keys.size(); ++k)
    for (std::size_t i = 0; i < variances[k].size(); ++i)
      result[series.keys[k].rows[series.keys[k].past + i]] = variances[k][i];
  return result;
}

std::map<std::int64_t, double> GarchForecasts::past_by_row() const {
  std::map<std::int64_t, double> result;
  for (std::size_t k = 0; k < series.keys.size(); ++k)
    for (std::size_t i = 0; i < past[k].size(); ++i) result[series.keys[k].rows[i]] = past[k][i];
  return result;
}

namespace {

/// The variances of all rows of a key; NaN where nothing can be fitted. Adds the fit.
std::vector<double> variances_of(GarchKind kind, const KeySeries& key, GarchForecasts& forecasts) {
  const std::span<const double> returns(key.values);
  auto past = returns.first(key.past);
  if (!past.empty() && std::isnan(past.back())) past = past.first(past.size() - 1);  // the row to be forecast
  try {
    const GarchFit fit = fit_garch(kind, past);
    forecasts.fits.emplace_back(fit);
    std::vector<double> h = garch_variances(fit.parameters, fit.first_variance, returns);
    h.pop_back();  // of the row that is not there yet
    return h;
  } catch (const DataError& error) {
    forecasts.fits.emplace_back();
    forecasts.unfitted.push_back({key.name, error.what()});
    return std::vector<double>(returns.size(), std::numeric_limits<double>::quiet_NaN());
  }
}

}  // namespace

void GarchForecasts::tell_unfitted(const std::string& name, const Notify& notify) const {
  if (unfitted.empty()) return;
  constexpr std::size_t named = 3;
  std::string text = "baseline " + name + " has no forecast of " + std::to_string(unfitted.size()) + " of " +
                     std::to_string(fits.size()) + " keys: ";
  for (std::size_t i = 0; i < std::min(named, unfitted.size()); ++i)
    text += (i == 0 ? "" : "; ") + quoted_text(unfitted[i].key) + ": " + unfitted[i].reason;
  if (unfitted.size() > named) text += "; and others";
  tell_warning(notify, text);
}

GarchForecasts garch_forecasts(GarchKind kind, const RunConfig& config, const std::string& until) {
  const std::string name(to_string(kind));
  const TableOptions& table = config.tasks.table;
  if (config.risk.return_column.empty())
    throw InvalidArgument("baseline " + name + ": risk.return must name the column of returns");
  if (config.tasks.source != TaskSourceKind::table || table.time.empty())
    throw InvalidArgument("baseline " + name + ": needs a table with a column of times (tasks.time)");
  const bool given = !until.empty();
  const std::string boundary = given ? until : table.split.test_from;
  if (boundary.empty())
    throw InvalidArgument("baseline " + name +
                          ": --until or tasks.split.test_from must say where the past ends");
  GarchForecasts forecasts{
      read_series(table, config.risk.return_column, boundary, given ? "--until" : "tasks.split.test_from"),
      {},
      {},
      {},
      {}};
  for (const KeySeries& key : forecasts.series.keys) {
    const std::vector<double> h = variances_of(kind, key, forecasts);
    forecasts.past.emplace_back(h.begin(), h.begin() + static_cast<std::ptrdiff_t>(key.past));
    forecasts.variances.emplace_back(h.begin() + static_cast<std::ptrdiff_t>(key.past), h.end());
  }
  if (forecasts.unfitted.size() == forecasts.fits.size())
    throw DataError(table.path + ": before " + boundary + " no key can be fitted; key " +
                    quoted_text(forecasts.unfitted.front().key) + ": " + forecasts.unfitted.front().reason);
  return forecasts;
}

}  // namespace shoal
