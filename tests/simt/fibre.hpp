// SPDX-License-Identifier: Apache-2.0
// Fibre: a stack and the switch to and from it (Boost.Context), announced to the sanitizers. For
// ThreadSanitizer every fibre is a thread, and a switch orders nothing: only barriers do, so that a missing
// barrier is reported as a data race with its source line. This bookkeeping itself must not be instrumented,
// hence a macro for that.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include <cstddef>
#include <memory>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif
#if defined(SIMT_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
#endif

namespace simt {

class Fibre {
 public:
  static constexpr std::size_t stack_bytes = 256 * 1024;

  Fibre() : stack_(new char[stack_bytes]) {
#if defined(SIMT_THREAD_SANITIZER)
    thread_ = __tsan_create_fiber(0);
#endif
  }
  Fibre(Fibre&&) = default;

  /// The next resume() calls body(argument), which must end with a call of leave(true).
  void start(void (*body)(void*), void* argument) {
    body_ = body;
    argument_ = argument;
    ended_ = false;
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(stack_.get(), stack_bytes);  // a fibre never returns from its last frames
#endif
    here_ = boost::context::detail::make_fcontext(stack_.get() + stack_bytes, stack_bytes, &enter);
  }
  bool ended() const {
    return ended_;
  }

  /// Runs the fibre until it leaves.
  void resume() {
#if defined(SIMT_THREAD_SANITIZER)
    caller_thread_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(&fake, stack_.get(), stack_bytes);
#endif
    here_ = boost::context::detail::jump_fcontext(here_, this).fctx;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  }
  /// Called inside the fibre: returns to the caller of resume(), for good or until the next resume().
  void leave(bool for_good) {
    ended_ = for_good;
#if defined(SIMT_THREAD_SANITIZER)
    __tsan_switch_to_fiber(caller_thread_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
    void* fake = nullptr;
    __sanitizer_start_switch_fiber(for_good ? nullptr : &fake, caller_stack_, caller_bytes_);
#endif
    caller_ = boost::context::detail::jump_fcontext(caller_, nullptr).fctx;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(fake, &caller_stack_, &caller_bytes_);
#endif
  }

 private:
  static void enter(boost::context::detail::transfer_t from) {
    auto* const self = static_cast<Fibre*>(from.data);
    self->caller_ = from.fctx;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &self->caller_stack_, &self->caller_bytes_);
#endif
    self->body_(self->argument_);
  }

  std::unique_ptr<char[]> stack_;
  boost::context::detail::fcontext_t here_ = nullptr, caller_ = nullptr;
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool ended_ = true;
#if defined(__SANITIZE_ADDRESS__)
  const void* caller_stack_ = nullptr;
  std::size_t caller_bytes_ = 0;
#endif
#if defined(SIMT_THREAD_SANITIZER)
  void *thread_ = nullptr, *caller_thread_ = nullptr;
#endif
};

/// A thread of its own for ThreadSanitizer, which runs on the stack of its caller.
class SeparateThread {
 public:
  template <class Work>
  void stand_in(Work work) {
#if defined(SIMT_THREAD_SANITIZER)
    if (!thread_) thread_ = __tsan_create_fiber(0);
    void* const caller = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread_, __tsan_switch_to_fiber_no_sync);
#endif
    work();
#if defined(SIMT_THREAD_SANITIZER)
    __tsan_switch_to_fiber(caller, __tsan_switch_to_fiber_no_sync);
#endif
  }

#if defined(SIMT_THREAD_SANITIZER)
 private:
  void* thread_ = nullptr;
#endif
};

/// For ThreadSanitizer: what one thread did before release() happens before what another does after
/// acquire().
inline void release([[maybe_unused]] void* tag) {
#if defined(SIMT_THREAD_SANITIZER)
  __tsan_release(tag);
#endif
}
inline void acquire([[maybe_unused]] void* tag) {
#if defined(SIMT_THREAD_SANITIZER)
  __tsan_acquire(tag);
#endif
}

}  // namespace simt
