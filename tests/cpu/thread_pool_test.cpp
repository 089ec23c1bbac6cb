// SPDX-License-Identifier: Apache-2.0
#include "cpu/thread_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/float_environment.hpp"

namespace shoal::cpu {
namespace {

TEST(ThreadPool, CallsEveryThreadOnceARound) {
  ThreadPool pool;
  for (int round = 0; round < 600; ++round) {
    const int threads = round % 5 + 1;  // threads that this round does not need sleep meanwhile
    std::vector<int> calls(static_cast<std::size_t>(threads), 0);
    pool.run(threads, [&](int thread) { ++calls[static_cast<std::size_t>(thread)]; });
    for (const int count : calls) EXPECT_EQ(count, 1);
  }
}

TEST(ThreadPool, AnExceptionReachesTheCallerAndThePoolLivesOn) {
  ThreadPool pool;
  for (int bad = 0; bad < 3; ++bad) {
    EXPECT_THROW(pool.run(3,
                          [&](int thread) {
                            if (thread == bad) throw std::runtime_error("thread " + std::to_string(thread));
                          }),
                 std::runtime_error);
    std::atomic<int> calls{0};
    pool.run(3, [&](int) { ++calls; });
    EXPECT_EQ(calls, 3);
  }
}

/// Number of threads of this process, from the system.
int threads_of_process() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  return -1;
}

TEST(ThreadPool, MakesNoThreadThatNoRunWants) {
  std::thread([] {}).join();  // ThreadSanitizer starts a thread of its own with the first
  const int before = threads_of_process();
  ThreadPool pool;
  pool.run(1, [](int) {});
  EXPECT_EQ(threads_of_process(), before);
  pool.run(3, [](int) {});
  EXPECT_EQ(threads_of_process(), before + 2);
  pool.run(2, [](int) {});
  EXPECT_EQ(threads_of_process(), before + 2);
}

#if defined(__SSE__)
TEST(ThreadPool, WorksInTheFloatEnvironmentOfTheContractAndRestoresTheCallers) {
  ThreadPool pool;
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040);  // flush to zero, denormals are zero
  std::atomic<int> kept{0};
  pool.run(3, [&](int) {
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
