// SPDX-License-Identifier: Apache-2.0
// ForkSafeMutex: a mutex that the child of a fork finds free, even if a thread of the parent held it at that
// moment. That thread does not exist in the child, so nobody would ever release an ordinary mutex there. What
// the mutex guards may be half changed in the child: its users begin anew with it.
//
// Example:
//
//   #include <mutex>
//
//   shoal::ForkSafeMutex<> turn;
//   const std::lock_guard lock(turn);
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace shoal {

/// `Mutex`: std::mutex or std::recursive_mutex. It has lock and unlock, so std::lock_guard takes it.
template <class Mutex = std::mutex>
class ForkSafeMutex {
 public:
  ForkSafeMutex() : now_(new OfProcess) {}
  ~ForkSafeMutex() {
    std::unique_ptr<OfProcess> now(now_.load(std::memory_order_acquire));
    // One of another process may be locked for ever, and must then not be destroyed.
    if (now->process != ::getpid()) static_cast<void>(now.release());
  }
  ForkSafeMutex(const ForkSafeMutex&) = delete;
  ForkSafeMutex& operator=(const ForkSafeMutex&) = delete;

  void lock() { of_this_process().mutex.lock(); }
  /// By the thread that locked it.
  void unlock() { now_.load(std::memory_order_acquire)->mutex.unlock(); }

 private:
  struct OfProcess {
    Mutex mutex;
    pid_t process = ::getpid();
    OfProcess* before = nullptr;  ///< of the parent process; kept, because it may be locked
  };

  OfProcess& of_this_process() {
    OfProcess* now = now_.load(std::memory_order_acquire);
    if (now->process == ::getpid()) return *now;
    auto own = std::make_unique<OfProcess>();
    own->before = now;
    // Of several threads of the child one is the first.
    if (now_.compare_exchange_strong(now, own.get(), std::memory_order_acq_rel)) return *own.release();
    return *now;
  }

  std::atomic<OfProcess*> now_;
};

}  // namespace shoal
