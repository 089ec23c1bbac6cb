// SPDX-License-Identifier: Apache-2.0
// The options of shoal-bench that Google Benchmark does not have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <shoal/context.hpp>

namespace shoal::bench {

struct Options {
  std::vector<BackendKind> backends;  ///< --backends=cpu,cuda: these, or an error; empty = all that can run
  int threads = 0;                    ///< --threads=N, 0 = every core
  Isa isa = Isa::automatic;           ///< --isa=avx2
  bool help = false;                  ///< --help
  bool quick = false;                 ///< --quick: a choice of rows, briefly
  std::string chart;                  ///< --chart=FILE.svg: draw the rows there
  bool colour_is_named = false;       ///< --benchmark_color=yes or no: NO_COLOR does not count then
  std::string sweep;                  ///< --sweep-plans=SHAPE: nothing but that
  std::int64_t tasks = 0;             ///< --tasks=N of a sweep, 0 = many
};

/// Takes its own options out of argv, as --name=value or --name value, and leaves the others in order. Throws
/// InvalidArgument.
Options take_options(int& argc, char** argv);
/// What --help says of them.
const char* options_help();

}  // namespace shoal::bench
