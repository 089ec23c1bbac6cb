// SPDX-License-Identifier: Apache-2.0
#include "cpu/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "core/float_environment.hpp"

namespace shoal::cpu {
namespace {

TEST(ThreadPool, CallsEveryThreadOnceARound) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.size(), threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<int> calls(static_cast<std::size_t>(threads), 0);
      pool.run([&](int thread) { ++calls[static_cast<std::size_t>(thread)]; });
      for (const int count : calls) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, AnExceptionReachesTheCallerAndThePoolLivesOn) {
  ThreadPool pool(3);
  for (int bad = 0; bad < 3; ++bad) {
    EXPECT_THROW(pool.run([&](int thread) {
      if (thread == bad) throw std::runtime_error("thread " + std::to_string(thread));
    }),
                 std::runtime_error);
    std::atomic<int> calls{0};
    pool.run([&](int) { ++calls; });
    EXPECT_EQ(calls, 3);
  }
}

#if defined(__SSE__)
TEST(ThreadPool, WorksInTheFloatEnvironmentOfTheContractAndRestoresTheCallers) {
  ThreadPool pool(3);
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
  std::atomic<int> kept{0};
  pool.run([&](int) {
    volatile float tiny = 0x1p-126f;
    if (tiny * 0.5f > 0.0f) ++kept;
  });
  EXPECT_EQ(_mm_getcsr() & 0x8040u, 0x8040u);
  _mm_setcsr(before);
  EXPECT_EQ(kept, 3);
}
#endif

}  // namespace
}  // namespace shoal::cpu
