// SPDX-License-Identifier: Apache-2.0
#include "cpu/thread_pool.hpp"

#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"

namespace shoal::cpu {
namespace {

/// Handles of threads of another process can be neither joined nor destroyed, so this releases them.
template <class Workers>
void release_handles(Workers& workers) {
  for (auto& worker : workers) static_cast<void>(worker.release());
  workers.clear();
}

}  // namespace

ThreadPool::ThreadPool() : process_(::getpid()) {}

ThreadPool::~ThreadPool() {
  if (::getpid() != process_) {
    release_handles(workers_);
    return;
  }
  stop_ = true;  // the increments of `round` publish it
  for (const auto& worker : workers_) {
    worker->round.fetch_add(1, std::memory_order_release);
    worker->round.notify_one();
  }
  for (const auto& worker : workers_) worker->thread.join();
}

/// Makes sure that there are at least `threads` threads, including the caller's.
void ThreadPool::ensure_threads(int threads) {
  if (const pid_t process = ::getpid(); process != process_) {
    release_handles(workers_);
    error_ = nullptr;
    process_ = process;
  }
  for (int thread = static_cast<int>(workers_.size()) + 1; thread < threads; ++thread) {
    auto worker = std::make_unique<Worker>();
    try {
      worker->thread = std::thread([this, thread, &own = *worker] { loop(thread, own); });
    } catch (const std::system_error& error) {
      throw ResourceError("backend cpu cannot start " + std::to_string(threads) +
                          " threads: " + error.what());
    }
    workers_.push_back(std::move(worker));
  }
}

void ThreadPool::run(int threads, const std::function<void(int)>& job) {
  const std::lock_guard lock(one_run_);
  ensure_threads(threads);
  job_ = &job;
  const auto others = static_cast<std::size_t>(threads) - 1;
  running_.store(static_cast<std::uint32_t>(others), std::memory_order_relaxed);
  for (std::size_t w = 0; w < others; ++w) {
    workers_[w]->round.fetch_add(1, std::memory_order_release);
    workers_[w]->round.notify_one();
  }
  call(0);
  for (std::uint32_t left; (left = running_.load(std::memory_order_acquire)) != 0;) running_.wait(left);
  if (const std::exception_ptr error = std::exchange(error_, nullptr)) std::rethrow_exception(error);
}

void ThreadPool::loop(int thread, Worker& worker) {
  for (std::uint32_t seen = 0;;) {
    worker.round.wait(seen, std::memory_order_acquire);
    seen = worker.round.load(std::memory_order_acquire);
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
