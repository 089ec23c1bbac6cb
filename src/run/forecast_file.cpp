// SPDX-License-Identifier: Apache-2.0
#include "run/forecast_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/table_series.hpp>

namespace shoal {
namespace {

bool is_one_number(LossKind kind) {
  return kind == LossKind::bce || kind == LossKind::mse || kind == LossKind::huber || kind == LossKind::qlike;
}

std::string short_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Its columns of rows and forecasts; a column that it lacks is the command line's fault.
std::vector<std::vector<double>> columns_in(const ForecastFile& forecasts) {
  try {
    return read_numbers(forecasts.file.string(), {"row", forecasts.column});
  } catch (const InvalidArgument& error) {
    throw InvalidArgument("--compare " + forecasts.name + ": " + error.what());
  }
}

/// What is wrong about a forecast; empty when nothing is.
std::string fault(const Loss& loss, double value) {
  if (loss.kind == LossKind::bce && !(value >= 0.0 && value <= 1.0))
    return short_text(value) + " is no probability";
  if (loss.kind == LossKind::qlike && !(value > 0.0)) return short_text(value) + " is no variance";
  return "";
}

}  // namespace

ForecastFile forecast_file_of(const std::string& text) {
  const std::size_t equals = text.find('='), colon = text.rfind(':');
  if (equals == std::string::npos || equals == 0 || colon == std::string::npos || colon < equals + 2 ||
      colon + 1 == text.size())
    throw InvalidArgument("--compare " + quoted_text(text) + ": expected NAME=FILE:COLUMN");
  return {text.substr(0, equals), text.substr(equals + 1, colon - equals - 1), text.substr(colon + 1)};
}

double output_of_response(const Loss& loss, double response) {
  if (std::isnan(response)) return response;
  if (loss.kind == LossKind::qlike) return std::log(response);
  if (loss.kind != LossKind::bce) return response;
  const double p = std::clamp(response, 0x1p-52, 1.0 - 0x1p-52);
  return std::log(p) - std::log1p(-p);
}

std::map<std::int64_t, double> outputs_in(const ForecastFile& forecasts, const Loss& loss) {
  const std::string file = forecasts.file.string();
  if (!is_one_number(loss.kind))
    throw InvalidArgument("--compare " + forecasts.name + ": forecasts for loss " +
                          std::string(to_string(loss.kind)) + " are not one number a row");
  if (forecasts.column == "row")
    throw InvalidArgument("--compare " + forecasts.name + ": row is no forecast");
  const auto columns = columns_in(forecasts);
  std::map<std::int64_t, double> outputs;
  for (std::size_t i = 0; i < columns[0].size(); ++i) {
    const double row = columns[0][i], value = columns[1][i];
    const std::string place = file + ": line " + std::to_string(i + 2) + ": ";
    if (!(row >= 0.0 && row < 2147483648.0 && row == std::floor(row)))
      throw DataError(place + "column \"row\": " + short_text(row) + " is no row of a table");
    if (std::isnan(value)) continue;
    if (const std::string wrong = fault(loss, value); !wrong.empty())
      throw DataError(place + "column " + quoted_text(forecasts.column) + ": " + wrong);
    if (!outputs.try_emplace(static_cast<std::int64_t>(row), output_of_response(loss, value)).second)
      throw DataError(place + "row " + std::to_string(static_cast<std::int64_t>(row)) +
                      " occurs twice; a forecast of one number of steps is needed");
  }
  return outputs;
}

}  // namespace shoal
