// SPDX-License-Identifier: Apache-2.0
// Assessment: how good anybody's forecasts are, by the statistics that Shoal reports of its own. `shoal
// assess` prints it.
//
// Example:
//
//   const shoal::ForecastTable table = shoal::read_forecasts(
//       "incumbent.csv", {.target = "return", .forecast = "var_99", .key = "asset", .time = "date"});
//   const shoal::Assessment assessment =
//       shoal::assess(table, {.kind = shoal::ForecastKind::value_at_risk, .level = 0.01});
//   for (const auto& [asset, metrics] : std::get<shoal::VarAssessment>(assessment.metrics).keys)
//     std::printf("%s: %.1f %%\n", asset.c_str(), 100.0 * metrics.rate);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <shoal/classification_metrics.hpp>
#include <shoal/forecast_table.hpp>
#include <shoal/mean_interval.hpp>
#include <shoal/value_at_risk.hpp>

namespace shoal {

/// What the forecasts are: probabilities of a target of 1, variances of a return whose square (or realised
/// variance) is the target, or signed quantiles of a return.
enum class ForecastKind { probability, variance, value_at_risk };
/// "probability", "variance", "var".
std::string_view to_string(ForecastKind kind);
/// Throws InvalidArgument with the list of known names.
ForecastKind forecast_kind_from_string(std::string_view name);

struct AssessmentOptions {
  ForecastKind kind = ForecastKind::probability;
  double level = 0.01;               ///< value_at_risk: the probability of an exceedance, in (0, 1)
  std::optional<double> floor = {};  ///< variance: targets below count as this, above 0 (qlike)
  int lag = 21;                      ///< of the comparison with another forecast (diebold_mariano)
};

/// Metrics of one key's rows. The keys of a table are in order of their bytes.
template <class Metrics>
using KeyMetrics = std::pair<std::string, Metrics>;

struct ProbabilityAssessment {
  ClassificationMetrics all;                            ///< of all rows together
  std::vector<KeyMetrics<ClassificationMetrics>> keys;  ///< empty for a table without keys
  std::optional<MacroClassificationMetrics> macro;      ///< means over the keys
};

struct VarianceMetrics {
  std::int64_t rows = 0;
  double qlike = 0.0;
};
struct VarianceAssessment {
  VarianceMetrics all;
  std::vector<KeyMetrics<VarianceMetrics>> keys;
  std::optional<double> macro_qlike;  ///< mean over the keys
};

struct VarAssessment {
  std::int64_t rows = 0, exceedances = 0;
  double rate = 0.0, tick = 0.0;  ///< of all rows together. No test is: assets of one day are not independent
  /// In order of time, or of the table where it has no times. A table without keys is one series, named "".
  std::vector<KeyMetrics<VarMetrics>> keys;
  std::int64_t kupiec_passes = 0, conditional_coverage_passes = 0;  ///< keys whose p-value is at least 0.05
};

struct Assessment {
  ForecastKind kind = ForecastKind::probability;
  bool keyed = false;         ///< whether the table has keys
  std::int64_t left_out = 0;  ///< rows of which a column misses a value
  std::variant<ProbabilityAssessment, VarianceAssessment, VarAssessment> metrics;
  /// With `against`: log-loss, QLIKE or tick of the forecasts minus that of the others.
  std::optional<DieboldMariano> dm;
};

/// Throws InvalidArgument for options that cannot be and for `against` without times; DataError naming place,
/// column and value: a probability outside [0, 1], its target other than 0 and 1, a variance that is not
/// above 0, its target neither without a floor, an expected shortfall that is not below 0, values at risk of
/// a level below 0.5 that are mostly above 0, a key and time that occur twice (a time, for a series of values
/// at risk without keys).
Assessment assess(const ForecastTable& table, const AssessmentOptions& options);

}  // namespace shoal
