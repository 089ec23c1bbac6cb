// SPDX-License-Identifier: Apache-2.0
// KernelCompiler: makes loaded kernels of texts, beside the program's work. Whoever asks for a kernel gets it
// when it is there and computes without it until then.
//
// One thread in the background, made when the first kernel is asked for, takes compiled kernels from the
// cache on disk or compiles them. They are loaded into the device by the thread that asks.
//
// A compiler survives fork() as a context does (shoal/context.hpp): a child process has none of the kernels
// and begins anew with a thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <shoal/fork_safe_mutex.hpp>

#include "cuda/compiled/kernel_source.hpp"
#include "cuda/compiled/kernel_toolchain.hpp"
#include "cuda/compiled/loaded_kernel.hpp"

namespace shoal::cuda {

struct KernelCompilerOptions {
  /// Of the device: ten times the compute capability, 90 for 9.0.
  int capability = 0;
  /// ContextOptions::kernel_cache; empty: every process compiles for itself.
  std::string cache_folder = {};
  /// Opens the toolchain, when the first kernel is asked for; throws Error saying why there is none. Empty:
  /// NVRTC.
  std::function<std::shared_ptr<const KernelToolchain>()> open = {};
};

/// What became of a kernel that was asked for.
struct KernelState {
  enum class Kind { unknown, waiting, ready, failed };
  Kind kind = Kind::unknown;  ///< unknown: nobody asked for it; ready: find() returns it
  std::string reason = {};    ///< why it failed, with the compiler's log
};

/// All functions may be called from several threads at once.
class KernelCompiler {
 public:
  explicit KernelCompiler(KernelCompilerOptions options);
  /// Waits for the compilation that is under way, because nothing can stop it, and drops those that wait. The
  /// device whose kernels were loaded must be current.
  ~KernelCompiler();
  KernelCompiler(const KernelCompiler&) = delete;
  KernelCompiler& operator=(const KernelCompiler&) = delete;

  /// The kernel, or null if it is not there yet or cannot be had; never waits for a compilation. The first
  /// call for a source starts the work; one that failed is not tried again. Loads the kernel into the current
  /// device, so no stream may be captured meanwhile. The title of a source makes no difference.
  std::shared_ptr<const LoadedKernel> find(const KernelSource& source);
  /// The same, waiting until the kernel is there or has failed.
  std::shared_ptr<const LoadedKernel> wait_for(const KernelSource& source);
  KernelState state(const KernelSource& source) const;

  /// Lets the kernels fail whose compilation has not begun.
  void drop_waiting();

  /// Why nothing can be compiled, "" if something can. Opens the toolchain.
  std::string unavailable() const;
  /// Number of compilations so far, of this object in this process; kernels from the cache are none.
  long compilations() const;

 private:
  struct Process;
  Process& of_this_process() const;

  const KernelCompilerOptions options_;
  mutable ForkSafeMutex<> mutex_;
  mutable std::unique_ptr<Process> process_;  ///< what is known in this process; `mutex_` guards all of it
};

}  // namespace shoal::cuda
