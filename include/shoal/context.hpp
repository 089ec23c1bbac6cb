// SPDX-License-Identifier: Apache-2.0
// Context: the backend and the threads that do the work. A program makes a context once; many learners can
// share it.
//
// The cpu backend starts its threads at the first call that needs them, as many as there are groups of tasks
// to share out. That call throws ResourceError when the system refuses a thread. So a context survives
// fork(): a child process starts threads of its own at first use, and computes the same bits. This holds
// under two conditions: while the process forks, no other thread is inside a call on a learner of this
// context; and the backend is not cuda, because no CUDA program can use a device on both sides of a fork.
//
// The library reads no environment variable: the options alone decide what a context does. Programs that want
// to obey the variables of the `shoal` program use `shoal/program_environment.hpp`.
//
// Example:
//
//   const shoal::Context context({.backend = shoal::BackendKind::cpu, .threads = 4});
//   shoal::MetaLearner other(context, {.model = {.inputs = 1, .hidden = {40, 40}, .outputs = 1}});
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
/// Throws InvalidArgument with the list of known names.
BackendKind backend_from_string(std::string_view name);

/// Instruction set of the cpu backend. `automatic` chooses the widest that the machine has.
enum class Isa { automatic, scalar, avx2, avx512 };
std::string_view to_string(Isa isa);
/// Throws InvalidArgument with the list of known names.
Isa isa_from_string(std::string_view name);
/// Whether this build and this machine can run the instruction set. For `automatic`: whether they can run
/// any.
bool isa_available(Isa isa);

/// How matrix products are computed. `exact` obeys the numerical contract: the same bits everywhere. `fast`
/// does not, and exists on cuda alone: for models that are computed layer by layer, cuBLAS multiplies the
/// matrices and may round the factors to TF32.
enum class Math { exact, fast };
std::string_view to_string(Math math);
/// Throws InvalidArgument with the list of known names.
Math math_from_string(std::string_view name);

struct ContextOptions {
  /// `automatic` chooses cuda where this build has it and a device is usable, else cpu. Both give the same
  /// bits.
  BackendKind backend = BackendKind::automatic;
  int threads = 0;  ///< number of host threads; 0 = every core that this process may use
  Isa isa = Isa::automatic;
  Math math = Math::exact;
  bool time_device = false;  ///< measure kernel times for Context::device_seconds
  /// The device of the cuda backend, counted from 0 among the devices that CUDA_VISIBLE_DEVICES leaves.
  /// Without a value, the backend uses the device of `stream`; without a stream, the calling thread's current
  /// device. Other backends ignore it.
  std::optional<int> device = {};
  /// For cuda: the caller's stream (a cudaStream_t). The context and its learners submit all work to it. The
  /// context borrows the stream, so it must exist as long as they do. As everywhere in CUDA, a null pointer
  /// is the default stream. Without a value, the context makes streams of its own. docs/cuda.md says who
  /// waits for what.
  std::optional<CUstream_st*> stream = {};
  /// For cuda: allocates all device memory; null = the CUDA runtime does.
  std::shared_ptr<DeviceMemoryResource> device_memory = {};
  /// Plan overrides of the cpu and of the cuda backend, for measurements. A plan decides how work is laid
  /// out; it changes no bit. docs/configuration.md lists the values; empty = the backend chooses its plan.
  /// Other backends ignore them.
  std::string cpu_plan = {}, cuda_plan = {};
  /// For cuda: the absolute path of the folder in which kernels that were compiled at run time are kept for
  /// the next process; empty = every process compiles for itself. The backend makes it. It is used only if it
  /// belongs to this user, others cannot write in it, and it is no link; docs/cuda.md says more. It changes
  /// no bit. Other backends ignore it.
  std::string kernel_cache = {};
};

/// One line of `shoal doctor`: a backend and whether it can run here.
struct BackendReport {
  std::string name;
  bool available = false;
  std::string detail;  ///< instruction set, device, or why the backend cannot run
  /// fp32 peak of the device by its data sheet, in Gflop/s: multiprocessors x lanes x 2 x clock; 0 on the
  /// host.
  double peak_gflops = 0.0;
  std::string peak_detail = {};  ///< the factors of the peak, in words
  /// For cuda: what compiles kernels at run time ("NVRTC 13.0"), or why nothing does; empty elsewhere.
  std::string kernel_compiler = {};
  /// For cuda: the folder of ContextOptions::kernel_cache, "none", or why it is not used; empty elsewhere.
  std::string kernel_cache = {};
};

struct BackendAccess;  // gives learners their backend (src/core/backend_access.hpp)

class Context {
 public:
  /// Throws ResourceError, naming the cause, when this build or this machine lacks the backend, the
  /// instruction set or the math. Throws InvalidArgument when an option is invalid, e.g. a device number that
  /// does not exist, and when a backend other than cuda is given a stream or device memory.
  explicit Context(const ContextOptions& options = {});
  ~Context();
  Context(Context&&) noexcept;
  Context& operator=(Context&&) noexcept;

  std::string_view backend_name() const;
  /// Why this backend was chosen: "as asked for", or what `automatic` found.
  std::string_view reason() const;
  int threads() const;
  Isa isa() const;  ///< the instruction set in use; scalar on `reference`

  /// Seconds that kernels have run so far, by the device's own clock, without copies and waiting. Empty on
  /// backends without a device, and when ContextOptions::time_device is off (timing costs some microseconds
  /// per call).
  std::optional<double> device_seconds() const;

  /// Reports every backend of this build. Of `options` it uses the device and kernel_cache, about which it
  /// reports.
  static std::vector<BackendReport> backends(const ContextOptions& options = {});

 private:
  friend struct BackendAccess;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
