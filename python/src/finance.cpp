// SPDX-License-Identifier: Apache-2.0
// Features of prices, and the data sets of the catalogue.
#include <charconv>
#include <cmath>
#include <limits>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <shoal/dataset.hpp>
#include <shoal/error.hpp>
#include <shoal/volatility.hpp>

#include "arrays.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

using Prices = nb::ndarray<const double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// Prices [dates, assets] as series; NaN: the asset has no price on that date.
std::vector<PriceSeries> series_of(const std::vector<std::string>& dates,
                                   const std::vector<std::string>& assets, const Prices& close) {
  if (close.shape(0) != dates.size() || close.shape(1) != assets.size())
    throw InvalidArgument("prices: their shape is not that of dates and assets");
  std::vector<PriceSeries> prices;
  prices.reserve(assets.size());
  for (std::size_t asset = 0; asset < assets.size(); ++asset) {
    PriceSeries& series = prices.emplace_back(PriceSeries{assets[asset], {}, {}});
    for (std::size_t date = 0; date < dates.size(); ++date) {
      const double price = close(date, asset);
      if (std::isnan(price)) continue;
      series.dates.push_back(dates[date]);
      series.close.push_back(price);
    }
  }
  return prices;
}

/// The number that volatility_csv writes for this one: it has nine significant digits.
double as_written(double value) {
  if (!std::isfinite(value)) return value;
  char digits[32];
  const auto written = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, 9);
  double read = 0.0;
  std::from_chars(digits, written.ptr, read);
  return read;
}

nb::list volatility(const std::vector<std::string>& dates, const std::vector<std::string>& assets,
                    const Prices& close, bool next) {
  std::vector<VolatilitySeries> series;
  {
    const nb::gil_scoped_release released;
    series = volatility_series(series_of(dates, assets, close), next ? NextDay::added : NextDay::left_out);
    for (VolatilitySeries& one : series)
      for (double& value : one.values) value = as_written(value);
  }
  nb::list told;
  for (VolatilitySeries& one : series) {
    const std::size_t rows = one.dates.size();
    told.append(nb::make_tuple(one.asset, one.dates,
                               to_numpy(std::move(one.values), {rows, volatility_columns.size()})));
  }
  return told;
}

}  // namespace

void bind_finance(nb::module_& module) {
  nb::list columns;
  for (const std::string_view column : volatility_columns) columns.append(std::string(column));
  module.attr("volatility_columns") = columns;
  module.def("volatility", &volatility, "dates"_a, "assets"_a, "close"_a.noconvert(), "next"_a,
             "(asset, dates, values [dates, volatility_columns]) of every asset.");
  module.def(
      "get_dataset",
      [](const std::string& name, const std::string& folder, const std::string& features,
         const std::string& package, const std::string& python) {
        DatasetFiles files;
        {
          const nb::gil_scoped_release released;
          DatasetOptions options;
          options.folder = folder;
          options.features = features;
          options.package = package;
          options.python = python;
          files = get_dataset(name, options);
        }
        return nb::make_tuple(files.table.string(), files.card.string(), files.sha256, files.rows);
      },
      "name"_a, "folder"_a, "features"_a, "package"_a, "python"_a);
}

}  // namespace shoal::python
