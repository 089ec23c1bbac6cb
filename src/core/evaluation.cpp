// SPDX-License-Identifier: Apache-2.0
#include <shoal/evaluation.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "core/student_t.hpp"

namespace shoal {

double quantile(std::vector<double> values, double q) {
  const FloatEnvironment environment;
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (!(q >= 0.0 && q <= 1.0)) throw InvalidArgument("quantile: " + std::to_string(q) + " is not in [0, 1]");
  std::sort(values.begin(), values.end());
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

template <class Real>
std::vector<StepSummary> summarize(const StepLosses<Real>& losses, std::span<const std::int64_t> ids) {
  const FloatEnvironment environment;
  std::vector<std::size_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a] < ids[b]; });
  std::vector<StepSummary> summaries;
  for (std::size_t i = 0; i < losses.steps.size(); ++i) {
    StepSummary summary;
    summary.steps = losses.steps[i];
    summary.tasks = static_cast<std::int64_t>(ids.size());
    std::vector<double> good;
    for (const std::size_t t : order) {
      const std::size_t at = i * ids.size() + t;
      if (losses.status[at] == TaskStatus::good)
        good.push_back(static_cast<double>(losses.loss[at]));
      else
        summary.failures.push_back({ids[t], losses.status[at], losses.failed_step[at]});
    }
    summary.good = static_cast<std::int64_t>(good.size());
    const auto count = static_cast<double>(good.size());
    // 0 / 0 = NaN when no task is good
    summary.mean = std::accumulate(good.begin(), good.end(), 0.0) / count;
    double squares = 0.0;
    for (const double loss : good) squares += (loss - summary.mean) * (loss - summary.mean);
    summary.half_width = good.size() < 2 ? std::numeric_limits<double>::quiet_NaN()
                                         : student_t_975(summary.good - 1) *
                                               std::sqrt(squares / (count - 1.0)) / std::sqrt(count);
    summary.median = quantile(good, 0.5);
    summary.q99 = quantile(good, 0.99);
    summary.q999 = quantile(good, 0.999);
    summary.divergence_rate =
        ids.empty() ? 0.0
                    : static_cast<double>(summary.tasks - summary.good) / static_cast<double>(summary.tasks);
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

template std::vector<StepSummary> summarize(const StepLosses<float>&, std::span<const std::int64_t>);
template std::vector<StepSummary> summarize(const StepLosses<double>&, std::span<const std::int64_t>);

}  // namespace shoal
