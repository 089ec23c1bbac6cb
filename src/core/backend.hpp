// SPDX-License-Identifier: Apache-2.0
// The seam between the core and the backends: a backend implements four operations on a whole batch; all
// other code stands above it once.
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

/// What to compute, apart from data and parameters. The references must be valid during the call.
struct Problem {
  const ModelSpec& model;
  const ParameterLayout& layout;
  const RateLayout& rates;
  const Loss& loss;
  const InnerPlan& plan;
};

/// Where to write the results of a chunk. Every span has one entry per task of the chunk.
template <class Real>
struct TaskResults {
  std::span<Real> query_loss_before;  ///< empty = not wanted; the status of a task does not depend on it
  std::span<Real> query_loss;
  std::span<TaskStatus> status;
  std::span<std::int32_t> failed_step;
  std::span<Real> fast_weights;  ///< [tasks, P]; empty = not wanted
};

template <class Real>
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// Describes, in one line, how meta_gradient() would run; empty when the backend has no choice.
  virtual std::string plan(const Problem&, const BasicTaskBatch<Real>&) const { return {}; }
  /// Starts counting for device_seconds(). Backends without a device ignore it.
  virtual void time_device() {}
  /// Seconds that kernels have run since time_device(), by the device's clock.
  virtual std::optional<double> device_seconds() const { return std::nullopt; }

  /// Throws InvalidArgument when the backend cannot read the rows of a set in place. `which` names the set.
  virtual void require_readable(const TaskSet<Real>& set, const char* which) const {
    if (set.device && set.total_rows() > 0)
      throw InvalidArgument(std::string(which) + " rows are in memory of CUDA device " +
                            std::to_string(*set.device) + ", which backend " + std::string(name()) +
                            " cannot read");
  }
  /// Compute capability of the device times 10; 0 for backends without a device.
  virtual int capability() const { return 0; }

  /// Runs the inner loop, the query loss and the backward pass through the inner loop, and adds the good
  /// tasks to `sum`.
  virtual void meta_gradient(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                             const MetaParameters<Real>& parameters, GradientSum<Real>& sum,
                             const TaskResults<Real>& results) = 0;
  /// Runs the inner loop only. Writes fast_weights, status and failed_step of `results`.
  virtual void adapt(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                     const MetaParameters<Real>& parameters, const TaskResults<Real>& results) = 0;
  /// Computes the query loss after each of `steps` (ascending) along one trajectory; loss and status are
  /// [steps, tasks].
  virtual void evaluate(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                        const MetaParameters<Real>& parameters, std::span<const int> steps,
                        std::span<Real> loss, std::span<TaskStatus> status,
                        std::span<std::int32_t> failed_step) = 0;
  /// Computes outputs [rows, model.outputs]; every task has its own parameters in phi [tasks, P].
  virtual void predict(const Problem& problem, const TaskSet<Real>& set, std::span<const Real> phi,
                       std::span<Real> outputs) = 0;

  // The same with results in device memory of the caller. The core has checked the sizes of the spans.
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

  /// Starts a session for meta-iterations of `problem`, whose references must be valid as long as the
  /// session. Null when the backend has no sessions.
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
