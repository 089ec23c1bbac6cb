// SPDX-License-Identifier: Apache-2.0
// MetaLearner: holds theta, the learned rates and the optimizer state, and runs the inner and the outer loop.
//
// `MetaLearner` computes in float on the cpu or cuda backend, under the numerical contract; `MetaLearner64`
// in double on the reference backend, which defines correctness.
//
// Example:
//
//   const shoal::Context context;
//   shoal::MetaLearner maml(context, {.model = {.inputs = 1, .hidden = {40, 40}, .outputs = 1},
//                                     .algorithm = shoal::Maml{{.steps = 5, .learning_rate = 0.01}}});
//   for (int i = 0; i < 1000; ++i) maml.meta_step(source.sample(shoal::Phase::train, i, 25));
//   const shoal::FastWeights<float> adapted = maml.adapt(tasks, 5);
//   const std::vector<float> outputs = maml.predict(adapted, tasks.query(), tasks.columns());
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <shoal/algorithm.hpp>
#include <shoal/context.hpp>
#include <shoal/cuda_plan.hpp>
#include <shoal/device_results.hpp>
#include <shoal/loss.hpp>
#include <shoal/model.hpp>
#include <shoal/optimizer.hpp>
#include <shoal/task_batch.hpp>
#include <shoal/task_status.hpp>

namespace shoal {

/// theta [P] and the learned rates [R], flat, in the order of ParameterLayout and RateLayout.
template <class Real>
struct MetaParameters {
  std::vector<Real> theta;
  std::vector<Real> rates;  ///< empty without learned rates
};

/// Order, names and shapes of the learned rates. A rate's name is "inner_lr." followed by what it scales.
class RateLayout {
 public:
  RateLayout(const ParameterLayout& layout, LearnedRate grain, int steps);
  std::size_t size() const { return size_; }
  LearnedRate grain() const { return grain_; }
  int steps() const { return steps_; }  ///< length of the first axis with LearnedRate::layer_step, else 1
  std::span<const TensorSpec> tensors() const { return tensors_; }

 private:
  std::vector<TensorSpec> tensors_;
  std::size_t size_ = 0;
  LearnedRate grain_ = LearnedRate::none;
  int steps_ = 1;
};

/// The state of the optimizer between updates. Saving and restoring it changes no bit.
template <class Real>
struct OptimizerState {
  std::int64_t step = 0;          ///< number of updates done
  std::vector<Real> first = {};   ///< momentum buffer or Adam's m: [P + R], theta first
  std::vector<Real> second = {};  ///< Adam's v, [P + R]
  double beta1_power = 1.0;       ///< beta1^step as a running product, whose bits differ from pow's
  double beta2_power = 1.0;
};

/// Per-task results of a meta-gradient, and their means. Floating-point entries of a bad task are the
/// canonical NaN.
template <class Real>
struct MetaGradient {
  std::vector<Real> theta;              ///< [P] mean over good tasks; zero when none is good
  std::vector<Real> rates;              ///< [R]
  std::vector<Real> query_loss_before;  ///< [tasks] at theta; empty with QueryLossBefore::skip
  std::vector<Real> query_loss;         ///< [tasks] after K steps
  std::vector<TaskStatus> status;       ///< [tasks]
  /// [tasks] inner step that failed; -1 when the task is good or failed before the first step
  std::vector<std::int32_t> failed_step;
  std::vector<Real> fast_weights;  ///< [tasks, P] with KeepFastWeights::yes, else empty
  /// over good tasks; NaN when no task is good, and with QueryLossBefore::skip
  Real mean_query_loss_before = 0;
  Real mean_query_loss = 0;
  std::int64_t good = 0;
};

/// Adapted tasks. The fast weights of a bad task are the canonical NaN.
template <class Real>
struct FastWeights {
  std::vector<Real> phi;                  ///< [tasks, P]
  std::vector<TaskStatus> status;         ///< [tasks]
  std::vector<std::int32_t> failed_step;  ///< [tasks]
};

/// Query losses of tasks at several numbers of adaptation steps.
template <class Real>
struct StepLosses {
  std::vector<int> steps;  ///< the steps that the caller asked for, ascending
  /// [steps, tasks]; the canonical NaN where the task is bad at that number of steps
  std::vector<Real> loss;
  std::vector<TaskStatus> status;         ///< [steps, tasks]: the status after exactly that many steps
  std::vector<std::int32_t> failed_step;  ///< [steps, tasks]
};

enum class KeepFastWeights { no, yes };
/// Whether a meta-gradient reports the query losses at theta, which cost one pass over the query rows. No
/// other result depends on it.
enum class QueryLossBefore { measure, skip };

template <class Real>
struct TrainingStep;  // gives the trainer access (src/core/training_step.hpp)

template <class Real>
class BasicMetaLearner {
 public:
  struct Options {
    ModelSpec model;
    Loss loss = {};
    Algorithm algorithm = Maml{};
    Optimizer optimizer = {};
    Initialization init = {};
    std::uint64_t seed = 7;
    /// largest number of tasks per backend call; 0 = all. It changes no bit of the result
    std::int64_t chunk = 0;
  };

  /// Returns the initial parameters for these layouts.
  using Start = std::function<MetaParameters<Real>(const ParameterLayout&, const RateLayout&)>;

  /// Draws the initial parameters with the seed. `context` must outlive the learner. Throws InvalidArgument
  /// when the options contradict each other.
  BasicMetaLearner(const Context& context, Options options);
  /// Takes the initial parameters from `start` and draws nothing. Also throws ModelError when their sizes are
  /// wrong, and passes on what `start` throws.
  BasicMetaLearner(const Context& context, Options options, const Start& start);
  ~BasicMetaLearner();
  BasicMetaLearner(BasicMetaLearner&&) noexcept;

  const Options& options() const;
  const ParameterLayout& layout() const;
  const RateLayout& rate_layout() const;
  const MetaParameters<Real>& parameters() const;
  /// Throws ModelError when the sizes are wrong.
  void set_parameters(MetaParameters<Real> parameters);
  const OptimizerState<Real>& optimizer_state() const;
  /// Throws ModelError when the sizes are wrong.
  void set_optimizer_state(OptimizerState<Real> state);

  /// Throws DataError for tasks that meta_step would refuse: columns, labels or targets that do not fit the
  /// model and the loss, or a task without query rows.
  void require_trainable(const BasicTaskBatch<Real>& tasks) const;
  /// Adapts every task, computes the meta-gradient and does one optimizer update. There is no update when no
  /// task is good. Throws as require_trainable does, and ResourceError when memory or the device fails.
  MetaGradient<Real> meta_step(const BasicTaskBatch<Real>& tasks,
                               QueryLossBefore before = QueryLossBefore::measure);
  /// Computes the meta-gradient without an update. Throws as meta_step does.
  MetaGradient<Real> meta_gradient(const BasicTaskBatch<Real>& tasks,
                                   KeepFastWeights keep = KeepFastWeights::no,
                                   QueryLossBefore before = QueryLossBefore::measure) const;
  /// Runs the inner loop alone. `steps` >= 0 may differ from the steps of training; steps beyond those use
  /// the learned rates of the last one.
  FastWeights<Real> adapt(const BasicTaskBatch<Real>& tasks, int steps) const;
  /// Computes the query losses after each of `steps` adaptation steps (each >= 0).
  StepLosses<Real> evaluate(const BasicTaskBatch<Real>& tasks, std::span<const int> steps) const;

  /// The same three functions at given parameters: they neither read nor change the learner's own, and return
  /// the bits of a learner that has the given ones. They throw ModelError when the sizes are wrong.
  MetaGradient<Real> meta_gradient(const MetaParameters<Real>& parameters, const BasicTaskBatch<Real>& tasks,
                                   KeepFastWeights keep = KeepFastWeights::no,
                                   QueryLossBefore before = QueryLossBefore::measure) const;
  FastWeights<Real> adapt(const MetaParameters<Real>& parameters, const BasicTaskBatch<Real>& tasks,
                          int steps) const;
  StepLosses<Real> evaluate(const MetaParameters<Real>& parameters, const BasicTaskBatch<Real>& tasks,
                            std::span<const int> steps) const;

  /// Computes the network outputs, with the output offset, for the rows of each task: [rows, outputs]. Rows
  /// of bad tasks are the canonical NaN.
  std::vector<Real> predict(const FastWeights<Real>& fast, const TaskSet<Real>& set,
                            const TaskColumns& columns) const;

  // The same with results in device memory of the caller. Work that is submitted to the context's stream
  // after the call finds them there (docs/cuda.md); a context without a stream of the caller waits until they
  // are written. All tasks go to the backend in one call, so `chunk` must be 0 or at least their number. The
  // functions throw InvalidArgument for spans of a wrong size, when the backend is not cuda, and when the
  // memory is not on the context's device.
  void meta_gradient_to(const BasicTaskBatch<Real>& tasks, const DeviceMetaGradient<Real>& to) const;
  void adapt_to(const BasicTaskBatch<Real>& tasks, int steps, const DeviceFastWeights<Real>& to) const;
  /// `steps` must be ascending, without repetition.
  void evaluate_to(const BasicTaskBatch<Real>& tasks, std::span<const int> steps,
                   const DeviceStepLosses<Real>& to) const;

  /// Describes, in one line, how the backend would compute a meta-gradient of `tasks`; empty when the backend
  /// has no choice. A plan changes no bit.
  std::string plan(const BasicTaskBatch<Real>& tasks) const;
  /// The plans of the cuda backend for a meta-gradient of `tasks` on devices of compute capability
  /// `capability` / 10 (80, 90, 100; 0 = the context's own device). The plan that the backend would choose
  /// comes first; computing layer by layer is among the plans. Without a device, `capability` = 0 throws
  /// InvalidArgument, and other values work. Empty in builds without the cuda backend, and in double
  /// precision.
  std::vector<CudaPlan> cuda_plans(const BasicTaskBatch<Real>& tasks, int capability) const;

 private:
  friend struct TrainingStep<Real>;
  struct State;
  std::unique_ptr<State> state_;
};

using MetaLearner = BasicMetaLearner<float>;
using MetaLearner64 = BasicMetaLearner<double>;

extern template class BasicMetaLearner<float>;
extern template class BasicMetaLearner<double>;

}  // namespace shoal
