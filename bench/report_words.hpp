// SPDX-License-Identifier: Apache-2.0
// What a report says in sentences: where it ran, what it did not run and why, and what the figures mean.
#pragma once

#include <string>
#include <vector>

#include "results.hpp"

namespace shoal::bench {

/// A backend of the run, and what "% of peak" is a share of.
struct Peak {
  std::string backend;
  double gflops = 0.0;  ///< 0: none
  std::string detail;   ///< how the figure came about
};

struct NotRun {
  std::string backend, reason;
};

/// Everything about a run beside its results.
struct Circumstances {
  std::string version, machine;
  int cpus = 0;
  double load = 0.0;             ///< mean of the last minute, before the run; < 0: not known
  bool clock_is_scaled = false;  ///< the system changes the clock with the load
  bool library_is_debug = false, shoal_is_optimised = true;
  std::vector<Peak> peaks;
  double cpu_peak_afterwards = 0.0;  ///< Gflop/s, measured again when all rows were done; 0: not
  std::vector<NotRun> not_run;
  std::vector<RowName> too_large;  ///< rows that this machine cannot do in sensible time or memory
  int left_by_quick = 0;           ///< rows that --quick leaves out

  bool device() const;  ///< a backend with a device takes part
};

/// Before the table: the machine and the peaks. Lines of at most `width` columns, as are all below.
std::string opening(const Circumstances& run, int width);
/// Backends and rows that were not run, and why; empty where there are none.
std::string not_run(const Circumstances& run, int width);
/// The rows that are too large, by backend and shape, as one sentence without its full stop: "cpu: large from
/// 1024 tasks; reference: ...".
std::string too_large_in_words(const std::vector<RowName>& rows);
/// Which figures are worth telling, what figures mean and what speaks against them.
std::string closing(const Circumstances& run, const Results& results, int width);

}  // namespace shoal::bench
