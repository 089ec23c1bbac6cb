// SPDX-License-Identifier: Apache-2.0
#include "run/garch_baseline.hpp"

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
      {}};
  for (const KeySeries& key : forecasts.series.keys) {
    const std::span<const double> returns(key.values);
    try {
      forecasts.fits.push_back(fit_garch(kind, returns.first(key.past)));
    } catch (const DataError& error) {
      throw DataError(table.path + ": key " + quoted_text(key.name) + ", before " + boundary + ": " +
                      error.what());
    }
    const GarchFit& fit = forecasts.fits.back();
    std::vector<double> h = garch_variances(fit.parameters, fit.first_variance, returns);
    h.pop_back();  // of the row that is not there yet
    forecasts.past.emplace_back(h.begin(), h.begin() + static_cast<std::ptrdiff_t>(key.past));
    forecasts.variances.emplace_back(h.begin() + static_cast<std::ptrdiff_t>(key.past), h.end());
  }
  return forecasts;
}

}  // namespace shoal
