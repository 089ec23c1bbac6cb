// SPDX-License-Identifier: Apache-2.0
#include "data/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/timeline.hpp"

namespace shoal {
namespace {

[[noreturn]] void refuse(const ColumnStore& table, const Column& column, std::size_t row, const char* what) {
  throw DataError(table.location(row) + ": column " + quoted_text(column.name) + ": values like " +
                  value_text(column, row) + " are too " + what +
                  " to be standardised: their mean or deviation is beyond double precision; write the column "
                  "in another unit");
}

}  // namespace

Moments moments_of(const ColumnStore& table, const Column& column, const std::vector<bool>& rows) {
  Moments moments;
  std::size_t count = 0, largest = 0;
  double sum = 0.0, low = std::numeric_limits<double>::infinity(), high = -low;
  const auto each = [&](auto use) {
    for (std::size_t row = 0; row < rows.size(); ++row)
      if (rows[row] && !column.is_missing(row) && std::isfinite(column.numbers[row]))
        use(column.numbers[row], row);
  };
  each([&](double x, std::size_t row) {
    if (count++ == 0 || std::abs(x) > std::abs(column.numbers[largest])) largest = row;
    sum += x;
    low = std::min(low, x);
    high = std::max(high, x);
  });
  for (std::size_t row = 0; row < rows.size(); ++row)
    moments.any_missing = moments.any_missing || (rows[row] && column.is_missing(row));
  if (count == 0) return moments;
  const auto n = static_cast<double>(count);
  moments.mean = sum / n;
  double squares = 0.0, residuals = 0.0;
  each([&](double x, std::size_t) {
    squares += (x - moments.mean) * (x - moments.mean);
    residuals += x - moments.mean;
  });
  const double deviation = std::sqrt(squares / n);
  if (!std::isfinite(moments.mean) || !std::isfinite(deviation)) refuse(table, column, largest, "large");
  if (low == high) {
    moments.mean = low;  // exact; a mean computed from a sum would be rounded
    return moments;
  }
  if (deviation == 0.0) refuse(table, column, largest, "small");
  // The mean used for the squares has an error, which the residuals estimate; and values that differ only in
  // their last digits differ by rounding. A deviation that is not above these errors counts as 0.
  const double error_of_mean = std::abs(residuals / n), share = std::min(1.0, error_of_mean / deviation),
               corrected = deviation * std::sqrt(1.0 - share * share),
               rounding =
                   4.0 * std::numeric_limits<double>::epsilon() * std::max(std::abs(low), std::abs(high));
  if (corrected > std::max(error_of_mean, rounding)) moments.deviation = deviation;
  return moments;
}

}  // namespace shoal
