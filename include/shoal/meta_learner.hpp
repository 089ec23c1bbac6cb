// SPDX-License-Identifier: Apache-2.0
// MetaLearner: owns theta, the learned rates and the optimizer state, and runs the two loops.
//
// `MetaLearner` computes in float on the cpu (or cuda) backend under the numerical contract; `MetaLearner64`
// in double on the reference backend, which defines correctness.
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

/// theta and the learned rates, flat, in the order of ParameterLayout and RateLayout.
template <class Real>
struct MetaParameters {
  std::vector<Real> theta;
  std::vector<Real> rates;  ///< empty without learned rates
};

/// Names and places of the learned rates: "inner_lr." + what they scale.
class RateLayout {
 public:
  RateLayout(const ParameterLayout& layout, LearnedRate grain, int steps);
  std::size_t size() const { return size_; }
  LearnedRate grain() const { return grain_; }
  int steps() const { return steps_; }  ///< leading axis of layer_step, else 1
  std::span<const TensorSpec> tensors() const { return tensors_; }

 private:
  std::vector<TensorSpec> tensors_;
  std::size_t size_ = 0;
  LearnedRate grain_ = LearnedRate::none;
  int steps_ = 1;
};

/// Everything that the optimizer must remember; bit-exact to save and restore.
template <class Real>
struct OptimizerState {
  std::int64_t step = 0;          ///< updates done
  std::vector<Real> first = {};   ///< momentum buffer or Adam's m: theta, then rates
  std::vector<Real> second = {};  ///< Adam's v
  double beta1_power = 1.0;       ///< running products, not pow
  double beta2_power = 1.0;
};

/// Per-task results of a meta-gradient. Floating entries of a bad task are the canonical NaN.
template <class Real>
struct MetaGradient {
  std::vector<Real> theta;                ///< [P] mean over good tasks; zero when none is good
  std::vector<Real> rates;                ///< [R]
  std::vector<Real> query_loss_before;    ///< [tasks] at theta; empty when skipped
  std::vector<Real> query_loss;           ///< [tasks] after K steps
  std::vector<TaskStatus> status;         ///< [tasks]
  std::vector<std::int32_t> failed_step;  ///< [tasks], -1 when good or before the first step
  std::vector<Real> fast_weights;         ///< [tasks, P] when asked for
  Real mean_query_loss_before = 0;        ///< over good tasks; NaN when none is good, or when skipped
  Real mean_query_loss = 0;
  std::int64_t good = 0;
};

template <class Real>
struct FastWeights {
  std::vector<Real> phi;                  ///< [tasks, P]
  std::vector<TaskStatus> status;         ///< [tasks]
  std::vector<std::int32_t> failed_step;  ///< [tasks]
};

/// Query losses of tasks at several numbers of adaptation steps.
template <class Real>
struct StepLosses {
  std::vector<int> steps;          ///< as asked, ascending
  std::vector<Real> loss;          ///< [steps, tasks]; the canonical NaN where bad at that number of steps
  std::vector<TaskStatus> status;  ///< [steps, tasks]: as if run with that K
  std::vector<std::int32_t> failed_step;  ///< [steps, tasks]
};

enum class KeepFastWeights { no, yes };
/// Whether a meta-gradient reports the query losses at theta, which cost a pass over the query rows. No other
/// result depends on it.
enum class QueryLossBefore { measure, skip };

template <class Real>
struct TrainingStep;  // the trainer's way in, src/core/training_step.hpp

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
    std::int64_t chunk = 0;  ///< most tasks per backend call; 0 = all. Never changes a bit of the result.
  };

  /// Parameters to begin with, for these layouts.
  using Start = std::function<MetaParameters<Real>(const ParameterLayout&, const RateLayout&)>;

  /// Begins with parameters drawn from the seed. `context` must outlive the learner. Throws InvalidArgument
  /// when the options do not fit together.
  BasicMetaLearner(const Context& context, Options options);
  /// Begins with what `start` returns; nothing is drawn. Throws also ModelError when the sizes differ, and
  /// what `start` throws.
  BasicMetaLearner(const Context& context, Options options, const Start& start);
  ~BasicMetaLearner();
  BasicMetaLearner(BasicMetaLearner&&) noexcept;

  const Options& options() const;
  const ParameterLayout& layout() const;
  const RateLayout& rate_layout() const;
  const MetaParameters<Real>& parameters() const;
  /// Throws ModelError when the sizes differ.
  void set_parameters(MetaParameters<Real> parameters);
  const OptimizerState<Real>& optimizer_state() const;
  void set_optimizer_state(OptimizerState<Real> state);

  /// Throws DataError for tasks that meta_step would refuse: columns, labels or targets that do not fit, an
  /// empty query.
  void require_trainable(const BasicTaskBatch<Real>& tasks) const;
  /// Adapt every task, meta-gradient, one optimizer update. No update when no task is good.
  MetaGradient<Real> meta_step(const BasicTaskBatch<Real>& tasks,
                               QueryLossBefore before = QueryLossBefore::measure);
  MetaGradient<Real> meta_gradient(const BasicTaskBatch<Real>& tasks,
                                   KeepFastWeights keep = KeepFastWeights::no,
                                   QueryLossBefore before = QueryLossBefore::measure) const;
  /// Inner loop only; `steps` may differ from training (learned rates of later steps: the last one).
  FastWeights<Real> adapt(const BasicTaskBatch<Real>& tasks, int steps) const;
  /// Query losses after each of `steps` adaptation steps.
  StepLosses<Real> evaluate(const BasicTaskBatch<Real>& tasks, std::span<const int> steps) const;

  /// The same three at `parameters` instead of the learner's own, which they neither read nor change: the
  /// bits of a learner that has these parameters. Throw ModelError when the sizes differ.
  MetaGradient<Real> meta_gradient(const MetaParameters<Real>& parameters, const BasicTaskBatch<Real>& tasks,
                                   KeepFastWeights keep = KeepFastWeights::no,
                                   QueryLossBefore before = QueryLossBefore::measure) const;
  FastWeights<Real> adapt(const MetaParameters<Real>& parameters, const BasicTaskBatch<Real>& tasks,
                          int steps) const;
  StepLosses<Real> evaluate(const MetaParameters<Real>& parameters, const BasicTaskBatch<Real>& tasks,
                            std::span<const int> steps) const;

  /// Network outputs (with offset) for each task's rows: [rows, outputs]. Rows of bad tasks are the canonical
  /// NaN.
  std::vector<Real> predict(const FastWeights<Real>& fast, const TaskSet<Real>& set,
                            const TaskColumns& columns) const;

  // The same with results in device memory of the caller, which the context's stream has written once it has
  // come past this call (docs/cuda.md); a context without a stream of the caller's waits for that. All tasks
  // at once, so `chunk` must not be below their number. Throw InvalidArgument for spans of another size, and
  // where the context's backend is not cuda or the memory not that of its device.
  void meta_gradient_to(const BasicTaskBatch<Real>& tasks, const DeviceMetaGradient<Real>& to) const;
  void adapt_to(const BasicTaskBatch<Real>& tasks, int steps, const DeviceFastWeights<Real>& to) const;
  /// `steps`: ascending, each once.
  void evaluate_to(const BasicTaskBatch<Real>& tasks, std::span<const int> steps,
                   const DeviceStepLosses<Real>& to) const;

  /// One line on how the backend would run a meta-gradient of `tasks`; empty where it has nothing to choose.
  /// No bit depends on it.
  std::string plan(const BasicTaskBatch<Real>& tasks) const;
  /// Plans of the cuda backend for a meta-gradient of `tasks` on devices of compute capability `capability` /
  /// 10 (80, 90, 100; 0: the context's own device), the one it takes first, layer by layer among them. Needs
  /// no device unless `capability` is 0 (then InvalidArgument without one). Empty in builds without that
  /// backend, and in double precision.
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
