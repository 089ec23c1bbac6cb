// SPDX-License-Identifier: Apache-2.0
// Four schedulers that issue one instruction per cycle each, in order within a warp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "instruction_fetch.hpp"
#include "program.hpp"
#include "settings.hpp"

namespace shoal::issue {

inline constexpr int scoreboards = 6;

struct Warp {
  const std::vector<Executed>* round = nullptr;
  std::size_t next = 0, block = 0;
  Cycle ready = 0, copied = 0, line = never, fetched = 0;
  std::array<Cycle, scoreboards + 2> boards = {};
  bool at_barrier = false;
};

// Why a scheduler issues nothing: the nearest that any of its warps came to issuing.
enum class Idle : std::uint8_t { stall, fetch, scoreboard, pipe };

struct Scheduler {
  std::vector<std::size_t> warps;
  std::size_t last = 0;
  Cycle fma_free = 0, heavy_free = 0, alu_free = 0, special_free = 0, memory_free = 0;
  std::deque<double> queue;  // when the accesses of shared memory leave
};

struct Totals {
  Cycle issued = 0, fma = 0;
  double wavefronts = 0;
  std::array<Cycle, 4> idle = {};
};

class Multiprocessor {
 public:
  Multiprocessor(const Program& program, const Settings& settings)
      : program_(program),
        settings_(settings),
        fetch_(settings, lines_of(program)),
        arrived_(static_cast<std::size_t>(settings.blocks)),
        schedulers_(schedulers) {
    const std::size_t per_block = program.rounds.size();
    for (std::size_t block = 0; block < arrived_.size(); ++block)
      for (std::size_t w = 0; w < per_block; ++w) {
        Warp warp;
        warp.round = &program.rounds[w];
        warp.block = block;
        place_in_round(warp, per_block);
        schedulers_[warps_.size() % schedulers].warps.push_back(warps_.size());
        warps_.push_back(warp);
      }
  }

  void cycle() {
    for (std::size_t s = 0; s < schedulers_.size(); ++s) step(s);
    ++now_;
  }
  Cycle now() const { return now_; }
  Cycle rounds() const { return rounds_; }  // of warps
  Cycle misses() const { return fetch_.misses(); }
  std::size_t warps() const { return warps_.size(); }
  const Totals& totals() const { return totals_; }

 private:
  static std::size_t lines_of(const Program& program) {
    Cycle most = 0;
    for (const Instruction& i : program.instructions) most = std::max(most, i.line);
    return static_cast<std::size_t>(most) + 1;
  }

  // Warps that work alone begin anywhere in their round, blocks of several warps one after another.
  void place_in_round(Warp& warp, std::size_t per_block) const {
    const auto length = static_cast<double>(warp.round->size()), block = static_cast<double>(warp.block);
    const double golden = block * 0.618 - std::floor(block * 0.618);
    if (per_block == 1)
      warp.next = static_cast<std::size_t>(golden * length);
    else
      warp.ready = static_cast<Cycle>(block * length / 2);
  }

  const Instruction& instruction(const Warp& warp) const {
    return program_.instructions[static_cast<std::size_t>((*warp.round)[warp.next].instruction)];
  }

  bool pipe_is_free(Scheduler& s, Pipe pipe) const {
    switch (pipe) {
      case Pipe::fma:
        return s.fma_free <= now_;
      case Pipe::heavy:
        return s.heavy_free <= now_;
      case Pipe::alu:
        return s.alu_free <= now_;
      case Pipe::special:
        return s.special_free <= now_;
      case Pipe::shared_load:
      case Pipe::shared_store:
      case Pipe::local_load:
      case Pipe::load:
      case Pipe::store:
      case Pipe::copy:
        while (!s.queue.empty() && s.queue.front() <= static_cast<double>(now_)) s.queue.pop_front();
        return s.memory_free <= now_ && s.queue.size() < 14;
      default:
        return true;
    }
  }

  // Whether the warp can issue now; else the reason.
  bool can_issue(std::size_t s, Warp& warp, Idle& reason) {
    const Instruction& i = instruction(warp);
    const auto because = [&](Idle idle) {
      reason = std::max(reason, idle);
      return false;
    };
    if (i.line != warp.line) {
      warp.line = i.line;
      warp.fetched = fetch_.enter(s, i.line, now_);
    }
    if (warp.fetched > now_) return because(Idle::fetch);
    for (std::size_t b = 0; b < scoreboards; ++b)
      if ((i.wait >> b & 1) != 0 && warp.boards[b] > now_) return because(Idle::scoreboard);
    if (i.pipe == Pipe::copies && warp.copied > now_) return because(Idle::scoreboard);
    return pipe_is_free(schedulers_[s], i.pipe) || because(Idle::pipe);
  }

  void step(std::size_t number) {
    Scheduler& s = schedulers_[number];
    Idle reason = Idle::stall;
    for (std::size_t k = 0; k < s.warps.size(); ++k) {
      const std::size_t chosen = (s.last + k) % s.warps.size();
      Warp& warp = warps_[s.warps[chosen]];
      if (warp.at_barrier || warp.ready > now_ || !can_issue(number, warp, reason)) continue;
      s.last = chosen;
      issue(s, warp);
      return;
    }
    ++totals_.idle[static_cast<std::size_t>(reason)];
  }

  // When the result is there, and when the operands have been read.
  struct Times {
    Cycle result, operands;
  };
  Times use_pipe(Scheduler& s, Warp& warp, Pipe pipe, float wavefronts) {
    switch (pipe) {
      case Pipe::fma:
        s.fma_free = now_ + 1;
        return {now_, now_};
      case Pipe::heavy:
        s.heavy_free = now_ + 2;
        return {now_, now_};
      case Pipe::alu:
        s.alu_free = now_ + 2;
        return {now_, now_};
      case Pipe::special:
        s.special_free = now_ + 8;
        return {now_ + 20, now_ + 8};
      case Pipe::shared_load:
      case Pipe::shared_store: {
        s.memory_free = now_ + 2;
        shared_free_ =
            std::max(shared_free_, static_cast<double>(now_ + 4)) + static_cast<double>(wavefronts);
        s.queue.push_back(shared_free_);
        totals_.wavefronts += static_cast<double>(wavefronts);
        const auto served = static_cast<Cycle>(shared_free_);
        return {served + settings_.shared_latency - 2, served + 2};
      }
      case Pipe::local_load:
        s.memory_free = now_ + 2;
        return {now_ + 33, now_ + 10};
      case Pipe::load:
        s.memory_free = now_ + 2;
        return {now_ + settings_.l2_latency, now_ + 20};
      case Pipe::copy:
        warp.copied = now_ + settings_.l2_latency;
        [[fallthrough]];
      case Pipe::store:
        s.memory_free = now_ + 2;
        return {now_ + 20, now_ + 20};
      default:
        return {now_, now_};
    }
  }

  void issue(Scheduler& s, Warp& warp) {
    const Instruction& i = instruction(warp);
    const Times times = use_pipe(s, warp, i.pipe, (*warp.round)[warp.next].wavefronts);
    const auto set = [&](int board, Cycle time) {
      Cycle& at = warp.boards[static_cast<std::size_t>(board)];
      at = std::max(at, time);
    };
    set(i.write, times.result);
    set(i.read, times.operands);
    warp.ready = now_ + std::max(1, i.stall) + (i.pipe == Pipe::branch ? 2 : 0);
    ++totals_.issued;
    totals_.fma += i.pipe == Pipe::fma ? 1 : 0;
    if (i.pipe == Pipe::barrier) arrive(warp);
    if (++warp.next == warp.round->size()) {
      warp.next = 0;
      ++rounds_;
    }
  }

  void arrive(Warp& warp) {
    warp.at_barrier = true;
    if (++arrived_[warp.block] < program_.rounds.size()) return;
    arrived_[warp.block] = 0;
    for (Warp& other : warps_)
      if (other.block == warp.block) {
        other.at_barrier = false;
        other.ready = std::max(other.ready, now_ + 20);
      }
  }

  const Program& program_;
  const Settings& settings_;
  InstructionFetch fetch_;
  std::vector<Warp> warps_;
  std::vector<std::size_t> arrived_;
  std::vector<Scheduler> schedulers_;
  double shared_free_ = 0;
  Cycle now_ = 0, rounds_ = 0;
  Totals totals_;
};

}  // namespace shoal::issue
