// SPDX-License-Identifier: Apache-2.0
// CpuBackend divides a batch into groups of tasks, which its threads compute. The numbers of a task depend on
// its own data only, and the sum over tasks is exact, so that neither the partition nor the threads can
// change a bit. The partition is therefore chosen by measurement (group_costs.hpp, batch_partition.hpp).
#include "cpu/cpu_backend.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <deque>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include <shoal/fork_safe_mutex.hpp>

#include "cpu/group_packing.hpp"
#include "cpu/group_plans.hpp"
#include "cpu/query_loss_bound.hpp"
#include "cpu/thread_pool.hpp"

namespace shoal {
namespace cpu {
namespace {

constexpr float canonical_nan = std::numeric_limits<float>::quiet_NaN();  // 0x7fc00000
static_assert(std::numeric_limits<float>::is_iec559);

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// A measure of the passes of rows through the network in a group: groups of ragged batches cost in
/// proportion to it.
double group_passes(const GroupJob& job) {
  return 1.0 + static_cast<double>(job.inner->steps) * job.support.rows + job.query.rows;
}

/// The memory that one thread keeps from call to call; empty until the thread takes a task.
struct Worker {
  PackedRows support, query;
  AlignedFloats workspace, fast_weights, outputs;
  std::vector<std::uint8_t> point_status;
  std::vector<std::int32_t> point_failed_step;
  /// Kind of the previous group, of the same problem: its code and memory are in the caches.
  std::optional<GroupKind> last_kind;
  GradientSum<float> own_sum;
  /// The sum that this worker adds to; null before its first task of a meta-gradient.
  GradientSum<float>* sum = nullptr;
};

class CpuBackend final : public Backend<float> {
 public:
  CpuBackend(int threads, Isa isa, const ForcedPlan& forced)
      : choice_{kernels_of_kinds(isa), forced, threads}, workers_(1) {}

  std::string_view name() const override { return "cpu"; }

  std::string plan(const Problem& problem, const TaskBatch& tasks) const override {
    const GroupPlans plans = plans_for(problem, tasks);
    return plans.describe(costs_.find(plans.key(Operation::meta_gradient, tasks)), tasks.size());
  }

  void meta_gradient(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                     GradientSum<float>& sum, const TaskResults<float>& results) override {
    const std::lock_guard lock(mutex_);
    forget_another_process();
    for (Worker& worker : workers_) worker.sum = nullptr;
    workers_.front().sum = &sum;  // the sum is exact, so this worker may add to sums of earlier calls
    const LoweredProblem lowered(problem, tasks.columns());
    const QueryLossBound bound(lowered.network(), lowered.loss(), parameters.theta);
    const bool wants_before = !results.query_loss_before.empty();
    for_groups(
        Operation::meta_gradient, problem, tasks, parameters,
        [&](const NetworkPlan& plan, Worker& worker, GroupJob& job, std::span<const std::int64_t> group) {
          if (!worker.sum) begin_own_sum(worker, parameters);
          worker.sum->theta.reserve(plan.kernels().tasks);
          worker.sum->rates.reserve(plan.kernels().tasks);
          for (int d = 0; d < ExactSum::digits; ++d) {
            job.sums[d] = worker.sum->theta.digit(d).data();
            job.rate_sums[d] = worker.sum->rates.digit(d).data();
          }
          job.wants_loss_before = wants_before || !bound.is_surely_small(job.query.largest);
          prepare(plan, worker, job, !results.fast_weights.empty());
          plan.kernels().meta_gradient(job);
          for (int w = 0; w < job.lanes; ++w) {
            const auto task = static_cast<std::size_t>(group[static_cast<std::size_t>(w)]);
            const bool good = job.status[w] == 0;
            if (wants_before) results.query_loss_before[task] = good ? job.loss_before[w] : canonical_nan;
            results.query_loss[task] = good ? job.loss_after[w] : canonical_nan;
            if (!good) continue;
            if (wants_before) worker.sum->losses.add(0, job.loss_before[w]);
            worker.sum->losses.add(1, job.loss_after[w]);
            ++worker.sum->good;
          }
          store_task_results(plan, job, group, results);
        });
    for (const Worker& worker : workers_) {
      if (worker.sum != &worker.own_sum || worker.own_sum.good == 0) continue;
      sum.theta.merge(worker.own_sum.theta);
      sum.rates.merge(worker.own_sum.rates);
      sum.losses.merge(worker.own_sum.losses);
      sum.good += worker.own_sum.good;
    }
  }

  void adapt(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
             const TaskResults<float>& results) override {
    const std::lock_guard lock(mutex_);
    forget_another_process();
    for_groups(
        Operation::adapt, problem, tasks, parameters,
        [&](const NetworkPlan& plan, Worker& worker, GroupJob& job, std::span<const std::int64_t> group) {
          prepare(plan, worker, job, true);
          plan.kernels().adapt(job);
          store_task_results(plan, job, group, results);
        });
  }

  void evaluate(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                std::span<const int> steps, std::span<float> loss, std::span<TaskStatus> status,
                std::span<std::int32_t> failed_step) override {
    const std::lock_guard lock(mutex_);
    forget_another_process();
    const auto all = static_cast<std::size_t>(tasks.size());
    for_groups(
        Operation::evaluate, problem, tasks, parameters,
        [&](const NetworkPlan& plan, Worker& worker, GroupJob& job, std::span<const std::int64_t> group) {
          const auto width = static_cast<std::size_t>(plan.kernels().tasks);
          worker.point_status.resize(steps.size() * width);
          worker.point_failed_step.resize(steps.size() * width);
          prepare(plan, worker, job, false);
          float* point_loss = worker.outputs.reserve(steps.size() * width);
          plan.kernels().evaluate(job, {.steps = steps.data(),
                                        .count = static_cast<int>(steps.size()),
                                        .loss = point_loss,
                                        .status = worker.point_status.data(),
                                        .failed_step = worker.point_failed_step.data()});
          for (std::size_t i = 0; i < steps.size(); ++i)
            for (std::size_t w = 0; w < group.size(); ++w) {
              const std::size_t from = i * width + w, to = i * all + static_cast<std::size_t>(group[w]);
              status[to] = static_cast<TaskStatus>(worker.point_status[from]);
              failed_step[to] = worker.point_failed_step[from];
              loss[to] = worker.point_status[from] == 0 ? point_loss[from] : canonical_nan;
            }
        });
  }

  void predict(const Problem& problem, const TaskSet<float>& set, std::span<const float> phi,
               std::span<float> outputs) override {
    const std::lock_guard lock(mutex_);
    forget_another_process();
    const TaskColumns columns{problem.model.inputs, 0, set.output_offset.empty() ? 0 : problem.model.outputs};
    const auto count = static_cast<std::int64_t>(set.row_starts.size()) - 1;
    const GroupPlans plans(choice_, problem, columns, 0, 1);
    // A group has memory for as many output rows per task as its largest task has.
    std::int64_t most_rows = 0;
    for (std::int64_t t = 0; t < count; ++t) most_rows = std::max(most_rows, set.rows(t));
    const std::size_t output_bytes = static_cast<std::size_t>(most_rows) * sizeof(float) *
                                     static_cast<std::size_t>(problem.model.outputs) * max_lanes;
    const bool large = output_bytes > most_packed_bytes && !choice_.forced.kind;
    const GroupKind kind = large ? single_task : plans.kind_for_predictions(count);
    const NetworkPlan& plan = plans[kind];
    const GroupKernels& kernels = plan.kernels();
    const std::size_t size = problem.layout.size();
    const auto width = static_cast<std::size_t>(kernels.tasks);
    const auto order = order_by_size(set, set);
    const std::vector<std::int64_t> no_labels(static_cast<std::size_t>(set.total_rows()), 0);
    TaskSet<float> rows = set;
    rows.labels = no_labels;  // a prediction needs no targets
    BatchPartition partition{};
    partition[kind] = (count + kernels.tasks - 1) / kernels.tasks;
    for_each_group(partition, order, [&](GroupKind, Worker& worker, std::span<const std::int64_t> group) {
      GroupJob job = plan.job();
      std::uint8_t ignored[max_lanes] = {};
      job.query = worker.query.pack(rows, columns, problem.loss, problem.model.outputs, group, kernels,
                                    most_packed(), ignored);
      job.lanes = static_cast<int>(group.size());
      plan.size_blocks(job);
      prepare(plan, worker, job, true);
      float* interleaved = worker.fast_weights.reserve(size * width);
      for (std::size_t w = 0; w < width; ++w) {
        // Lanes without a task repeat the last one.
        const std::int64_t task = group[std::min(w, group.size() - 1)];
        pack_lane(phi.data() + static_cast<std::size_t>(task) * size, size, kernels.tasks,
                  static_cast<int>(w), interleaved);
      }
      const auto per_row = static_cast<std::size_t>(problem.model.outputs);
      float* result = worker.outputs.reserve(static_cast<std::size_t>(job.query.rows) * per_row * width);
      kernels.predict(job, interleaved, result);
      for (std::size_t w = 0; w < group.size(); ++w) {
        const auto task = static_cast<std::size_t>(group[w]);
        unpack_lane(result, static_cast<std::size_t>(job.query.lane_rows[w]) * per_row, kernels.tasks,
                    static_cast<int>(w),
                    outputs.data() + static_cast<std::size_t>(set.row_starts[task]) * per_row);
      }
    });
  }

 private:
  GroupPlans plans_for(const Problem& problem, const TaskBatch& tasks) const {
    std::int64_t support = 0, query = 0;  // rows of the largest task
    for (std::int64_t t = 0; t < tasks.size(); ++t) {
      support = std::max(support, tasks.support().rows(t));
      query = std::max(query, tasks.query().rows(t));
    }
    return GroupPlans(choice_, problem, tasks.columns(), static_cast<int>(support), static_cast<int>(query));
  }

  /// Calls use(kind, worker, group) on all threads, for the groups into which `partition` divides the tasks
  /// of `order`.
  template <class Use>
  void for_each_group(const BatchPartition& partition, std::span<const std::int64_t> order, Use use) {
    const PerKind<std::int64_t> size = choice_.tasks_of();
    const auto all =
        static_cast<std::size_t>(std::accumulate(partition.begin(), partition.end(), std::int64_t{0}));
    if (all == 0) return;
    const int threads = static_cast<int>(std::min(all, static_cast<std::size_t>(choice_.threads)));
    while (workers_.size() < static_cast<std::size_t>(threads)) workers_.emplace_back();
    std::atomic<std::size_t> next{0};
    const auto work = [&](int thread) {
      Worker& worker = workers_[static_cast<std::size_t>(thread)];
      for (std::size_t g; (g = next.fetch_add(1, std::memory_order_relaxed)) < all;) {
        std::size_t begin = 0, group = g;
        for (const GroupKind kind : {full_group, half_group, single_task}) {
          const auto groups = static_cast<std::size_t>(partition[kind]),
                     tasks = static_cast<std::size_t>(size[kind]);
          if (group >= groups) {
            group -= groups;
            begin += groups * tasks;
            continue;
          }
          begin += group * tasks;
          if (begin < order.size())
            use(kind, worker, order.subspan(begin, std::min(tasks, order.size() - begin)));
          break;
        }
      }
    };
    pool_.run(threads, work);
  }

  /// Calls use(plan, worker, job, group) for all groups, with rows packed and bad inputs marked.
  template <class Use>
  void for_groups(Operation operation, const Problem& problem, const TaskBatch& tasks,
                  const MetaParameters<float>& parameters, Use use) {
    const GroupPlans plans = plans_for(problem, tasks);
    const std::vector<std::int64_t> order = order_by_size(tasks.support(), tasks.query());
    GroupCosts& costs = costs_.of(plans.key(operation, tasks));
    const auto compute = [&](GroupKind kind, Worker& worker, std::span<const std::int64_t> group) {
      GroupJob job = packed_job(plans[kind], problem, tasks, parameters, worker, group);
      use(plans[kind], worker, job, group);
      worker.last_kind = kind;
      return group_passes(job);
    };
    if (last_costs_ != &costs)
      for (Worker& worker : workers_) worker.last_kind.reset();
    last_costs_ = &costs;
    std::span<const std::int64_t> rest = order;
    if (choice_.forced.measures()) {
      const BatchPartition trial = costs.trials(tasks.size(), choice_.tasks_of(), plans.allowed());
      const auto tried = static_cast<std::size_t>(std::min(plans.tasks_in(trial), tasks.size()));
      std::mutex noting;
      TrialTimes times;
      for_each_group(trial, rest.first(tried), [&](GroupKind kind, Worker& worker, auto group) {
        const bool warm = worker.last_kind == kind;
        const double begin = thread_seconds();
        const double passes = compute(kind, worker, group);
        const double spent = (thread_seconds() - begin) / passes;
        const std::lock_guard lock(noting);
        times.note(kind, spent, warm);
      });
      times.publish(costs);
      rest = rest.subspan(tried);
    }
    for_each_group(plans.partition(&costs, static_cast<std::int64_t>(rest.size())), rest, compute);
  }

  static void begin_own_sum(Worker& worker, const MetaParameters<float>& parameters) {
    worker.sum = &worker.own_sum;
    const auto begin = [](ExactSum& sum, std::size_t size) {
      if (sum.size() != size)
        sum = ExactSum(size);
      else
        sum.clear();
    };
    begin(worker.own_sum.theta, parameters.theta.size());
    begin(worker.own_sum.rates, parameters.rates.size());
    worker.own_sum.losses.clear();
    worker.own_sum.good = 0;
  }

  std::size_t most_packed() const { return choice_.forced.blocks ? 0 : most_packed_bytes; }

  GroupJob packed_job(const NetworkPlan& plan, const Problem& problem, const TaskBatch& tasks,
                      const MetaParameters<float>& parameters, Worker& worker,
                      std::span<const std::int64_t> group) const {
    GroupJob job = plan.job();
    job.theta = parameters.theta.data();
    job.rates = parameters.rates.data();
    job.rate_count = parameters.rates.size();
    job.lanes = static_cast<int>(group.size());
    std::fill(std::begin(job.failed_step), std::end(job.failed_step), -1);
    const int outputs = problem.model.outputs;
    job.support = worker.support.pack(tasks.support(), tasks.columns(), problem.loss, outputs, group,
                                      plan.kernels(), most_packed(), job.status);
    job.query = worker.query.pack(tasks.query(), tasks.columns(), problem.loss, outputs, group,
                                  plan.kernels(), most_packed(), job.status);
    plan.size_blocks(job);
    return job;
  }

  /// In the child of a fork the memory of the parent's calls may be half changed: a thread that does not
  /// exist here was at it. It is neither used nor destroyed.
  void forget_another_process() {
    const pid_t process = ::getpid();
    if (process == process_) return;
    static_cast<void>(new std::deque<Worker>(std::move(workers_)));
    static_cast<void>(new CostTable(std::move(costs_)));
    workers_ = std::deque<Worker>(1);
    costs_ = CostTable();
    last_costs_ = nullptr;
    process_ = process;
  }

  static void prepare(const NetworkPlan& plan, Worker& worker, GroupJob& job, bool keep_fast_weights) {
    job.workspace = worker.workspace.reserve(plan.kernels().workspace_floats(job));
    if (keep_fast_weights)
      job.fast_weights =
          worker.fast_weights.reserve(plan.parameters() * static_cast<std::size_t>(plan.kernels().tasks));
  }

  static void store_task_results(const NetworkPlan& plan, const GroupJob& job,
                                 std::span<const std::int64_t> group, const TaskResults<float>& results) {
    const std::size_t size = plan.parameters();
    for (int w = 0; w < job.lanes; ++w) {
      const auto task = static_cast<std::size_t>(group[static_cast<std::size_t>(w)]);
      results.status[task] = static_cast<TaskStatus>(job.status[w]);
      results.failed_step[task] = job.failed_step[w];
      if (results.fast_weights.empty()) continue;
      float* phi = results.fast_weights.data() + task * size;
      if (job.status[w] == 0)
        unpack_lane(job.fast_weights, size, plan.kernels().tasks, w, phi);
      else
        std::fill(phi, phi + size, canonical_nan);
    }
  }

  const GroupChoice choice_;
  CostTable costs_;
  const GroupCosts* last_costs_ = nullptr;  ///< costs of the problem of the previous call
  ForkSafeMutex<> mutex_;                   // one call at a time: calls share the workers' memory
  pid_t process_ = ::getpid();              ///< that the workers and the costs are of
  ThreadPool pool_;
  std::deque<Worker> workers_;  // at least one; a call that has groups for more adds them
};

}  // namespace
}  // namespace cpu

std::unique_ptr<Backend<float>> make_cpu_backend(const ContextOptions& options) {
  return std::make_unique<cpu::CpuBackend>(options.threads, options.isa, cpu::forced_plan(options.cpu_plan));
}

bool cpu_has_isa(Isa isa) {
  switch (isa) {
    case Isa::scalar:
      return true;
#if defined(__x86_64__)
    case Isa::avx2:
      return cpu::avx2_kernels(cpu::LaneLayout::tasks) && __builtin_cpu_supports("avx2") &&
             __builtin_cpu_supports("fma");
    case Isa::avx512:
      return cpu::avx512_kernels(cpu::LaneLayout::tasks) && __builtin_cpu_supports("avx512f") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    default:
      return false;
  }
}

}  // namespace shoal
