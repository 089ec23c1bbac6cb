// SPDX-License-Identifier: Apache-2.0
#include "cpu/thread_pool.hpp"

#include <utility>

#include "core/float_environment.hpp"

namespace shoal::cpu {

ThreadPool::ThreadPool(int threads) {
  try {
    for (int thread = 1; thread < threads; ++thread) threads_.emplace_back([this, thread] { loop(thread); });
  } catch (...) {  // the system gives no more threads
    end();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  end();
}

void ThreadPool::end() {
  stop_ = true;  // published by round_
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::run(const std::function<void(int)>& job) {
  const std::lock_guard lock(one_run_);
  job_ = &job;
  running_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  if (!threads_.empty()) round_.notify_all();
  call(0);
  for (std::uint32_t left; (left = running_.load(std::memory_order_acquire)) != 0;) running_.wait(left);
  if (const std::exception_ptr error = std::exchange(error_, nullptr)) std::rethrow_exception(error);
}

void ThreadPool::loop(int thread) {
  for (std::uint32_t seen = 0;;) {
    round_.wait(seen, std::memory_order_acquire);
    seen = round_.load(std::memory_order_acquire);
    if (stop_) return;
    call(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

void ThreadPool::call(int thread) {
  try {
    const FloatEnvironment environment;
    (*job_)(thread);
  } catch (...) {
    const std::lock_guard lock(error_mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

}  // namespace shoal::cpu
