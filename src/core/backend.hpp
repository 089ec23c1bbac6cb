// SPDX-License-Identifier: Apache-2.0
// The seam: a backend implements four coarse operations; everything else is written once above it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <shoal/error.hpp>
#include <shoal/loss.hpp>
#include <shoal/meta_learner.hpp>
#include <shoal/model.hpp>
#include <shoal/task_batch.hpp>

#include "core/gradient_sum.hpp"
#include "core/inner_plan.hpp"
#include "core/training_session.hpp"

namespace shoal {

/// What is to be computed, apart from data and parameters. References live as long as the call.
struct Problem {
  const ModelSpec& model;
  const ParameterLayout& layout;
  const RateLayout& rates;
  const Loss& loss;
  const InnerPlan& plan;
};

/// Where a chunk's per-task results go; every span has one entry per task of the chunk.
template <class Real>
struct TaskResults {
  std::span<Real> query_loss_before;  ///< or empty when not wanted; whether a task fails never depends on it
  std::span<Real> query_loss;
  std::span<TaskStatus> status;
  std::span<std::int32_t> failed_step;
  std::span<Real> fast_weights;  ///< [tasks, P], or empty when not wanted
};

template <class Real>
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// One line on how meta_gradient() would run; empty where there is nothing to choose.
  virtual std::string plan(const Problem&, const BasicTaskBatch<Real>&) const { return {}; }
  /// From now on, device_seconds counts. Backends without a device take no notice.
  virtual void time_device() {}
  /// Seconds the device spent in kernels since time_device, by its own clock.
  virtual std::optional<double> device_seconds() const { return std::nullopt; }

  /// Throws InvalidArgument where the backend cannot read the rows of a set where they are, named `which`.
  virtual void require_readable(const TaskSet<Real>& set, const char* which) const {
    if (set.device && set.total_rows() > 0)
      throw InvalidArgument(std::string(which) + " rows are in memory of CUDA device " +
                            std::to_string(*set.device) + ", which backend " + std::string(name()) +
                            " cannot read");
  }
  /// Compute capability x 10 of the device; 0 on backends without one.
  virtual int capability() const { return 0; }

  /// Inner loop, query loss, backward through the inner loop; adds the good tasks to `sum`.
  virtual void meta_gradient(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                             const MetaParameters<Real>& parameters, GradientSum<Real>& sum,
                             const TaskResults<Real>& results) = 0;
  /// Inner loop only: fast_weights, status and failed_step of `results`.
  virtual void adapt(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                     const MetaParameters<Real>& parameters, const TaskResults<Real>& results) = 0;
  /// Query loss at each of `steps` (ascending) along one trajectory; loss and status are [steps, tasks].
  virtual void evaluate(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                        const MetaParameters<Real>& parameters, std::span<const int> steps,
                        std::span<Real> loss, std::span<TaskStatus> status,
                        std::span<std::int32_t> failed_step) = 0;
  /// outputs [rows, model.outputs] of every task with its own parameters phi [tasks, P].
  virtual void predict(const Problem& problem, const TaskSet<Real>& set, std::span<const Real> phi,
                       std::span<Real> outputs) = 0;

  // The same with results in device memory of the caller, whose sizes are right.
  virtual void meta_gradient_to(const Problem&, const BasicTaskBatch<Real>&, const MetaParameters<Real>&,
                                const DeviceMetaGradient<Real>&) {
    refuse_device_results();
  }
  virtual void adapt_to(const Problem&, const BasicTaskBatch<Real>&, const MetaParameters<Real>&,
                        const DeviceFastWeights<Real>&) {
    refuse_device_results();
  }
  virtual void evaluate_to(const Problem&, const BasicTaskBatch<Real>&, const MetaParameters<Real>&,
                           std::span<const int>, const DeviceStepLosses<Real>&) {
    refuse_device_results();
  }

  /// A session for meta-iterations of `problem`, whose references then live as long as the session; null
  /// where the backend has none to offer.
  virtual std::unique_ptr<TrainingSession<Real>> start_training([[maybe_unused]] const Problem& problem,
                                                                [[maybe_unused]] const Optimizer& optimizer) {
    return nullptr;
  }

 private:
  [[noreturn]] void refuse_device_results() const {
    throw InvalidArgument("only the cuda backend keeps results on the device, and this is backend " +
                          std::string(name()));
  }
};

}  // namespace shoal
