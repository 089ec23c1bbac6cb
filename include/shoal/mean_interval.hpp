// SPDX-License-Identifier: Apache-2.0
// How far the mean of losses may lie from the truth: by independent tasks (Student's t), or by times that
// depend on each other (Newey and West), and whether two forecasts differ (Diebold and Mariano).
//
// Example:
//
//   const std::vector<double> loss = {1.2, 0.7, 1.9, 1.1}, other = {1.3, 0.9, 1.8, 1.4};
//   const std::vector<std::int32_t> day = {0, 0, 1, 2};
//   const shoal::MeanInterval interval = shoal::student_interval(loss);
//   const shoal::DieboldMariano test = shoal::diebold_mariano(loss, other, day, 1);
//   std::printf("%.3f +- %.3f; difference %.3f\n", interval.mean, interval.half_width, test.mean);
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shoal {

/// A mean with its 95 % interval, mean +- half_width.
struct MeanInterval {
  double mean = 0.0;
  double half_width = 0.0;  ///< NaN where there is only one value (student) or period (time)
  std::int64_t count = 0;   ///< values, or periods
  int lag = 0;              ///< that of Newey and West; 0 for Student's t
};

/// Of independent values, at least one: t sd / sqrt(count), with count - 1 degrees of freedom. Throws
/// InvalidArgument when there is none.
MeanInterval student_interval(std::span<const double> values);
/// Of values in time: they are averaged over each time, and the mean over the periods has the standard error
/// of Newey and West with `lag`, at most a quarter of the periods; times 1.96. `time` [values]: places in
/// order of time, equal ones for the same time. Throws InvalidArgument for no value, other sizes, lag < 0.
MeanInterval time_interval(std::span<const double> values, std::span<const std::int32_t> time, int lag);

/// Whether two columns differ in their mean.
struct MeanComparison {
  double mean = 0.0;           ///< of the first minus the second
  std::optional<double> t, p;  ///< mean / standard error, two-sided; nothing without a variance
};
/// Of pairs of independent values: Student's t with pairs - 1 degrees of freedom. Throws InvalidArgument for
/// no pair and other sizes.
MeanComparison student_comparison(std::span<const double> values, std::span<const double> others);

/// The mean of the values of each time, in order of time.
std::vector<double> means_by_time(std::span<const double> values, std::span<const std::int32_t> time);

/// The variance of the mean of a series: (g0 + 2 sum over k = 1 .. lag of (1 - k / (lag + 1)) gk) / periods,
/// gk = (sum of the products of deviations k apart) / periods (Bartlett's weights). 0 for a series whose
/// values differ by rounding alone.
double newey_west_variance(std::span<const double> series, int lag);

struct DieboldMariano {
  double mean = 0.0;           ///< of `loss` minus `other`, averaged by time: below 0 when `loss` is smaller
  std::optional<double> t, p;  ///< mean / standard error, two-sided normal p; nothing without a variance
  int lag = 0;
  std::int64_t periods = 0;
};
/// Whether two forecasts of the same rows differ in loss. `loss`, `other`, `time` [rows]. Throws
/// InvalidArgument as time_interval does. The lag is taken as it is given.
DieboldMariano diebold_mariano(std::span<const double> loss, std::span<const double> other,
                               std::span<const std::int32_t> time, int lag);

}  // namespace shoal
