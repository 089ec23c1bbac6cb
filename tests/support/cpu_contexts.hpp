// SPDX-License-Identifier: Apache-2.0
// Contexts of the cpu backend with a forced layout of lanes, for every instruction set of this machine.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <shoal/context.hpp>

namespace shoal::testing {

struct LayoutContext {
  std::string name;
  Context context;
};

/// Makes a cpu context with a plan (docs/configuration.md).
inline Context context_with_plan(const std::string& plan, int threads, Isa isa = Isa::automatic) {
  return Context({.backend = BackendKind::cpu, .threads = threads, .isa = isa, .cpu_plan = plan});
}

inline std::vector<LayoutContext> contexts_of_both_layouts(const std::vector<int>& threads) {
  std::vector<LayoutContext> contexts;
  for (const Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    const std::string set(to_string(isa));
    if (!isa_available(isa)) {
      std::printf("not run: this machine has no %s\n", set.c_str());
      continue;
    }
    for (const char* layout : {"tasks", "units"})
      for (const int count : threads)
        contexts.push_back({set + ", lanes are " + layout + ", threads " + std::to_string(count),
                            context_with_plan(layout, count, isa)});
  }
  return contexts;
}

}  // namespace shoal::testing
