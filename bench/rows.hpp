// SPDX-License-Identifier: Apache-2.0
// The rows of the benchmark: what is timed on which backend, and the counters beside the time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <shoal/context.hpp>

#include "row_name.hpp"

namespace shoal::bench {

/// A backend that takes part.
struct Lane {
  std::unique_ptr<Context> context;
  double peak_gflops = 0.0;  ///< the peak that "% of peak" refers to; 0 = there is none
};

struct RegisteredRows {
  std::vector<RowName> registered;
  std::vector<RowName> too_large;      ///< for this machine
  std::vector<RowName> left_by_quick;  ///< would fit, but are not part of a quick run
};

/// Registers every row of every lane with Google Benchmark; with `quick`, a choice that has every shape and
/// backend. `lanes` must outlive the run. `starts` is called whenever the timing of a row begins, several
/// times per row.
RegisteredRows register_rows(const std::vector<Lane>& lanes, bool quick,
                             const std::function<void(const RowName&)>& starts);
/// The rows that --benchmark_filter selects; Google Benchmark has no function that says so.
std::vector<RowName> rows_that_match(const std::vector<RowName>& rows, std::string filter);
/// 0, or the exit code of the first row that failed.
int failure_of_rows();

}  // namespace shoal::bench
