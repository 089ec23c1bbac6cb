// SPDX-License-Identifier: Apache-2.0
#include "reference/reference_backend.hpp"

#include <algorithm>
#include <numeric>

#include "reference/task_run.hpp"

namespace shoal {
namespace reference {
namespace {

constexpr double canonical_nan = std::numeric_limits<double>::quiet_NaN();  // 0x7ff8000000000000

TaskRun run_of(const Problem& problem, const TaskBatch64& tasks, const MetaParameters<double>& parameters,
               std::int64_t task) {
  return {{problem.model, problem.layout, problem.loss},
          problem.plan,
          parameters,
          rows_of(tasks.support(), tasks.columns(), task),
          rows_of(tasks.query(), tasks.columns(), task)};
}

void store_results(const TaskRun& run, int steps, std::size_t task, const TaskResults<double>& results) {
  results.status[task] = run.status();
  results.failed_step[task] = run.failed_step();
  if (results.fast_weights.empty()) return;
  const std::size_t size = run.phi(0).size();
  const auto to = results.fast_weights.subspan(task * size, size);
  if (run.good())
    std::copy(run.phi(steps).begin(), run.phi(steps).end(), to.begin());
  else
    std::fill(to.begin(), to.end(), canonical_nan);
}

class ReferenceBackend final : public Backend<double> {
 public:
  std::string_view name() const override { return "reference"; }

  void meta_gradient(const Problem& problem, const TaskBatch64& tasks,
                     const MetaParameters<double>& parameters, GradientSum<double>& sum,
                     const TaskResults<double>& results) override {
    std::vector<std::int64_t> order(static_cast<std::size_t>(tasks.size()));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return tasks.ids()[static_cast<std::size_t>(a)] < tasks.ids()[static_cast<std::size_t>(b)];
    });
    for (const std::int64_t task : order) {
      TaskRun run = run_of(problem, tasks, parameters, task);
      run.adapt(problem.plan.steps);
      double before = canonical_nan, after = canonical_nan;
      MetaParameters<double> gradient;
      if (run.good()) {
        before = run.query_loss(0);
        after = run.query_loss(problem.plan.steps);
        run.require_small(before);
        run.require_small(after);
        gradient = run.meta_gradient();
      }
      const auto at = static_cast<std::size_t>(task);
      store_results(run, problem.plan.steps, at, results);
      if (!results.query_loss_before.empty())
        results.query_loss_before[at] = run.good() ? before : canonical_nan;
      results.query_loss[at] = run.good() ? after : canonical_nan;
      if (!run.good()) continue;
      for (std::size_t p = 0; p < sum.theta.size(); ++p) sum.theta[p] += gradient.theta[p];
      for (std::size_t r = 0; r < sum.rates.size(); ++r) sum.rates[r] += gradient.rates[r];
      sum.loss_before += before;
      sum.loss_after += after;
      ++sum.good;
    }
  }

  void adapt(const Problem& problem, const TaskBatch64& tasks, const MetaParameters<double>& parameters,
             const TaskResults<double>& results) override {
    for (std::int64_t task = 0; task < tasks.size(); ++task) {
      TaskRun run = run_of(problem, tasks, parameters, task);
      run.adapt(problem.plan.steps);
      store_results(run, problem.plan.steps, static_cast<std::size_t>(task), results);
    }
  }

  void evaluate(const Problem& problem, const TaskBatch64& tasks, const MetaParameters<double>& parameters,
                std::span<const int> steps, std::span<double> loss, std::span<TaskStatus> status,
                std::span<std::int32_t> failed_step) override {
    for (std::int64_t task = 0; task < tasks.size(); ++task) {
      TaskRun run = run_of(problem, tasks, parameters, task);
      for (std::size_t i = 0; i < steps.size(); ++i) {
        run.adapt(steps[i]);
        const std::size_t at = i * static_cast<std::size_t>(tasks.size()) + static_cast<std::size_t>(task);
        status[at] = run.status();
        failed_step[at] = run.failed_step();
        loss[at] = run.good() ? run.query_loss(steps[i]) : canonical_nan;
        if (run.good() && !(std::abs(loss[at]) <= 0x1p60)) {
          status[at] = TaskStatus::non_finite_outer;
          failed_step[at] = steps[i];
          loss[at] = canonical_nan;
        }
      }
    }
  }

  void predict(const Problem& problem, const TaskSet<double>& set, std::span<const double> phi,
               std::span<double> outputs) override {
    const Network net{problem.model, problem.layout, problem.loss};
    const TaskColumns columns{problem.model.inputs, 0, set.output_offset.empty() ? 0 : problem.model.outputs};
    const std::size_t size = problem.layout.size();
    std::size_t at = 0;
    for (std::size_t task = 0; task + 1 < set.row_starts.size(); ++task)
      for (const Row& row : rows_of(set, columns, static_cast<std::int64_t>(task)))
        for (const double value : forward<double>(net, phi.subspan(task * size, size), row).output)
          outputs[at++] = value;
  }
};

}  // namespace
}  // namespace reference

std::unique_ptr<Backend<double>> make_reference_backend(const ContextOptions&) {
  return std::make_unique<reference::ReferenceBackend>();
}

}  // namespace shoal
