// SPDX-License-Identifier: Apache-2.0
// What a block executes: the instructions of a kernel, and for every warp its round, the instructions of one
// task in the order of execution.
#pragma once

#include <cstddef>
#include <istream>
#include <stdexcept>
#include <vector>

#include "settings.hpp"

namespace shoal::issue {

inline constexpr int line_bytes = 128;  // of the instruction caches

enum class Pipe : char {
  fma = 'F',      // FFMA, FADD, FMUL: one warp per cycle
  heavy = 'H',    // IMAD: every second cycle
  alu = 'A',      // integers and comparisons: every second cycle
  special = 'X',  // MUFU and conversions: every eighth cycle
  shared_load = 'L',
  shared_store = 'S',
  local_load = 'M',  // of a thread's own memory, in the first cache
  load = 'G',        // of device memory
  store = 'T',
  copy = 'C',     // from device to shared memory
  copies = 'D',   // waits for all copies
  barrier = 'B',  // of the block
  branch = 'J',
  other = 'O',
};

struct Instruction {
  Pipe pipe = Pipe::other;
  int stall = 1, write = 7, read = 7, wait = 0;
  Cycle line = 0;
};

struct Executed {
  int instruction = 0;
  float wavefronts = 0;
};

struct Program {
  std::vector<Instruction> instructions;
  std::vector<std::vector<Executed>> rounds;  // of the warps of a block
};

inline bool is_shared(Pipe pipe) {
  return pipe == Pipe::shared_load || pipe == Pipe::shared_store;
}

inline Program read_program(std::istream& in) {
  Program program;
  std::size_t count = 0, warps = 0;
  in >> count;
  program.instructions.resize(count);
  for (Instruction& i : program.instructions) {
    char pipe = 0;
    Cycle address = 0;
    in >> pipe >> i.stall >> i.write >> i.read >> i.wait >> address;
    i.pipe = static_cast<Pipe>(pipe);
    i.line = address / line_bytes;
  }
  in >> warps;
  program.rounds.resize(warps);
  for (std::vector<Executed>& round : program.rounds) {
    std::size_t length = 0;
    in >> length;
    round.resize(length);
    for (Executed& e : round) {
      in >> e.instruction;
      if (!in || e.instruction < 0 || static_cast<std::size_t>(e.instruction) >= count) {
        in.setstate(std::ios::failbit);
        break;
      }
      if (is_shared(program.instructions[static_cast<std::size_t>(e.instruction)].pipe)) in >> e.wavefronts;
    }
    if (round.empty()) in.setstate(std::ios::failbit);
  }
  if (!in || warps == 0) throw std::runtime_error("the input is no program of instructions and rounds");
  return program;
}

}  // namespace shoal::issue
