// SPDX-License-Identifier: Apache-2.0
// What a simulation assumes of the machine: settings by name, NAME=VALUE.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

namespace shoal::issue {

using Cycle = std::int64_t;

struct Settings {
  Cycle blocks = 1;           ///< on the multiprocessor
  Cycle rounds = 3;           ///< that count, after one that does not
  Cycle shared_latency = 24;  ///< cycles of a load of shared memory without conflicts
  Cycle l2_latency = 350;     ///< cycles of a load of device memory
  Cycle cache_lines = 0;      ///< instruction cache of a scheduler; 0: it never misses
  Cycle miss = 0;             ///< cycles until a line comes from the shared cache
  Cycle port = 1;             ///< cycles between two lines through the port
  Cycle prefetch = 0;         ///< lines that are requested ahead of the one that a warp enters
  Cycle shared_lines = 0;     ///< the cache that all schedulers share; 0: it never misses
  Cycle far_miss = 0;         ///< cycles until a line comes from beyond it
};

// NAME=VALUE
inline void set(Settings& settings, const std::string& text) {
  static const std::map<std::string, Cycle Settings::*> names = {
      {"blocks", &Settings::blocks},
      {"rounds", &Settings::rounds},
      {"shared_latency", &Settings::shared_latency},
      {"l2_latency", &Settings::l2_latency},
      {"cache_lines", &Settings::cache_lines},
      {"miss", &Settings::miss},
      {"port", &Settings::port},
      {"prefetch", &Settings::prefetch},
      {"shared_lines", &Settings::shared_lines},
      {"far_miss", &Settings::far_miss}};
  const auto equals = text.find('=');
  const auto found = names.find(text.substr(0, equals));
  if (equals == std::string::npos || found == names.end())
    throw std::runtime_error("unknown setting " + text);
  Cycle& value = settings.*found->second;
  value = std::stoll(text.substr(equals + 1));
  if (value < 0) throw std::runtime_error("negative setting " + text);
}

}  // namespace shoal::issue
