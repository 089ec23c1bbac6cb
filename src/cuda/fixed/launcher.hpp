// SPDX-License-Identifier: Apache-2.0
// FixedLauncher: runs meta-gradients by kernels made for their shape, where there is one: compiled ahead of
// time, or at run time. While one is being compiled, the launcher says that there is none, and the kernels
// that know no shape do the work; they give the same bits, so that nobody notices the change.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "cuda/compiled/kernel_compiler.hpp"
#include "cuda/fixed/shape_choice.hpp"
#include "cuda/runtime/array.hpp"
#include "kernels/fixed/instance.hpp"

namespace shoal::cuda {

struct FixedKernel {
  kernels::FixedShape shape;
  kernels::FixedInstance ahead;                ///< compiled ahead of time, unless `loaded`
  std::shared_ptr<const LoadedKernel> loaded;  ///< compiled at run time

  const void* address() const { return loaded ? loaded->address() : ahead.kernel; }
};

/// A prepared launch.
struct FixedLaunch {
  FixedKernel kernel;
  kernels::TeamLaunch grid;
};

class FixedLauncher {
 public:
  /// `instances`: kernels that were compiled ahead of time. `compiler`: null where none is to be compiled.
  FixedLauncher(std::span<const kernels::FixedInstance> instances, std::shared_ptr<KernelCompiler> compiler)
      : instances_(instances), compiler_(std::move(compiler)) {}

  /// The kernel for `shape`, if it is there. The shape is compiled once it has been asked for often enough to
  /// be worth it. `wait`: at once, and waits for it.
  std::optional<FixedKernel> find(const kernels::FixedShape& shape, bool wait);
  /// Why find() has none: the state of the compilation.
  std::string reason(const kernels::FixedShape& shape) const;
  /// Uploads what the kernel needs, and fills the rest of `job`. Throws ResourceError if no multiprocessor
  /// can hold a block.
  FixedLaunch prepare(Stream& stream, const FixedKernel& kernel, int multiprocessors,
                      kernels::TaskArguments& job);
  static void launch(Stream& stream, const FixedLaunch& launch, const kernels::TaskArguments& job);

 private:
  std::span<const kernels::FixedInstance> instances_;
  std::shared_ptr<KernelCompiler> compiler_;
  kernels::FixedShape asked_;  ///< the last shape, and how often in a row
  int times_ = 0;
  DeviceArray<float> workspace_;
  DeviceArray<std::int32_t> places_;
};

}  // namespace shoal::cuda
