// SPDX-License-Identifier: Apache-2.0
// What a meta-step of the cpu backend allocates after the first ones: results and descriptions of the call,
// but no workspace. This program counts the calls of operator new.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace {
std::atomic<bool> counting{false};
std::atomic<std::size_t> bytes{0}, largest{0};

void* counted(std::size_t size, std::size_t alignment) {
  if (counting.load(std::memory_order_relaxed)) {
    bytes.fetch_add(size, std::memory_order_relaxed);
    for (std::size_t seen = largest; size > seen && !largest.compare_exchange_weak(seen, size);) {
    }
  }
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (void* const memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) {
  return counted(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
// Not inlined: otherwise g++ 12 would use the standard library's new in one place and ours in another.
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace shoal::testing {
namespace {

TEST(Allocation, NoWorkspaceAfterTheFirstSteps) {
  std::mt19937_64 random(41);
  for (const char* plan : {"tasks", "half", "units", "cut-2-1", "guess"})
    for (int i = 0; i < 10; ++i) {
      const RandomCase c = random_case(random, {.most_width = 40,
                                                .least_tasks = 40,
                                                .least_rows = 8,
                                                .least_inputs = 3,
                                                .least_width = 20,
                                                .least_depth = 1,
                                                .least_steps = 1});
      const Context context = context_with_plan(plan, 1);  // with more threads, the groups of a thread vary
      MetaLearner learner = learner_for<float>(context, c);
      for (int step = 0; step < 2; ++step) learner.meta_step(c.tasks);
      bytes = largest = 0;
      counting = true;
      const MetaGradient<float> result = learner.meta_step(c.tasks);
      counting = false;
      const std::size_t gradient = (result.theta.size() + result.rates.size()) * sizeof(float);
      const auto tasks = static_cast<std::size_t>(c.tasks.size());
      std::size_t joined = 0;  // pooled training joins support and query
      if (c.algorithm_name == "pooled")
        for (const auto* set : {&c.tasks.support(), &c.tasks.query()})
          joined += sizeof(float) * (set->x.size() + set->y.size() + set->output_offset.size()) +
                    sizeof(std::int64_t) * (set->labels.size() + set->row_starts.size());
      // Room for the gradient, its exact sum (twelve times as large), per-task results, and 16 KiB of small
      // things.
      EXPECT_LE(bytes, 16 * gradient + 64 * tasks + 2 * joined + (16u << 10)) << plan << " " << c.describe();
      EXPECT_LE(largest, 12 * gradient + 16 * tasks + joined + (4u << 10)) << plan << " " << c.describe();
    }
}

}  // namespace
}  // namespace shoal::testing
