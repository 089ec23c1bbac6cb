// SPDX-License-Identifier: Apache-2.0
// ThreadPool: the same job on every thread at once. The caller is thread 0, so one thread means no thread at
// all.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace shoal::cpu {

class ThreadPool {
 public:
  /// Throws std::system_error when the system gives no more threads.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  /// Calls job(thread) for thread = 0 .. size() - 1 and returns when all are done. The first exception is
  /// thrown here. Runs in the float environment of the contract. One run at a time; calls from several
  /// threads queue.
  void run(const std::function<void(int)>& job);

 private:
  void end();
  void loop(int thread);
  void call(int thread);

  std::mutex one_run_;
  const std::function<void(int)>* job_ = nullptr;
  std::atomic<std::uint32_t> round_{0};    ///< a new job, or the end
  std::atomic<std::uint32_t> running_{0};  ///< threads still at work
  bool stop_ = false;
  std::mutex error_mutex_;
  std::exception_ptr error_;
  std::vector<std::thread> threads_;
};

}  // namespace shoal::cpu
