// SPDX-License-Identifier: Apache-2.0
// issue_simulation NAME=VALUE...: how long the warps of a multiprocessor of the H100 take for what they
// execute. Model, not measured.
//
// Reads from standard input what bench/static/latency.py writes: the instructions of a kernel ("PIPE STALL
// WRITE READ WAIT ADDRESS"), then for every warp of a block its round, the instructions of one task in the
// order of execution (indices; accesses of shared memory are followed by their wavefronts). All blocks repeat
// their rounds; the result is the steady state. Prints one JSON object.
//
// Four schedulers issue one instruction per cycle each, in order within a warp. A warp waits for the stall
// count of its last instruction, for its scoreboards, for a free pipe, for the shared-memory pipe (one
// wavefront per cycle for all four), for the block's barrier, and, with cache_lines > 0, for its
// instructions: each scheduler has a cache of lines of 128 bytes, filled through one port from a cache that
// all four share.
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "multiprocessor.hpp"

namespace {

using namespace shoal::issue;

int simulate(const Settings& settings) {
  const Program program = read_program(std::cin);
  Multiprocessor sm(program, settings);
  const auto warps = static_cast<Cycle>(sm.warps());
  const auto run_to = [&](Cycle rounds) {
    for (Cycle quiet = 0; sm.rounds() < rounds; ++quiet) {
      if (quiet > Cycle{2'000'000'000}) throw std::runtime_error("the warps never end");
      sm.cycle();
    }
  };
  run_to(warps);
  const Totals before = sm.totals();
  const Cycle begin = sm.now(), first = sm.rounds(), missed = sm.misses();
  run_to(first + settings.rounds * warps);
  const auto cycles = static_cast<double>(sm.now() - begin);
  const Totals& after = sm.totals();
  // Rounds are not finished when the time is over, so what was issued counts.
  double round = 0;
  for (const std::vector<Executed>& one : program.rounds) round += static_cast<double>(one.size());
  const double block_rounds = static_cast<double>(after.issued - before.issued) / round;
  const auto share = [&](Cycle a, Cycle b) { return static_cast<double>(a - b) / (schedulers * cycles); };
  std::printf(
      "{\"cycles\": %.1f, \"issue\": %.4f, \"fma\": %.4f, \"shared\": %.4f, \"misses\": %.1f, \"idle\": "
      "{\"stall\": %.4f, "
      "\"fetch\": %.4f, \"scoreboard\": %.4f, \"pipe\": %.4f}}\n",
      cycles / block_rounds, share(after.issued, before.issued), share(after.fma, before.fma),
      (after.wavefronts - before.wavefronts) / cycles,
      static_cast<double>(sm.misses() - missed) / block_rounds, share(after.idle[0], before.idle[0]),
      share(after.idle[1], before.idle[1]), share(after.idle[2], before.idle[2]),
      share(after.idle[3], before.idle[3]));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Settings settings;
    for (int k = 1; k < argc; ++k) set(settings, argv[k]);
    if (settings.blocks < 1 || settings.rounds < 1)
      throw std::runtime_error("blocks and rounds are at least 1");
    return simulate(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "issue_simulation: %s\n", error.what());
    return 1;
  }
}
