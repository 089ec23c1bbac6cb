// SPDX-License-Identifier: Apache-2.0
// What was timed, and how rows compare: the table, the closing words and the chart are made from this alone.
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
  std::optional<double> kernel_share;  ///< the same by the device's own time in kernels
  std::string error;                   ///< why the row failed; empty: it did not

  bool failed() const { return !error.empty(); }
};

struct Ratio {
  double value = 0.0;
  bool scaled = false;  ///< against the reference's time per task in another batch
};

class Results {
 public:
  /// A second result of the same row replaces the first, so that the median of repetitions, which comes last,
  /// stands; but a failure stays.
  void add(Result result);
  std::span<const Result> all() const { return results_; }
  const Result* find(const RowName& name) const;

  /// Tasks a second as a multiple of the reference backend's with the same shape and work: in the same batch,
  /// else in the largest batch that it ran, since it is serial and every task takes it the same time.
  std::optional<Ratio> times_reference(const Result& result) const;
  /// As a multiple of the fastest other backend's with the same shape, batch and work.
  std::optional<double> times_best_other(const Result& result) const;

 private:
  std::vector<Result> results_;
};

}  // namespace shoal::bench
