// SPDX-License-Identifier: Apache-2.0
// A meta-iteration on the device: [draw tasks] -> task kernel -> sum and update. This is one graph of at most
// three kernels, between a copy of its inputs (the optimizer's scalars, the id of the first task) to the
// device and a copy of its summary (mean losses, number of good tasks) to the host; all of it is captured
// once per shape of batch. Models that run layer by layer take many launches in chunks of tasks, which are
// submitted to the stream one by one.
//
// The device holds two copies of the meta-parameters and the optimizer state. An update reads one and writes
// the other, and commit() swaps them, so that an iteration that fails anywhere has changed nothing. Hence
// there are two graphs. The task kernel adds to digits that the update leaves at zero; after a failure they
// are cleared.
#include "cuda/training_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cuda/device_state.hpp"
#include "cuda/runtime/graph.hpp"
#include "cuda/runtime/range.hpp"
#include "cuda/task_launcher.hpp"
#include "cuda/task_outputs.hpp"
#include "cuda/update_workspace.hpp"
#include "kernels/generate/task_generation.hpp"

namespace shoal::cuda {
namespace {

using kernels::GeneratorFormula;
using kernels::IterationInputs;
using kernels::IterationSummary;

constexpr std::int64_t most_tasks = std::int64_t{1} << 30;  // kernels count in int, and step beyond the last

/// What a plan and its graphs depend on.
struct Shape {
  int tasks = 0;
  int support_rows = 0, query_rows = 0;  ///< of the largest task
  bool some_empty = false;               ///< some task has no support or no query rows
  TaskColumns columns;
  bool generated = false;
  GeneratorFormula formula;
  std::array<const float*, 6> rows = {};  ///< addresses of the rows: those of a caller may change
  long allocations = 0;                   ///< of the process: a new one may mean new addresses

  bool operator==(const Shape&) const = default;
};

class CudaTrainingSession final : public TrainingSession<float> {
 public:
  CudaTrainingSession(const Problem& problem, OptimizerKind optimizer, const DeviceInfo& device,
                      const CudaOptions& options, std::shared_ptr<KernelCompiler> compiler,
                      DeviceClock& clock, std::mutex& mutex)
      : given_(problem),
        device_(device),
        mutex_(mutex),
        clock_(clock),
        stream_({.borrowed = options.stream, .memory = options.memory}),
        launcher_(device, options, stream_, std::move(compiler)),
        state_(optimizer) {}

  ~CudaTrainingSession() override {
    const std::lock_guard lock(mutex_);
    enter_for_destruction(scope_, device_.index);
    graphs_[0].clear();
    graphs_[1].clear();
  }

  void set(const MetaParameters<float>& parameters, const OptimizerState<float>& state) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    state_.set(stream_, problem(columns_), parameters, state);
  }

  void get(MetaParameters<float>& parameters, OptimizerState<float>& state) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    const ProfilerRange range("shoal: fetch parameters");
    state_.get(stream_, problem(columns_), parameters, state);
  }

  StepReport<float> step(const TaskBatch& tasks, const kernels::UpdateScalars<float>& scalars) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    const ProfilerRange range("shoal: meta-iteration");
    const DeviceProblem& at = problem(tasks.columns());
    {
      const ProfilerRange upload("shoal: upload tasks");
      tasks_.upload(stream_, tasks, at.rows(), 1, job_);
    }
    prepare({.tasks = job_.tasks,
             .support_rows = most_rows(tasks.support()),
             .query_rows = most_rows(tasks.query()),
             .columns = tasks.columns(),
             .generated = false,
             .formula = {},
             .rows = {job_.support.x, job_.support.y, job_.support.offset, job_.query.x, job_.query.y,
                      job_.query.offset}});
    return run({scalars, 0});
  }

  StepReport<float> step(const GeneratorFormula& formula, std::int64_t first, std::int64_t count,
                         const kernels::UpdateScalars<float>& scalars) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    const ProfilerRange range("shoal: meta-iteration");
    if (count > most_tasks)
      throw ResourceError("cuda: " + std::to_string(count) + " tasks at a time are more than " +
                          std::to_string(most_tasks) + "; set a chunk");
    const TaskColumns columns{1, 1, 0};
    const DeviceProblem& at = problem(columns);
    tasks_.reserve(stream_, formula, static_cast<int>(count), at.rows(), job_);
    prepare({.tasks = job_.tasks,
             .support_rows = formula.support,
             .query_rows = formula.query,
             .columns = columns,
             .generated = true,
             .formula = formula});
    return run({scalars, first});
  }

  void commit() noexcept override { state_.swap(); }

  void outcomes(std::span<TaskStatus> status, std::span<std::int32_t> failed_step) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    TaskOutputs::fetch_outcomes(stream_, job_, status, failed_step);
  }

  void losses(std::span<float> before, std::span<float> after) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    std::vector<TaskStatus> status(after.size());
    stream_.fetch(status.data(), job_.status, status.size());
    TaskOutputs::fetch_losses(stream_, job_.loss_before, status, before);
    TaskOutputs::fetch_losses(stream_, job_.loss_after, status, after);
  }

  void gradient(std::span<float> theta, std::span<float> rates) override {
    const std::lock_guard lock(mutex_);
    const DeviceScope scope(device_.index);
    const DrainOnFailure drain(stream_);
    problem_->fetch(stream_, update_.gradient, theta, rates);
  }

 private:
  /// The problem for these columns. The layout of parameters does not depend on them.
  const DeviceProblem& problem(const TaskColumns& columns) {
    if (!problem_ || columns != columns_) {
      captured_ = {};
      problem_.emplace(given_, columns);
      columns_ = columns;
    }
    return *problem_;
  }

  bool some_side_is_empty() {
    for (const auto starts : {tasks_.support().row_starts(), tasks_.query().row_starts()})
      if (std::adjacent_find(starts.begin(), starts.end()) != starts.end()) return true;
    return false;
  }

  /// Makes memory, plan and graphs for batches of this shape, unless they exist. Teams of threads read sizes
  /// from the device, so that a plan for larger tasks also serves smaller ones. The layer-by-layer regime is
  /// planned task by task.
  void prepare(Shape shape) {
    shape.allocations = device_counts().allocations;
    const long sizes[2] = {tasks_.support().sizes_version(), tasks_.query().sizes_version()};
    const bool by_task = !launch_.can_be_captured();
    if (!by_task) {
      shape.support_rows = std::max(shape.support_rows, captured_.support_rows);
      shape.query_rows = std::max(shape.query_rows, captured_.query_rows);
    }
    const bool resized = !std::equal(sizes, sizes + 2, planned_sizes_);
    shape.some_empty = captured_.some_empty || (launch_.fixed && resized && some_side_is_empty());
    if (shape == captured_ && !(by_task && resized) && !launcher_.has_better(launch_)) {
      std::copy(sizes, sizes + 2, planned_sizes_);
      return;
    }
    const ProfilerRange range("shoal: prepare");
    captured_ = {};
    planned_ = shape;
    std::copy(sizes, sizes + 2, planned_sizes_);
    job_.rate_count = static_cast<int>(problem_->rate_count());
    outputs_.reserve(stream_, static_cast<std::size_t>(job_.tasks), 0, job_);
    launch_ = launcher_.prepare(stream_, *problem_, kernels::TaskKernel::meta_gradient,
                                {.support = tasks_.support().row_starts(),
                                 .query = tasks_.query().row_starts(),
                                 .support_rows = planned_.support_rows,
                                 .query_rows = planned_.query_rows,
                                 .some_empty = planned_.some_empty},
                                job_);
    update_ = workspace_.prepare(stream_, *problem_, job_);
    pinned_inputs_.reserve(1);
    pinned_summary_.reserve(1);
    clean_ = false;  // the layout of the digits has changed
    load_kernel(kernels::meta_update_address());
    if (planned_.generated) load_kernel(kernels::task_generation_address());
    for (const int current : {0, 1}) {
      kernels::TaskArguments& job = jobs_[current] = job_;
      update_.now = state_.at(stream_, *problem_, current);
      update_.next = state_.at(stream_, *problem_, 1 - current);
      job.theta = update_.now.values;
      job.rates = job.rate_count > 0 ? update_.now.values + problem_->size() : nullptr;
      if (launch_.can_be_captured())
        graphs_[current].capture(recorder_, [&] { enqueue(recorder_, current); });
    }
    // The copies that the launcher has submitted are done before anything is freed.
    planned_.allocations = device_counts().allocations;
    captured_ = planned_;
  }

  /// Submits the meta-iteration itself to `stream`: the part that a graph captures.
  void enqueue(Stream& stream, int current) {
    const kernels::TaskArguments& job = jobs_[current];
    update_.now = state_.at(stream_, *problem_, current);
    update_.next = state_.at(stream_, *problem_, 1 - current);
    stream.copy_to_device(workspace_.inputs(stream_), pinned_inputs_.reserve(1).data(),
                          sizeof(IterationInputs));
    if (planned_.generated) {
      kernels::launch_task_generation({.formula = planned_.formula,
                                       .inputs = update_.inputs,
                                       .tasks = job.tasks,
                                       .support_x = tasks_.support().x(),
                                       .support_y = tasks_.support().y(),
                                       .query_x = tasks_.query().x(),
                                       .query_y = tasks_.query().y(),
                                       .status = job.status},
                                      stream.handle());
      stream.check("launch of the task generation");
    }
    launcher_.launch(stream, launch_, job);
    kernels::launch_meta_update(update_, stream.handle());
    stream.check("launch of the meta-update");
    stream.copy_to_host(pinned_summary_.reserve(1).data(), update_.summary, sizeof(IterationSummary));
  }

  StepReport<float> run(const IterationInputs& inputs) {
    if (!clean_) workspace_.clear(stream_, update_);
    clean_ = false;
    pinned_inputs_.reserve(1)[0] = inputs;
    {
      const ProfilerRange range("shoal: launch");
      clock_.around(stream_, [&] {
        if (launch_.can_be_captured())
          graphs_[state_.current()].launch(stream_);
        else
          enqueue(stream_, state_.current());
      });
    }
    const ProfilerRange range("shoal: wait");
    stream_.synchronize("meta-iteration");
    clock_.collect();
    clean_ = true;
    const IterationSummary& summary = pinned_summary_.reserve(1)[0];
    return {summary.mean_query_loss_before, summary.mean_query_loss, summary.good};
  }

  const Problem given_;
  const DeviceInfo device_;
  std::mutex& mutex_;
  DeviceClock& clock_;
  std::optional<DeviceScope> scope_;  ///< held while the members below are destroyed
  Stream stream_;                     // declared before everything that frees memory in its order
  Stream recorder_;                   // graphs are captured from it: CUDA's default stream cannot be
  TaskColumns columns_;
  std::optional<DeviceProblem> problem_;
  DeviceTasks tasks_;
  TaskLauncher launcher_;
  Shape planned_;  ///< the shape that launch_ is for
  long planned_sizes_[2] = {};
  TaskLaunch launch_;
  kernels::TaskArguments jobs_[2];  ///< by turn
  TaskOutputs outputs_;
  kernels::TaskArguments job_;
  kernels::UpdateArguments update_;
  DeviceState state_;
  UpdateWorkspace workspace_;
  PinnedArray<IterationInputs> pinned_inputs_;
  PinnedArray<IterationSummary> pinned_summary_;
  Graph graphs_[2];  ///< by turn
  Shape captured_;
  bool clean_ = false;  ///< whether digits and ticket are zero
};

}  // namespace

std::unique_ptr<TrainingSession<float>> make_training_session(const Problem& problem, OptimizerKind optimizer,
                                                              const DeviceInfo& device,
                                                              const CudaOptions& options,
                                                              std::shared_ptr<KernelCompiler> compiler,
                                                              DeviceClock& clock, std::mutex& mutex) {
  const std::lock_guard lock(mutex);
  const DeviceScope scope(device.index);
  return std::make_unique<CudaTrainingSession>(problem, optimizer, device, options, std::move(compiler),
                                               clock, mutex);
}

}  // namespace shoal::cuda
