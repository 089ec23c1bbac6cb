// SPDX-License-Identifier: Apache-2.0
// The rows of the benchmark: what is timed, on which backend, and the numbers that stand beside the time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <shoal/context.hpp>

namespace shoal::bench {

/// A backend that takes part.
struct Lane {
  std::unique_ptr<Context> context;
  double peak_gflops = 0.0;  ///< what "% of peak" is a share of; 0 = no such number
};

/// Registers every row of every lane with Google Benchmark; `lanes` must outlive the run. Returns the names
/// of the rows that are too large for this machine.
std::vector<std::string> register_rows(const std::vector<Lane>& lanes);
/// 0, or the exit code of the first row that failed.
int failure_of_rows();

}  // namespace shoal::bench
