// SPDX-License-Identifier: Apache-2.0
// ThreadPool: runs the same job on several threads at once. The caller's thread is thread 0, so that one
// thread means no other thread at all. Threads are started by the first run that needs them.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <shoal/fork_safe_mutex.hpp>

namespace shoal::cpu {

class ThreadPool {
 public:
  ThreadPool();
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Calls job(thread) for thread = 0 .. threads - 1, in the float environment of the numerical contract, and
  /// returns when all calls are done. Throws the first exception of a call, or ResourceError when the system
  /// cannot start more threads. One run at a time; calls from several threads queue. After a fork the child
  /// has none of its parent's threads and starts its own.
  void run(int threads, const std::function<void(int)>& job);

 private:
  struct Worker {
    alignas(64) std::atomic<std::uint32_t> round{0};  ///< counts the jobs; the last increment means the end
    std::thread thread;
  };

  void ensure_threads(int threads);
  void loop(int thread, Worker& worker);
  void call(int thread);

  pid_t process_;  ///< the process that started the threads
  ForkSafeMutex<> one_run_;
  const std::function<void(int)>* job_ = nullptr;
  std::atomic<std::uint32_t> running_{0};  ///< threads still at work
  bool stop_ = false;
  ForkSafeMutex<> error_mutex_;
  std::exception_ptr error_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace shoal::cpu
