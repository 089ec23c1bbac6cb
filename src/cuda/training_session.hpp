// SPDX-License-Identifier: Apache-2.0
// CudaTrainingSession: runs each meta-iteration as one graph launch
// (docs/decisions/0008-one-graph-per-meta-iteration.md).
#pragma once

#include <memory>
#include <mutex>

#include "core/backend.hpp"
#include "cuda/compiled/kernel_compiler.hpp"
#include "cuda/cuda_options.hpp"
#include "cuda/runtime/clock.hpp"
#include "cuda/runtime/device.hpp"

namespace shoal::cuda {

/// `clock` and `mutex`, which guards all work of the backend, must outlive the session.
std::unique_ptr<TrainingSession<float>> make_training_session(const Problem& problem, OptimizerKind optimizer,
                                                              const DeviceInfo& device,
                                                              const CudaOptions& options,
                                                              std::shared_ptr<KernelCompiler> compiler,
                                                              DeviceClock& clock, std::mutex& mutex);

}  // namespace shoal::cuda
