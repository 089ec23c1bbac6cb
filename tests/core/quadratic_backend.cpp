// SPDX-License-Identifier: Apache-2.0
#include "quadratic_backend.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <shoal/error.hpp>

#include "core/registry.hpp"

namespace shoal {
namespace testing {
namespace {

template <class Real>
constexpr Real canonical_nan = std::numeric_limits<Real>::quiet_NaN();

void add(GradientSum<float>& sum, const std::vector<float>& gradient, const std::vector<float>& rates,
         float before, float after) {
  for (std::size_t p = 0; p < gradient.size(); ++p) sum.theta.add(p, gradient[p]);
  for (std::size_t r = 0; r < rates.size(); ++r) sum.rates.add(r, rates[r]);
  sum.losses.add(0, before);
  sum.losses.add(1, after);
  ++sum.good;
}

// Adds in the order of the call; the learner sorts tasks by id for the sums in double.
void add(GradientSum<double>& sum, const std::vector<double>& gradient, const std::vector<double>& rates,
         double before, double after) {
  for (std::size_t p = 0; p < gradient.size(); ++p) sum.theta[p] += gradient[p];
  for (std::size_t r = 0; r < rates.size(); ++r) sum.rates[r] += rates[r];
  sum.loss_before += before;
  sum.loss_after += after;
  ++sum.good;
}

template <class Real>
class QuadraticBackend final : public Backend<Real> {
  using Vector = std::vector<Real>;

 public:
  std::string_view name() const override { return "quadratic"; }

  void meta_gradient(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                     const MetaParameters<Real>& parameters, GradientSum<Real>& sum,
                     const TaskResults<Real>& results) override {
    calls().push_back(tasks.size());
    for (std::int64_t task = 0; task < tasks.size(); ++task) {
      const auto t = static_cast<std::size_t>(task);
      const Trajectory run = adapt_task(problem, tasks, task, parameters);
      store_results(problem, run, t, results);
      const Vector query = centre(tasks.columns(), tasks.query(), task);
      const Real before = run.good ? loss(parameters.theta, query) : canonical_nan<Real>;
      if (!results.query_loss_before.empty()) results.query_loss_before[t] = before;
      results.query_loss[t] = run.good ? loss(run.phi.back(), query) : canonical_nan<Real>;
      if (!run.good) continue;
      Vector gradient(run.phi.back().size()), rates(parameters.rates.size(), Real(0));
      for (std::size_t p = 0; p < gradient.size(); ++p) {
        Real lambda = run.phi.back()[p] - query[p];
        if (problem.plan.rule == OuterRule::parameter_move) lambda = parameters.theta[p] - run.phi.back()[p];
        if (problem.plan.rule == OuterRule::exact)
          for (std::size_t k = run.phi.size() - 1; k-- > 0;) {
            if (!rates.empty()) rates[p] -= (run.phi[k][p] - run.support[p]) * lambda;
            lambda -= rate_of(problem, parameters, p) * lambda;
          }
        gradient[p] = lambda;
      }
      add(sum, gradient, rates, before, results.query_loss[t]);
    }
  }

  void adapt(const Problem& problem, const BasicTaskBatch<Real>& tasks,
             const MetaParameters<Real>& parameters, const TaskResults<Real>& results) override {
    calls().push_back(tasks.size());
    for (std::int64_t task = 0; task < tasks.size(); ++task)
      store_results(problem, adapt_task(problem, tasks, task, parameters), static_cast<std::size_t>(task),
                    results);
  }

  void evaluate(const Problem& problem, const BasicTaskBatch<Real>& tasks,
                const MetaParameters<Real>& parameters, std::span<const int> steps, std::span<Real> losses,
                std::span<TaskStatus> status, std::span<std::int32_t> failed_step) override {
    calls().push_back(tasks.size());
    for (std::int64_t task = 0; task < tasks.size(); ++task) {
      const Trajectory run = adapt_task(problem, tasks, task, parameters);
      const Vector query = centre(tasks.columns(), tasks.query(), task);
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::size_t at = i * static_cast<std::size_t>(tasks.size()) + static_cast<std::size_t>(task);
        const std::size_t k = std::min(static_cast<std::size_t>(steps[i]), run.phi.size() - 1);
        losses[at] = run.good ? loss(run.phi[k], query) : canonical_nan<Real>;
        status[at] = run.good ? TaskStatus::good : TaskStatus::non_finite_input;
        failed_step[at] = -1;
      }
    }
  }

  void predict(const Problem& problem, const TaskSet<Real>& set, std::span<const Real> phi,
               std::span<Real> outputs) override {
    const auto inputs = static_cast<std::size_t>(problem.model.inputs);
    for (std::size_t t = 0; t + 1 < set.row_starts.size(); ++t)
      for (auto r = static_cast<std::size_t>(set.row_starts[t]);
           r < static_cast<std::size_t>(set.row_starts[t + 1]); ++r) {
        Real sum = phi[t * (inputs + 1) + inputs];
        for (std::size_t i = 0; i < inputs; ++i) sum += set.x[r * inputs + i] * phi[t * (inputs + 1) + i];
        outputs[r] = set.output_offset.empty() ? sum : sum + set.output_offset[r];
      }
  }

 private:
  struct Trajectory {
    bool good = true;
    Vector support;           ///< centre
    std::vector<Vector> phi;  ///< phi_0 .. phi_K; only phi_0 with nothing to adapt on
  };

  static bool finite(const BasicTaskBatch<Real>& tasks, std::int64_t task) {
    for (const TaskSet<Real>* set : {&tasks.support(), &tasks.query()})
      for (const auto& [values, columns] : {std::pair{set->x, tasks.columns().inputs}, {set->y, 1}})
        for (std::int64_t e = set->row_starts[static_cast<std::size_t>(task)] * columns;
             e < set->row_starts[static_cast<std::size_t>(task) + 1] * columns; ++e)
          if (!std::isfinite(values[static_cast<std::size_t>(e)])) return false;
    return true;
  }

  static Vector centre(const TaskColumns& columns, const TaskSet<Real>& set, std::int64_t task) {
    const auto inputs = static_cast<std::size_t>(columns.inputs);
    Vector sum(inputs + 1, Real(0));
    for (std::int64_t row = set.row_starts[static_cast<std::size_t>(task)];
         row < set.row_starts[static_cast<std::size_t>(task) + 1]; ++row) {
      const auto r = static_cast<std::size_t>(row);
      for (std::size_t i = 0; i < inputs; ++i) sum[i] += set.x[r * inputs + i];
      sum[inputs] += set.y[r];
    }
    if (set.rows(task) > 0)
      for (Real& value : sum) value /= static_cast<Real>(set.rows(task));
    return sum;
  }

  static Real loss(const Vector& phi, const Vector& c) {
    Real sum = 0;
    for (std::size_t p = 0; p < phi.size(); ++p) sum += (phi[p] - c[p]) * (phi[p] - c[p]) / 2;
    return sum;
  }

  /// The rate of a parameter, or the single rate; 0 if the plan's mask excludes the tensor.
  static Real rate_of(const Problem& problem, const MetaParameters<Real>& parameters, std::size_t p) {
    const std::size_t tensor = p + 1 == parameters.theta.size() ? 1 : 0;
    if (!problem.plan.adapts[tensor]) return 0;
    return parameters.rates.empty() ? static_cast<Real>(problem.plan.learning_rate) : parameters.rates[p];
  }

  static Trajectory adapt_task(const Problem& problem, const BasicTaskBatch<Real>& tasks, std::int64_t task,
                               const MetaParameters<Real>& parameters) {
    Trajectory run{finite(tasks, task), centre(tasks.columns(), tasks.support(), task), {parameters.theta}};
    for (int k = 0; k < problem.plan.steps && tasks.support().rows(task) > 0; ++k) {
      Vector next = run.phi.back();
      for (std::size_t p = 0; p < next.size(); ++p)
        next[p] -= rate_of(problem, parameters, p) * (next[p] - run.support[p]);
      run.phi.push_back(std::move(next));
    }
    return run;
  }

  static void store_results(const Problem& problem, const Trajectory& run, std::size_t task,
                            const TaskResults<Real>& results) {
    results.status[task] = run.good ? TaskStatus::good : TaskStatus::non_finite_input;
    results.failed_step[task] = -1;
    for (std::size_t p = 0; p < problem.layout.size() && !results.fast_weights.empty(); ++p)
      results.fast_weights[task * problem.layout.size() + p] =
          run.good ? run.phi.back()[p] : canonical_nan<Real>;
  }
};

constexpr BackendEntry entries[] = {
    {BackendKind::cpu,
     [](const ContextOptions&) {
       return BackendReport{"cpu", true, "quadratic"};
     },
     [](Isa isa) { return isa == Isa::scalar || isa == Isa::avx2; },
     [](const ContextOptions&) -> std::unique_ptr<Backend<float>> {
       return std::make_unique<QuadraticBackend<float>>();
     }},
    {BackendKind::reference,
     [](const ContextOptions&) {
       return BackendReport{"reference", true, "quadratic"};
     },
     [](Isa isa) { return isa == Isa::scalar; }, nullptr,
     [](const ContextOptions&) -> std::unique_ptr<Backend<double>> {
       return std::make_unique<QuadraticBackend<double>>();
     }},
    {BackendKind::cuda,
     [](const ContextOptions& options) {
       const std::string number = options.device ? ", number " + std::to_string(*options.device) : "";
       return BackendReport{"cuda", cuda_present(), cuda_present() ? "a device" + number : "no such device"};
     },
     [](Isa) { return false; },
     [](const ContextOptions&) -> std::unique_ptr<Backend<float>> {
       if (!cuda_present()) throw ResourceError("backend cuda: no such device");
       return std::make_unique<QuadraticBackend<float>>();
     },
     nullptr, false, nullptr,
     [](const ContextOptions& options, BackendReport& report) {
       report.kernel_compiler = "a compiler";
       report.kernel_cache = options.kernel_cache;
     }},
};

}  // namespace

bool& cuda_present() {
  static bool present = false;
  return present;
}

std::vector<std::int64_t>& calls() {
  static std::vector<std::int64_t> sizes;
  return sizes;
}

}  // namespace testing

std::span<const BackendEntry> backend_entries() {
  return testing::entries;
}

}  // namespace shoal
