// SPDX-License-Identifier: Apache-2.0
// The functions of a learner whose results stay on the device.
#include <shoal/device_results.hpp>

#include <string>

#include <shoal/meta_learner.hpp>

#include "core/float_environment.hpp"
#include "core/learner_state.hpp"

namespace shoal {
namespace {

template <class T>
void require_size(std::span<T> span, std::size_t size, const char* name) {
  if (!span.empty() && span.size() != size)
    throw InvalidArgument(std::string("results on the device: ") + name + " has room for " +
                          std::to_string(span.size()) + " values, and there are " + std::to_string(size));
}

void require_whole_batch(std::int64_t tasks, std::int64_t chunk) {
  if (chunk > 0 && chunk < tasks)
    throw InvalidArgument("results stay on the device for all tasks at once: there are " +
                          std::to_string(tasks) + ", and chunk is " + std::to_string(chunk));
}

}  // namespace

template <class Real>
void BasicMetaLearner<Real>::meta_gradient_to(const BasicTaskBatch<Real>& given,
                                              const DeviceMetaGradient<Real>& to) const {
  const FloatEnvironment environment;
  State& s = *state_;
  require_trainable(given);
  const auto count = static_cast<std::size_t>(given.size());
  require_whole_batch(given.size(), s.options.chunk);
  require_size(to.theta, s.layout.size(), "theta");
  require_size(to.rates, s.rate_layout.size(), "rates");
  require_size(to.query_loss_before, count, "query_loss_before");
  require_size(to.query_loss, count, "query_loss");
  require_size(to.status, count, "status");
  require_size(to.failed_step, count, "failed_step");
  require_size(to.fast_weights, count * s.layout.size(), "fast_weights");
  require_size(to.mean_query_loss, 2, "mean_query_loss");
  require_size(to.good, 1, "good");
  s.backend.meta_gradient_to(s.problem(s.lowered.training),
                             s.lowered.rows == TrainingRows::joined ? given.joined() : given, s.current(),
                             to);
}

template <class Real>
void BasicMetaLearner<Real>::adapt_to(const BasicTaskBatch<Real>& given, int steps,
                                      const DeviceFastWeights<Real>& to) const {
  const FloatEnvironment environment;
  State& s = *state_;
  check_steps(steps);
  const std::vector<std::int64_t> no_rows(static_cast<std::size_t>(given.size()) + 1, 0);
  const BasicTaskBatch<Real> tasks = s.support_alone(given, no_rows);
  s.check_adaptable(tasks, steps);
  const auto count = static_cast<std::size_t>(tasks.size());
  require_whole_batch(tasks.size(), s.options.chunk);
  require_size(to.phi, count * s.layout.size(), "phi");
  require_size(to.status, count, "status");
  require_size(to.failed_step, count, "failed_step");
  const InnerPlan plan = with_steps(s.lowered.training, steps);
  s.backend.adapt_to(s.problem(plan), tasks, s.current(), to);
}

template <class Real>
void BasicMetaLearner<Real>::evaluate_to(const BasicTaskBatch<Real>& tasks, std::span<const int> steps,
                                         const DeviceStepLosses<Real>& to) const {
  const FloatEnvironment environment;
  State& s = *state_;
  if (steps.empty()) throw InvalidArgument("evaluate_to: no number of steps was given");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    check_steps(steps[i]);
    if (i > 0 && steps[i] <= steps[i - 1])
      throw InvalidArgument("evaluate_to: numbers of steps must ascend, and " + std::to_string(steps[i]) +
                            " follows " + std::to_string(steps[i - 1]));
  }
  s.check(tasks);
  tasks.require_query();
  require_whole_batch(tasks.size(), s.options.chunk);
  const std::size_t entries = steps.size() * static_cast<std::size_t>(tasks.size());
  require_size(to.loss, entries, "loss");
  require_size(to.status, entries, "status");
  require_size(to.failed_step, entries, "failed_step");
  const InnerPlan plan = with_steps(s.lowered.training, steps.back());
  s.backend.evaluate_to(s.problem(plan), tasks, s.current(), steps, to);
}

template void BasicMetaLearner<float>::meta_gradient_to(const TaskBatch&,
                                                        const DeviceMetaGradient<float>&) const;
template void BasicMetaLearner<double>::meta_gradient_to(const TaskBatch64&,
                                                         const DeviceMetaGradient<double>&) const;
template void BasicMetaLearner<float>::adapt_to(const TaskBatch&, int, const DeviceFastWeights<float>&) const;
template void BasicMetaLearner<double>::adapt_to(const TaskBatch64&, int,
                                                 const DeviceFastWeights<double>&) const;
template void BasicMetaLearner<float>::evaluate_to(const TaskBatch&, std::span<const int>,
                                                   const DeviceStepLosses<float>&) const;
template void BasicMetaLearner<double>::evaluate_to(const TaskBatch64&, std::span<const int>,
                                                    const DeviceStepLosses<double>&) const;

}  // namespace shoal
