// SPDX-License-Identifier: Apache-2.0
// A context survives fork: the child makes threads of its own and computes the same bits.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include <shoal/fork_safe_mutex.hpp>

#include "support/bits.hpp"
#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool forks = false;  // ThreadSanitizer allows no threads after a fork of a process that has some
#else
constexpr bool forks = true;
#endif

/// Exit code of `child`, run in a child process; 128 + the signal that ended it. A child that hangs is ended
/// by an alarm.
template <class Child>
int exit_of(Child child) {
  const pid_t process = ::fork();
  if (process == 0) {
    ::alarm(20);
    ::_exit(child());
  }
  int status = 0;
  if (process < 0 || ::waitpid(process, &status, 0) != process) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(Fork, AChildComputesWithTheContextOfItsParent) {
  if (!forks) GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork of a process that has some";
  std::mt19937_64 random(3);
  const RandomCase c = random_case(random, "maml", LossKind::mse, Activation::tanh,
                                   {.most_tasks = 30, .least_tasks = 30, .least_steps = 1});
  std::optional<Context> context = context_with_plan("units", 3);
  std::optional<MetaLearner> learner = learner_for<float>(*context, c);
  const auto gradient = [&] { return bits(learner->meta_gradient(c.tasks).theta); };
  const auto want = gradient();  // starts the threads of the parent
  const auto child = [&] {
    for (int time = 0; time < 3; ++time)
      if (gradient() != want) return 1;
    if (exit_of([&] { return gradient() == want ? 0 : 1; }) != 0) return 2;  // a child of the child
    learner.reset();
    context.reset();  // must not wait for threads that do not exist
    return 0;
  };
  EXPECT_EQ(exit_of(child), 0);
  EXPECT_EQ(exit_of([&] {
              learner.reset();
              context.reset();  // destroyed without a call
              return 0;
            }),
            0);
  EXPECT_EQ(gradient(), want) << "the parent goes on";
}

/// At the moment of the fork another thread may be in the middle of a call. It does not exist in the child,
/// which must neither wait for it nor use what it left half done.
TEST(Fork, AnotherThreadOfTheParentMayBeComputing) {
  if (!forks) GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork of a process that has some";
  std::mt19937_64 random(4);
  const RandomCase c = random_case(random, "maml", LossKind::mse, Activation::tanh,
                                   {.most_tasks = 60, .least_tasks = 60, .least_steps = 2});
  for (const int threads : {1, 3}) {
    const Context context = context_with_plan("units", threads);
    const MetaLearner learner = learner_for<float>(context, c);
    const auto gradient = [&] { return bits(learner.meta_gradient(c.tasks).theta); };
    const auto want = gradient();
    std::atomic<bool> stop{false};
    std::thread busy([&] {
      while (!stop) gradient();
    });
    int wrong = 0;
    for (int time = 0; time < 20; ++time) wrong += exit_of([&] { return gradient() == want ? 0 : 1; }) != 0;
    stop = true;
    busy.join();
    EXPECT_EQ(wrong, 0) << threads << " threads";
  }
}

TEST(Fork, AMutexIsFreeInTheChild) {
  if (!forks) GTEST_SKIP() << "ThreadSanitizer allows no threads after a fork of a process that has some";
  ForkSafeMutex<std::recursive_mutex> mutex;
  std::atomic<int> state{0};
  std::thread holder([&] {
    const std::lock_guard lock(mutex);
    state = 1;
    while (state != 2) std::this_thread::yield();
  });
  while (state != 1) std::this_thread::yield();
  EXPECT_EQ(exit_of([&] {
              const std::lock_guard lock(mutex), again(mutex);
              return exit_of([&] {
                const std::lock_guard of_grandchild(mutex);
                return 0;
              });
            }),
            0);
  state = 2;
  holder.join();
  const std::lock_guard lock(mutex);  // the parent's own is as it was
}

}  // namespace
}  // namespace shoal::testing
