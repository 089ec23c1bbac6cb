// SPDX-License-Identifier: Apache-2.0
// Results of the run and how they compare. The table, the closing text and the chart are made from them
// alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "row_name.hpp"

namespace shoal::bench {

struct Result {
  RowName name;
  double call_seconds = 0.0, tasks_per_second = 0.0;
  std::optional<double> peak_share;    ///< % of the backend's peak, by wall time
  std::optional<double> kernel_share;  ///< % of the backend's peak, by the device's own time in kernels
  std::string error;                   ///< why the row failed; empty = it did not

  bool failed() const { return !error.empty(); }
};

struct Ratio {
  double value = 0.0;
  bool scaled = false;  ///< compared with the reference's time per task in another batch
};

class Results {
 public:
  /// A second result of a row replaces the first. So the median of repetitions, which comes last, is kept. A
  /// failure is never replaced.
  void add(Result result);
  std::span<const Result> all() const { return results_; }
  const Result* find(const RowName& name) const;

  /// Tasks per second as a multiple of the reference backend's, for the same shape and work. Uses the
  /// reference's result for the same batch, or else for its largest batch: it is serial, so its time per task
  /// is always the same.
  std::optional<Ratio> times_reference(const Result& result) const;
  /// Tasks per second as a multiple of the fastest other backend's, for the same shape, batch and work.
  std::optional<double> times_best_other(const Result& result) const;

 private:
  std::vector<Result> results_;
};

}  // namespace shoal::bench
