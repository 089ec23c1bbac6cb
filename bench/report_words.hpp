// SPDX-License-Identifier: Apache-2.0
// The sentences of a report: where it ran, what it did not run and why, and what the numbers mean.
#pragma once

#include <string>
#include <vector>

#include "results.hpp"

namespace shoal::bench {

/// A backend of the run, with the peak that "% of peak" refers to.
struct Peak {
  std::string backend;
  double gflops = 0.0;  ///< 0 = there is no peak
  std::string detail;   ///< how the peak was determined
};

struct NotRun {
  std::string backend, reason;
};

/// Everything about a run except its results.
struct Circumstances {
  std::string version, machine;
  int cpus = 0;
  double load = 0.0;             ///< mean of the last minute before the run; < 0 = not known
  bool clock_is_scaled = false;  ///< the system varies the clock with the load
  bool library_is_debug = false, shoal_is_optimised = true;
  std::vector<Peak> peaks;
  double cpu_peak_afterwards = 0.0;  ///< Gflop/s, measured again after all rows; 0 = not measured
  std::vector<NotRun> not_run;
  std::vector<RowName> too_large;  ///< rows that would take this machine too much time or memory
  int left_by_quick = 0;           ///< number of rows that --quick left out

  bool device() const;  ///< whether a backend with a device takes part
};

/// The text before the table: the machine and the peaks. All these texts have lines of at most `width`
/// columns.
std::string opening(const Circumstances& run, int width);
/// Backends and rows that were not run, with the reasons; empty when there are none.
std::string not_run(const Circumstances& run, int width);
/// The rows that are too large, by backend and shape, in one sentence without its full stop: "cpu: large from
/// 1024 tasks; reference: ...".
std::string too_large_in_words(const std::vector<RowName>& rows);
/// The text after the table: the main results, what the numbers mean, and what may make them unreliable.
std::string closing(const Circumstances& run, const Results& results, int width);

}  // namespace shoal::bench
