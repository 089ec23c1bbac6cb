// SPDX-License-Identifier: Apache-2.0
// Context: where the work runs. Owns the threads; made once, shared by learners.
//
// Threads of the cpu backend are made when work first wants them, as many as there are groups of tasks to
// share (ResourceError from that call when the system gives no more). So a context survives fork(): a child
// process makes threads of its own at first use, and computes the same bits. Two conditions: while the
// process forks, no other thread is inside a call on a learner of this context; and the context is not of
// the cuda backend, since no CUDA program can use a device on both sides of a fork.
//
// The library reads no environment variable: what a context does follows from its options alone.
// `shoal/program_environment.hpp` is for programs that want the variables of the `shoal` program.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/device_memory_resource.hpp>

namespace shoal {

enum class BackendKind { automatic, reference, cpu, cuda };
std::string_view to_string(BackendKind kind);
BackendKind backend_from_string(std::string_view name);

/// Instruction set of the cpu backend. `automatic` takes the widest that the machine has.
enum class Isa { automatic, scalar, avx2, avx512 };
std::string_view to_string(Isa isa);
Isa isa_from_string(std::string_view name);
/// Whether this build and this machine can run the set; `automatic`: whether there is any.
bool isa_available(Isa isa);

/// How products are computed. `exact`: the numerical contract, the same bits everywhere. `fast`: outside of
/// it, on cuda alone: models too large for a multiprocessor multiply with cuBLAS, where factors may be
/// rounded to TF32.
enum class Math { exact, fast };
std::string_view to_string(Math math);
Math math_from_string(std::string_view name);

struct ContextOptions {
  /// `automatic` takes cuda where this build has it and a device is usable, else cpu: the bits are the same.
  BackendKind backend = BackendKind::automatic;
  int threads = 0;  ///< 0 = every core this process may use
  Isa isa = Isa::automatic;
  Math math = Math::exact;
  bool time_device = false;  ///< see Context::device_seconds
  /// Which device the cuda backend computes on: a number from 0 among those that CUDA_VISIBLE_DEVICES leaves.
  /// Without one, that of `stream`, else the calling thread's current device. Other backends have none and
  /// take no notice.
  std::optional<int> device = {};
  /// cuda: the caller's stream (a cudaStream_t), which all work of the context and its learners is given to.
  /// Borrowed: it stays until they are gone. A null pointer is CUDA's default stream, as everywhere in CUDA.
  /// Without one, the context has streams of its own. docs/cuda.md says who waits for what.
  std::optional<CUstream_st*> stream = {};
  /// cuda: where all device memory comes from; null: the CUDA runtime.
  std::shared_ptr<DeviceMemoryResource> device_memory = {};
  /// Plans of the cpu and of the cuda backend, for measurements: how work is laid out, never a bit of it.
  /// docs/configuration.md says what they take; empty: the backend chooses. The other backends take no
  /// notice.
  std::string cpu_plan = {}, cuda_plan = {};
};

/// One line of `shoal doctor`: a backend and whether it can run here.
struct BackendReport {
  std::string name;
  bool available = false;
  std::string detail;  ///< instruction set, device, or why not
  /// fp32 peak of a device from its data sheet: multiprocessors x lanes x 2 x clock; 0 on the host.
  double peak_gflops = 0.0;
  std::string peak_detail = {};  ///< the same, as written out
};

struct BackendAccess;  // the learner's way in, src/core/backend_access.hpp

class Context {
 public:
  /// Throws ResourceError when the backend, the instruction set or the math is not to be had here, by name;
  /// InvalidArgument when an option has no such value, e.g. the number of a device that is not there, and
  /// when a backend other than cuda is given a stream or device memory.
  explicit Context(const ContextOptions& options = {});
  ~Context();
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;

  std::string_view backend_name() const;
  /// Why this backend: "as asked for", or what `automatic` saw.
  std::string_view reason() const;
  int threads() const;
  Isa isa() const;  ///< the resolved set; scalar on `reference`

  /// Seconds of the device's own clock spent in kernels so far, copies and waiting left out; nothing on
  /// backends without a device, or when the options did not ask for it (timing costs some microseconds a
  /// call).
  std::optional<double> device_seconds() const;

  /// Every backend of this build; of `options` the device counts, which is the one that is reported on.
  static std::vector<BackendReport> backends(const ContextOptions& options = {});

 private:
  friend struct BackendAccess;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
