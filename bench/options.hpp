// SPDX-License-Identifier: Apache-2.0
// The options of shoal-bench that Google Benchmark does not have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/context.hpp>

namespace shoal::bench {

struct Options {
  /// --backends=cpu,cuda: use exactly these, or fail; empty = all that can run
  std::vector<BackendKind> backends;
  int threads = 0;               ///< --threads=N, 0 = every core
  Isa isa = Isa::automatic;      ///< --isa=avx2
  bool help = false;             ///< --help
  bool quick = false;            ///< --quick: run a choice of rows, briefly
  std::string chart;             ///< --chart=FILE.svg: draw the rows to this file
  bool colour_is_named = false;  ///< --benchmark_color was given, so NO_COLOR does not count
  std::string sweep;             ///< --sweep-plans=SHAPE: do only this
  std::string compared;          ///< --compare-plans=SHAPE: do only this
  std::vector<std::string> plans = {"generic", "fixed"};  ///< --plans=A,B of a comparison
  std::int64_t tasks = 0;  ///< --tasks=N of a sweep or a comparison; 0 = as many as fill the device
};

/// Removes the options of shoal-bench from argv, as --name=value or --name value, and leaves the others in
/// order. Throws InvalidArgument.
Options take_options(int& argc, char** argv);
/// Their description in --help.
const char* options_help();

}  // namespace shoal::bench
