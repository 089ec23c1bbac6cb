// SPDX-License-Identifier: Apache-2.0
#include <shoal/meta_learner.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include <shoal/error.hpp>

#include "core/backend_access.hpp"
#include "core/batch_checks.hpp"
#include "core/batch_chunks.hpp"
#include "core/float_environment.hpp"
#include "core/learner_state.hpp"
#include "core/optimizer_step.hpp"
#include "core/registry.hpp"

namespace shoal {
namespace {

void size_sum(GradientSum<float>& sum, std::size_t parameters, std::size_t rates) {
  sum.theta = ExactSum(parameters);
  sum.rates = ExactSum(rates);
}
void size_sum(GradientSum<double>& sum, std::size_t parameters, std::size_t rates) {
  sum.theta.assign(parameters, 0.0);
  sum.rates.assign(rates, 0.0);
}

// The sum over good tasks, rounded once, is divided by their number (contract N3).
void compute_means(const GradientSum<float>& sum, MetaGradient<float>& result) {
  const auto count = static_cast<float>(sum.good);
  for (std::size_t p = 0; p < result.theta.size(); ++p) result.theta[p] = sum.theta.rounded(p) / count;
  for (std::size_t r = 0; r < result.rates.size(); ++r) result.rates[r] = sum.rates.rounded(r) / count;
  result.mean_query_loss_before = sum.losses.rounded(0) / count;
  result.mean_query_loss = sum.losses.rounded(1) / count;
}
void compute_means(const GradientSum<double>& sum, MetaGradient<double>& result) {
  const auto count = static_cast<double>(sum.good);
  for (std::size_t p = 0; p < result.theta.size(); ++p) result.theta[p] = sum.theta[p] / count;
  for (std::size_t r = 0; r < result.rates.size(); ++r) result.rates[r] = sum.rates[r] / count;
  result.mean_query_loss_before = sum.loss_before / count;
  result.mean_query_loss = sum.loss_after / count;
}

std::vector<std::int64_t> order_by_id(std::span<const std::int64_t> ids) {
  std::vector<std::int64_t> order(ids.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return ids[static_cast<std::size_t>(a)] < ids[static_cast<std::size_t>(b)];
  });
  return order;
}

// Restores the order of per-task results; entry i belongs to task order[i].
template <class Real>
void restore_order(MetaGradient<Real>& result, std::span<const std::int64_t> order) {
  const auto restore = [&](auto& values) {
    if (values.empty()) return;
    const std::size_t width = values.size() / order.size();
    auto restored = values;
    for (std::size_t i = 0; i < order.size(); ++i)
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  restored.begin() + order[i] * static_cast<std::int64_t>(width));
    values = std::move(restored);
  };
  restore(result.query_loss_before);
  restore(result.query_loss);
  restore(result.status);
  restore(result.failed_step);
  restore(result.fast_weights);
}

template <class Real>
MetaGradient<Real> make_result(const ParameterLayout& layout, const RateLayout& rates, std::int64_t tasks,
                               QueryLossBefore before) {
  const auto count = static_cast<std::size_t>(tasks);
  MetaGradient<Real> result;
  result.theta.assign(layout.size(), Real(0));
  result.rates.assign(rates.size(), Real(0));
  if (before == QueryLossBefore::measure) result.query_loss_before.resize(count);
  result.query_loss.resize(count);
  result.status.resize(count);
  result.failed_step.resize(count);
  return result;
}

}  // namespace

template <class Real>
BasicMetaLearner<Real>::State::State(const Context& context, Options given, const Start& start)
    : backend(BackendAccess::of<Real>(context)),
      options((validate(given.algorithm), std::move(given))),
      layout(options.model),
      lowered(lower(options.algorithm, layout)),
      rate_layout(layout, lowered.training.learned_rate, lowered.training.steps) {
  options.loss.validate(options.model.outputs);
  options.optimizer.validate();
  if (options.chunk < 0)
    throw InvalidArgument("chunk must be at least 0 (0 = all), is " + std::to_string(options.chunk));
  if (start) {
    parameters = start(layout, rate_layout);
    require_sizes(parameters);
    return;
  }
  const auto theta = initial_parameters(options.model, options.init, options.seed);
  parameters.theta.assign(theta.begin(), theta.end());
  parameters.rates.assign(rate_layout.size(), static_cast<Real>(lowered.training.learning_rate));
}

template <class Real>
void BasicMetaLearner<Real>::State::require_sizes(const MetaParameters<Real>& given) const {
  if (given.theta.size() != layout.size() || given.rates.size() != rate_layout.size())
    throw ModelError("parameters: " + std::to_string(given.theta.size()) + " weights and " +
                     std::to_string(given.rates.size()) + " learned rates do not fit a model with " +
                     std::to_string(layout.size()) + " and " + std::to_string(rate_layout.size()));
}

template <class Real>
BasicMetaLearner<Real>::BasicMetaLearner(const Context& context, Options options)
    : BasicMetaLearner(context, std::move(options), {}) {}
template <class Real>
BasicMetaLearner<Real>::BasicMetaLearner(const Context& context, Options options, const Start& start) {
  const FloatEnvironment environment;
  state_ = std::make_unique<State>(context, std::move(options), start);
}
template <class Real>
BasicMetaLearner<Real>::~BasicMetaLearner() = default;
template <class Real>
BasicMetaLearner<Real>::BasicMetaLearner(BasicMetaLearner&&) noexcept = default;

template <class Real>
const typename BasicMetaLearner<Real>::Options& BasicMetaLearner<Real>::options() const {
  return state_->options;
}
template <class Real>
const ParameterLayout& BasicMetaLearner<Real>::layout() const {
  return state_->layout;
}
template <class Real>
const RateLayout& BasicMetaLearner<Real>::rate_layout() const {
  return state_->rate_layout;
}
template <class Real>
const MetaParameters<Real>& BasicMetaLearner<Real>::parameters() const {
  return state_->current();
}
template <class Real>
const OptimizerState<Real>& BasicMetaLearner<Real>::optimizer_state() const {
  state_->copy_to_host();
  return state_->optimizer;
}

template <class Real>
void BasicMetaLearner<Real>::set_parameters(MetaParameters<Real> parameters) {
  state_->require_sizes(parameters);
  state_->copy_to_host();
  state_->parameters = std::move(parameters);
  state_->changed_on_host();
}

template <class Real>
void BasicMetaLearner<Real>::set_optimizer_state(OptimizerState<Real> state) {
  const std::size_t all = state_->layout.size() + state_->rate_layout.size();
  for (const auto* part : {&state.first, &state.second})
    if (!part->empty() && part->size() != all)
      throw ModelError("optimizer state: " + std::to_string(part->size()) + " values do not fit " +
                       std::to_string(all) + " parameters");
  state_->copy_to_host();
  state_->optimizer = std::move(state);
  state_->changed_on_host();
}

template <class Real>
void BasicMetaLearner<Real>::require_trainable(const BasicTaskBatch<Real>& tasks) const {
  state_->check(tasks);
  tasks.require_query();
}

template <class Real>
MetaGradient<Real> BasicMetaLearner<Real>::meta_gradient(const BasicTaskBatch<Real>& tasks,
                                                         KeepFastWeights keep, QueryLossBefore before) const {
  return meta_gradient(state_->current(), tasks, keep, before);
}

template <class Real>
MetaGradient<Real> BasicMetaLearner<Real>::meta_gradient(const MetaParameters<Real>& parameters,
                                                         const BasicTaskBatch<Real>& given,
                                                         KeepFastWeights keep, QueryLossBefore before) const {
  const FloatEnvironment environment;
  State& s = *state_;
  s.require_sizes(parameters);
  require_trainable(given);
  if constexpr (std::is_same_v<Real, double>)
    if (!std::is_sorted(given.ids().begin(), given.ids().end())) {
      // Plain sums depend on their order, so the order is fixed: ascending id (gradient_sum.hpp).
      const std::vector<std::int64_t> order = order_by_id(given.ids());
      MetaGradient<Real> sorted = meta_gradient(
          parameters, given.select(order, BasicTaskBatch<Real>::Repeats::allowed), keep, before);
      restore_order(sorted, order);
      return sorted;
    }
  const BasicTaskBatch<Real> tasks = s.lowered.rows == TrainingRows::joined ? given.joined() : given;
  const auto count = static_cast<std::size_t>(tasks.size());
  const bool measures = before == QueryLossBefore::measure;
  MetaGradient<Real> result = make_result<Real>(s.layout, s.rate_layout, tasks.size(), before);
  if (keep == KeepFastWeights::yes) result.fast_weights.resize(count * s.layout.size());

  GradientSum<Real> sum;
  size_sum(sum, s.layout.size(), s.rate_layout.size());
  const Problem problem = s.problem(s.lowered.training);
  for_chunks(tasks, s.options.chunk, [&](const BasicTaskBatch<Real>& chunk, std::size_t first) {
    const auto size = static_cast<std::size_t>(chunk.size());
    const auto part = [&](auto& values) { return std::span(values).subspan(first, size); };
    TaskResults<Real> results{measures ? part(result.query_loss_before) : std::span<Real>(),
                              part(result.query_loss),
                              part(result.status),
                              part(result.failed_step),
                              {}};
    if (keep == KeepFastWeights::yes)
      results.fast_weights =
          std::span(result.fast_weights).subspan(first * s.layout.size(), size * s.layout.size());
    s.backend.meta_gradient(problem, chunk, parameters, sum, results);
  });
  result.good = sum.good;
  if (sum.good > 0) {
    compute_means(sum, result);
  } else {
    result.mean_query_loss = std::numeric_limits<Real>::quiet_NaN();
  }
  if (sum.good == 0 || !measures) result.mean_query_loss_before = std::numeric_limits<Real>::quiet_NaN();
  return result;
}

template <class Real>
std::string BasicMetaLearner<Real>::plan(const BasicTaskBatch<Real>& tasks) const {
  const FloatEnvironment environment;
  const State& s = *state_;
  s.check(tasks);
  return s.backend.plan(s.problem(s.lowered.training),
                        s.lowered.rows == TrainingRows::joined ? tasks.joined() : tasks);
}

template <class Real>
std::vector<CudaPlan> BasicMetaLearner<Real>::cuda_plans(const BasicTaskBatch<Real>& tasks,
                                                         int capability) const {
  const FloatEnvironment environment;
  const State& s = *state_;
  check_batch(tasks, s.options.model, s.options.loss);
  if constexpr (std::is_same_v<Real, float>)
    for (const BackendEntry& entry : backend_entries()) {
      if (!entry.cuda_plans) continue;
      if (capability == 0) capability = s.backend.capability();
      if (capability == 0)
        throw InvalidArgument("cuda_plans: capability 0 is the context's device, and backend " +
                              std::string(s.backend.name()) + " has none");
      return entry.cuda_plans(s.problem(s.lowered.training),
                              s.lowered.rows == TrainingRows::joined ? tasks.joined() : tasks, capability);
    }
  return {};
}

template <class Real>
MetaGradient<Real> BasicMetaLearner<Real>::meta_step(const BasicTaskBatch<Real>& given,
                                                     QueryLossBefore before) {
  const FloatEnvironment environment;
  State& s = *state_;
  if (TrainingSession<Real>* const session = s.session_for(given.size())) {
    s.check(given);
    given.require_query();
    const BasicTaskBatch<Real> tasks = s.lowered.rows == TrainingRows::joined ? given.joined() : given;
    MetaGradient<Real> result = make_result<Real>(s.layout, s.rate_layout, tasks.size(), before);
    s.step([&](const auto& scalars) { return session->step(tasks, scalars); },
           [&](const StepReport<Real>& report) {
             result.good = report.good;
             result.mean_query_loss_before = before == QueryLossBefore::measure
                                                 ? report.mean_query_loss_before
                                                 : std::numeric_limits<Real>::quiet_NaN();
             result.mean_query_loss = report.mean_query_loss;
             session->outcomes(result.status, result.failed_step);
             session->losses(result.query_loss_before, result.query_loss);
             if (report.good > 0) session->gradient(result.theta, result.rates);
           });
    return result;
  }
  MetaGradient<Real> result = meta_gradient(given, KeepFastWeights::no, before);
  if (result.good == 0) return result;
  MetaParameters<Real> gradient{result.theta, result.rates};
  optimizer_step(s.options.optimizer, s.parameters, gradient, s.optimizer);
  s.changed_on_host();
  return result;
}

template <class Real>
FastWeights<Real> BasicMetaLearner<Real>::adapt(const BasicTaskBatch<Real>& tasks, int steps) const {
  return adapt(state_->current(), tasks, steps);
}

template <class Real>
FastWeights<Real> BasicMetaLearner<Real>::adapt(const MetaParameters<Real>& parameters,
                                                const BasicTaskBatch<Real>& given, int steps) const {
  const FloatEnvironment environment;
  State& s = *state_;
  s.require_sizes(parameters);
  check_steps(steps);
  const std::vector<std::int64_t> no_rows(static_cast<std::size_t>(given.size()) + 1, 0);
  const BasicTaskBatch<Real> tasks = s.support_alone(given, no_rows);
  s.check_adaptable(tasks, steps);
  const auto count = static_cast<std::size_t>(tasks.size());
  FastWeights<Real> result;
  result.phi.resize(count * s.layout.size());
  result.status.resize(count);
  result.failed_step.resize(count);
  const InnerPlan plan = with_steps(s.lowered.training, steps);
  s.in_chunks(tasks, steps, [&](const BasicTaskBatch<Real>& chunk, std::size_t first) {
    const auto size = static_cast<std::size_t>(chunk.size());
    s.backend.adapt(s.problem(plan), chunk, parameters,
                    {{},
                     {},
                     std::span(result.status).subspan(first, size),
                     std::span(result.failed_step).subspan(first, size),
                     std::span(result.phi).subspan(first * s.layout.size(), size * s.layout.size())});
  });
  return result;
}

template <class Real>
StepLosses<Real> BasicMetaLearner<Real>::evaluate(const BasicTaskBatch<Real>& tasks,
                                                  std::span<const int> steps) const {
  return evaluate(state_->current(), tasks, steps);
}

template <class Real>
StepLosses<Real> BasicMetaLearner<Real>::evaluate(const MetaParameters<Real>& parameters,
                                                  const BasicTaskBatch<Real>& tasks,
                                                  std::span<const int> steps) const {
  const FloatEnvironment environment;
  State& s = *state_;
  s.require_sizes(parameters);
  for (const int step : steps) check_steps(step);
  s.check(tasks);
  tasks.require_query();
  StepLosses<Real> result;
  result.steps.assign(steps.begin(), steps.end());
  std::sort(result.steps.begin(), result.steps.end());
  result.steps.erase(std::unique(result.steps.begin(), result.steps.end()), result.steps.end());
  if (result.steps.empty()) throw InvalidArgument("evaluate: no number of steps was given");
  const auto points = result.steps.size(), count = static_cast<std::size_t>(tasks.size());
  result.loss.resize(points * count);
  result.status.resize(points * count);
  result.failed_step.resize(points * count);
  const InnerPlan plan = with_steps(s.lowered.training, result.steps.back());
  s.in_chunks(tasks, result.steps.back(), [&](const BasicTaskBatch<Real>& chunk, std::size_t first) {
    const auto size = static_cast<std::size_t>(chunk.size());
    std::vector<Real> loss(points * size);
    std::vector<TaskStatus> status(points * size);
    std::vector<std::int32_t> failed_step(points * size);
    s.backend.evaluate(s.problem(plan), chunk, parameters, result.steps, loss, status, failed_step);
    for (std::size_t i = 0; i < points; ++i) {
      const auto from = static_cast<std::ptrdiff_t>(i * size),
                 to = static_cast<std::ptrdiff_t>(i * count + first);
      const auto n = static_cast<std::ptrdiff_t>(size);
      std::copy_n(loss.begin() + from, n, result.loss.begin() + to);
      std::copy_n(status.begin() + from, n, result.status.begin() + to);
      std::copy_n(failed_step.begin() + from, n, result.failed_step.begin() + to);
    }
  });
  return result;
}

template <class Real>
std::vector<Real> BasicMetaLearner<Real>::predict(const FastWeights<Real>& fast, const TaskSet<Real>& set,
                                                  const TaskColumns& columns) const {
  const FloatEnvironment environment;
  State& s = *state_;
  check_columns(columns, s.options.model, s.options.loss);
  const std::size_t count = fast.status.size(), outputs = static_cast<std::size_t>(s.options.model.outputs);
  if (fast.phi.size() != count * s.layout.size())
    throw InvalidArgument("predict: " + std::to_string(fast.phi.size()) + " fast weights for " +
                          std::to_string(count) + " tasks of " + std::to_string(s.layout.size()) +
                          " parameters");
  check_inputs(columns, set, count);
  Interruption::look();
  s.backend.require_readable(set, "predict:");
  std::vector<Real> result(static_cast<std::size_t>(set.total_rows()) * outputs);
  if (result.empty()) return result;
  const InnerPlan plan = with_steps(s.lowered.training, 0);
  s.backend.predict(s.problem(plan), set, fast.phi, result);
  constexpr Real canonical_nan = std::numeric_limits<Real>::quiet_NaN();
  for (std::size_t t = 0; t < count; ++t)
    if (fast.status[t] != TaskStatus::good)
      std::fill(result.begin() + set.row_starts[t] * static_cast<std::int64_t>(outputs),
                result.begin() + set.row_starts[t + 1] * static_cast<std::int64_t>(outputs), canonical_nan);
  for (Real& output : result)  // rows with a non-finite input give NaN, whose bits are not portable
    if (std::isnan(output)) output = canonical_nan;
  return result;
}

template class BasicMetaLearner<float>;
template class BasicMetaLearner<double>;

}  // namespace shoal
