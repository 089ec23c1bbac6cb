// SPDX-License-Identifier: Apache-2.0
// Brings a batch to the device, starts the task kernels and fetches results. A task's numbers depend on
// nothing but its own rows, and the sum over tasks is exact: neither the grid nor the order of tasks can
// change a bit.
#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include <shoal/error.hpp>

#include "core/lowered_problem.hpp"
#include "cuda/device_array.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/device_tasks.hpp"
#include "cuda/launch_plan.hpp"

namespace shoal {
namespace cuda {
namespace {

using kernels::TaskArguments;
using kernels::TaskKernel;

constexpr float the_nan = std::numeric_limits<float>::quiet_NaN();  // 0x7fc00000

// A block's digits count as one value when they are added: ExactSum has room for this many.
constexpr int most_blocks = ExactSum::capacity - 1;

class CudaBackend final : public Backend<float> {
 public:
  explicit CudaBackend(const CudaOptions& options) : device_(device_info()) {
    if (options.shared_limit > 0)
      device_.shared_per_block = std::min(device_.shared_per_block, options.shared_limit);
  }

  std::string_view name() const override { return "cuda"; }
  void time_device() override {
    const std::lock_guard lock(mutex_);
    if (!clock_) clock_.emplace();
  }
  std::optional<double> device_seconds() const override {
    const std::lock_guard lock(mutex_);
    return clock_ ? std::optional(device_seconds_) : std::nullopt;
  }

  void meta_gradient(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                     GradientSum<float>& sum, const TaskResults<float>& results) override {
    const std::lock_guard lock(mutex_);
    Call call(problem, tasks.columns());
    put_tasks(call, problem, tasks);
    put_parameters(call, parameters);
    const std::size_t count = static_cast<std::size_t>(tasks.size()), size = call.layout.size();
    put_results(call, count, results.fast_weights.empty() ? 0 : size);
    const kernels::TeamLaunch grid = prepare(call, TaskKernel::meta_gradient, tasks);
    const auto blocks = static_cast<std::size_t>(grid.blocks),
               rates = static_cast<std::size_t>(call.job.rate_count);
    call.job.sums = zeroed(block_sums_, blocks * ExactSum::digits * size);
    call.job.rate_sums = zeroed(block_rate_sums_, blocks * ExactSum::digits * rates);
    launch(call, TaskKernel::meta_gradient, grid);
    const auto theta = sum_over_blocks(call.job.sums, grid.blocks, size),
               rate = sum_over_blocks(call.job.rate_sums, grid.blocks, rates);
    auto before = fetch(call.job.loss_before, count), after = fetch(call.job.loss_after, count);
    fetch_status(call, results.status, results.failed_step);
    const auto padded = fetch(call.job.fast_weights, results.fast_weights.empty() ? 0 : count * size);
    wait("meta-gradient kernel");

    for (std::size_t t = 0; t < count; ++t) {
      const bool good = results.status[t] == TaskStatus::good;
      results.query_loss_before[t] = good ? before[t] : the_nan;
      results.query_loss[t] = good ? after[t] : the_nan;
      if (!good) continue;
      sum.losses.add(0, before[t]);
      sum.losses.add(1, after[t]);
      ++sum.good;
    }
    add_digits(call.layout, true, theta, grid.blocks, sum.theta);
    add_digits(call.layout, call.problem.inner().rates == kernels::RateCode::parameter, rate, grid.blocks,
               sum.rates);
    pack_fast_weights(call, padded, results);
  }

  void adapt(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
             const TaskResults<float>& results) override {
    const std::lock_guard lock(mutex_);
    Call call(problem, tasks.columns());
    put_tasks(call, problem, tasks);
    put_parameters(call, parameters);
    const std::size_t count = static_cast<std::size_t>(tasks.size()), size = call.layout.size();
    put_results(call, count, size);
    launch(call, TaskKernel::adapt, prepare(call, TaskKernel::adapt, tasks));
    fetch_status(call, results.status, results.failed_step);
    const auto padded = fetch(call.job.fast_weights, count * size);
    wait("adaptation kernel");
    pack_fast_weights(call, padded, results);
  }

  void evaluate(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                std::span<const int> steps, std::span<float> loss, std::span<TaskStatus> status,
                std::span<std::int32_t> failed_step) override {
    const std::lock_guard lock(mutex_);
    Call call(problem, tasks.columns());
    put_tasks(call, problem, tasks);
    put_parameters(call, parameters);
    const auto all = static_cast<std::size_t>(tasks.size()) * steps.size();
    const std::vector<std::int32_t> points(steps.begin(), steps.end());
    call.job.steps = points_.take(stream_, points);
    call.job.points = static_cast<int>(steps.size());
    call.status.resize(all, 0);
    put_results(call, all, 0);
    launch(call, TaskKernel::evaluate, prepare(call, TaskKernel::evaluate, tasks));
    const auto got = fetch(call.job.loss_after, all);
    fetch_status(call, status, failed_step);
    wait("evaluation kernel");
    for (std::size_t e = 0; e < all; ++e) loss[e] = status[e] == TaskStatus::good ? got[e] : the_nan;
  }

  void predict(const Problem& problem, const TaskSet<float>& set, std::span<const float> phi,
               std::span<float> outputs) override {
    const std::lock_guard lock(mutex_);
    const TaskColumns columns{problem.model.inputs, 0, set.output_offset.empty() ? 0 : problem.model.outputs};
    Call call(problem, columns);
    const std::size_t count = set.offsets.size() - 1, size = call.layout.size();
    call.status.assign(count, 0);
    call.job.tasks = static_cast<int>(count);
    call.job.query =
        query_.take(stream_, set, columns, problem.loss, problem.model.outputs, false, call.status);
    std::fill(call.status.begin(), call.status.end(), std::uint8_t{0});
    const auto order = order_by_falling_size(set, set);
    call.job.order = order_.take(stream_, order);
    std::vector<float> own(count * size);
    for (std::size_t t = 0; t < count; ++t)
      call.layout.pad(phi.data() + t * call.layout.packed_size(), own.data() + t * size);
    call.job.own_parameters = own_parameters_.take(stream_, own);
    call.job.outputs = outputs_.room_for(outputs.size());
    put_results(call, count, 0);
    const LaunchPlan plan = make_plan(call.layout.network(), call.problem.inner(), TaskKernel::predict, 0,
                                      most_rows(set), device_.shared_per_block);
    launch(call, TaskKernel::predict, prepare(call, TaskKernel::predict, plan));
    if (!outputs.empty()) stream_.copy_to_host(outputs.data(), call.job.outputs, outputs.size_bytes());
    wait("prediction kernel");
  }

 private:
  /// One call's view of its problem. What is copied to the device lives here until the call has synchronized.
  struct Call {
    Call(const Problem& given, const TaskColumns& columns)
        : problem(given, columns), layout(problem.network()) {
      job.network = layout.network();
      job.loss = problem.loss();
      job.inner = problem.inner();
    }
    LoweredProblem problem;
    DeviceLayout layout;
    TaskArguments job;
    std::vector<std::uint8_t> status;
    std::vector<std::int32_t> failed_step, order;
    std::vector<float> theta, rates;
  };

  template <class Launch>
  void timed(const char* what, Launch go) {
    if (clock_) clock_->start(stream_);
    go();
    stream_.check(what);
    if (clock_) clock_->stop(stream_);
  }
  void wait(const char* what) {
    stream_.synchronize(what);
    if (clock_) device_seconds_ += clock_->take();
  }

  template <class T>
  std::vector<T> fetch(const T* from, std::size_t count) {
    std::vector<T> values(count);
    if (count > 0) stream_.copy_to_host(values.data(), from, count * sizeof(T));
    return values;
  }
  long long* zeroed(DeviceArray<long long>& array, std::size_t count) {
    long long* const at = array.room_for(count);
    if (at) stream_.fill_zero(at, count * sizeof(long long));
    return at;
  }

  void put_tasks(Call& call, const Problem& problem, const TaskBatch& tasks) {
    const int outputs = problem.model.outputs;
    call.status.assign(static_cast<std::size_t>(tasks.size()), 0);
    call.job.tasks = static_cast<int>(tasks.size());
    call.job.support =
        support_.take(stream_, tasks.support(), tasks.columns(), problem.loss, outputs, true, call.status);
    call.job.query =
        query_.take(stream_, tasks.query(), tasks.columns(), problem.loss, outputs, true, call.status);
    call.order = order_by_falling_size(tasks.support(), tasks.query());
    call.job.order = order_.take(stream_, call.order);
  }

  void put_parameters(Call& call, const MetaParameters<float>& parameters) {
    call.theta.resize(call.layout.size());
    call.layout.pad(parameters.theta.data(), call.theta.data());
    call.job.theta = theta_.take(stream_, call.theta);
    call.rates = parameters.rates;
    if (call.problem.inner().rates == kernels::RateCode::parameter) {
      call.rates.resize(call.layout.size());
      call.layout.pad(parameters.rates.data(), call.rates.data());
    }
    call.job.rates = rates_.take(stream_, call.rates);
    call.job.rate_count = static_cast<int>(call.rates.size());
  }

  void put_results(Call& call, std::size_t entries, std::size_t fast_weights) {
    call.job.status = status_.take(stream_, call.status);
    call.job.failed_step = failed_step_.room_for(entries);
    call.job.loss_before = loss_before_.room_for(entries);
    call.job.loss_after = loss_after_.room_for(entries);
    call.job.fast_weights = fast_weights_.room_for(static_cast<std::size_t>(call.job.tasks) * fast_weights);
  }

  kernels::TeamLaunch prepare(Call& call, TaskKernel kernel, const TaskBatch& tasks) {
    const int rows = std::max(most_rows(tasks.support()), most_rows(tasks.query()));
    return prepare(call, kernel,
                   make_plan(call.layout.network(), call.problem.inner(), kernel, call.job.rate_count, rows,
                             device_.shared_per_block));
  }

  /// Grid, workspace and the arrays that the network's description points to.
  kernels::TeamLaunch prepare(Call& call, TaskKernel kernel, const LaunchPlan& plan) {
    TaskArguments& job = call.job;
    job.memory = plan.memory;
    job.workspace_layout = plan.workspace;
    const int resident =
        resident_blocks(kernels::task_kernel_address(kernel), plan.threads, plan.shared_bytes());
    kernels::TeamLaunch grid;
    grid.threads = plan.threads;
    grid.shared_bytes = plan.shared_bytes();
    grid.blocks = std::clamp(std::min(resident * device_.multiprocessors, job.tasks), 1, most_blocks);
    // Padding in the workspace must be zero, and whoever used it before had another layout.
    const auto floats =
        static_cast<std::size_t>(grid.blocks) * static_cast<std::size_t>(plan.workspace.floats);
    job.workspace = workspace_.room_for(floats);
    stream_.fill_zero(job.workspace, floats * sizeof(float));
    if (plan.regime == Regime::global)
      job.fast = fast_.room_for(static_cast<std::size_t>(grid.blocks) *
                                static_cast<std::size_t>(plan.memory.floats));

    job.network.layers = layers_.take(stream_, call.layout.layers());
    const auto quantiles = static_cast<std::size_t>(job.loss.quantile_count);
    job.loss.quantiles = quantiles_.take(stream_, {job.loss.quantiles, quantiles});
    if (job.inner.step_weights)
      job.inner.step_weights =
          step_weights_.take(stream_, {job.inner.step_weights, static_cast<std::size_t>(job.inner.steps)});
    return grid;
  }

  void launch(const Call& call, TaskKernel kernel, const kernels::TeamLaunch& grid) {
    timed("launch of a task kernel",
          [&] { kernels::launch_tasks(kernel, call.job, grid, stream_.handle()); });
  }

  std::vector<long long> sum_over_blocks(const long long* from, int blocks, std::size_t sums) {
    const std::size_t count = sums * ExactSum::digits;
    if (count == 0) return {};
    long long* const to = totals_.room_for(count);
    timed("launch of the sum over blocks", [&] {
      kernels::launch_block_sums(from, blocks, static_cast<std::int64_t>(count), to, stream_.handle());
    });
    auto result = fetch(static_cast<const long long*>(to), count);
    wait("sum over blocks");
    return result;
  }

  void add_digits(const DeviceLayout& layout, bool padded, const std::vector<long long>& digits, int blocks,
                  ExactSum& sum) {
    if (digits.empty()) return;
    sum.reserve(blocks);
    const std::size_t stride = digits.size() / ExactSum::digits;
    std::vector<long long> packed(sum.size());
    for (int d = 0; d < ExactSum::digits; ++d) {
      const long long* from = digits.data() + static_cast<std::size_t>(d) * stride;
      if (padded) {
        layout.pack(from, packed.data());
        from = packed.data();
      }
      const auto to = sum.digit(d);
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    }
  }

  void fetch_status(const Call& call, std::span<TaskStatus> status, std::span<std::int32_t> failed_step) {
    static_assert(sizeof(TaskStatus) == 1);
    stream_.copy_to_host(status.data(), call.job.status, status.size());
    stream_.copy_to_host(failed_step.data(), call.job.failed_step, failed_step.size_bytes());
  }

  void pack_fast_weights(const Call& call, const std::vector<float>& padded,
                         const TaskResults<float>& results) {
    if (results.fast_weights.empty()) return;
    const std::size_t size = call.layout.size(), packed = call.layout.packed_size();
    for (std::size_t t = 0; t < results.status.size(); ++t) {
      float* const to = results.fast_weights.data() + t * packed;
      if (results.status[t] == TaskStatus::good)
        call.layout.pack(padded.data() + t * size, to);
      else
        std::fill(to, to + packed, the_nan);
    }
  }

  DeviceInfo device_;
  mutable std::mutex mutex_;  // one call at a time: memory on the device is the backend's
  Stream stream_;
  std::optional<DeviceClock> clock_;  // when somebody wants device_seconds()
  double device_seconds_ = 0.0;
  DeviceRows support_, query_;
  DeviceArray<std::int32_t> order_, failed_step_, points_;
  DeviceArray<std::uint8_t> status_;
  DeviceArray<float> theta_, rates_, loss_before_, loss_after_, fast_weights_, own_parameters_, outputs_,
      workspace_, fast_, quantiles_, step_weights_;
  DeviceArray<long long> block_sums_, block_rate_sums_, totals_;
  DeviceArray<kernels::LayerShape> layers_;
};

}  // namespace
}  // namespace cuda

std::unique_ptr<Backend<float>> make_cuda_backend(const CudaOptions& options) {
  std::string why;
  if (!cuda::device_available(why)) throw ResourceError("backend cuda: " + why);
  return std::make_unique<cuda::CudaBackend>(options);
}

bool cuda_available(std::string& detail, CudaPeak* peak) {
  if (!cuda::device_available(detail)) return false;
  try {
    const cuda::DeviceInfo device = cuda::device_info();
    detail = device.name + ", sm_" + std::to_string(device.major) + std::to_string(device.minor) + ", " +
             std::to_string(device.multiprocessors) + " multiprocessors, " +
             std::to_string(device.memory >> 20) + " MiB";
    // Fails where the build has no code for this device.
    cuda::resident_blocks(kernels::task_kernel_address(kernels::TaskKernel::predict), 32, 0);
    if (peak) {
      const int lanes = device.major == 8 && device.minor == 0 ? 64 : 128;  // sm_80; sm_86 and later
      peak->gflops = 2e-6 * device.multiprocessors * lanes * device.clock_khz;
      peak->detail = std::to_string(device.multiprocessors) + " multiprocessors x " + std::to_string(lanes) +
                     " lanes x 2 x " + std::to_string(device.clock_khz / 1000) + " MHz";
    }
    return true;
  } catch (const Error& error) {
    detail += (detail.empty() ? "" : ": ") + std::string(error.what());
    return false;
  }
}

}  // namespace shoal
