// SPDX-License-Identifier: Apache-2.0
// CudaBackend uploads a batch, launches the task kernels and downloads the results. The numbers of a task
// depend on its own rows only, and the sum over tasks is exact, so that neither the grid nor the order of
// tasks can change a bit.
#include "cuda/cuda_backend.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

#include <shoal/error.hpp>

#include "core/optimizer_step.hpp"
#include "cuda/caller_memory.hpp"
#include "cuda/fixed/sum_places.hpp"
#include "cuda/result_delivery.hpp"
#include "cuda/runtime/clock.hpp"
#include "cuda/runtime/range.hpp"
#include "cuda/task_launcher.hpp"
#include "cuda/task_outputs.hpp"
#include "cuda/training_session.hpp"
#include "kernels/update/meta_update.hpp"

namespace shoal {
namespace cuda {
namespace {

using kernels::TaskArguments;
using kernels::TaskKernel;

std::shared_ptr<KernelCompiler> compiler_for(const DeviceInfo& device, const CudaOptions& options) {
  if (!options.compiles || options.fixed == FixedKernels::none) return nullptr;
  return std::make_shared<KernelCompiler>(KernelCompilerOptions{
      .capability = 10 * device.major + device.minor, .cache_folder = options.kernel_cache, .open = {}});
}

class CudaBackend final : public Backend<float> {
 public:
  explicit CudaBackend(const CudaOptions& options)
      : options_(options),
        device_(device_info(choose_device(options.device, options.stream))),
        scope_(device_.index),
        stream_({.borrowed = options.stream, .memory = options.memory}),
        compiler_(compiler_for(device_, options)),
        launcher_(device_, options, stream_, compiler_) {
    scope_.reset();
  }
  ~CudaBackend() override { enter_for_destruction(scope_, device_.index); }

  std::string_view name() const override { return "cuda"; }
  void require_readable(const TaskSet<float>& set, const char* which) const override {
    require_rows_of(device_.index, set, which);
  }
  int capability() const override { return 10 * device_.major + device_.minor; }
  void time_device() override {
    const std::lock_guard lock(mutex_);
    clock_.count();
  }
  std::optional<double> device_seconds() const override {
    const std::lock_guard lock(mutex_);
    clock_.collect();
    return clock_.seconds();
  }

  void meta_gradient(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                     GradientSum<float>& sum, const TaskResults<float>& results) override {
    Call call(*this, problem, tasks.columns(), "shoal: meta-gradient");
    upload(call, tasks, parameters);
    const std::size_t count = results.status.size(), size = call.problem.size();
    reserve_outputs(call, 1, results.fast_weights.empty() ? 0 : count * size);
    const TaskLaunch plan = prepare(call, TaskKernel::meta_gradient, tasks);
    const std::size_t rates = call.problem.rate_count(),
                      words = static_cast<std::size_t>(call.job.sum_sets) * kernels::exact_digits;
    const auto places = static_cast<std::size_t>(call.job.sum_count);
    call.job.sums = sums_.reserve_zeroed(stream_, words * places);
    call.job.rate_sums = rate_sums_.reserve_zeroed(stream_, words * rates);
    launch(call, plan);
    std::vector<std::int32_t> places_of_theta(call.problem.layout().padded_indices().begin(),
                                              call.problem.layout().padded_indices().end());
    const std::vector<std::int32_t> places_of_rates =
        call.problem.rates_are_padded() ? places_of_theta : std::vector<std::int32_t>();
    if (plan.fixed) {
      const std::vector<std::int32_t> in_sums = sum_places(plan.fixed->kernel.shape);
      for (std::int32_t& p : places_of_theta) p = in_sums[static_cast<std::size_t>(p)];
    }
    add_digits(call, call.job.sums, places, places_of_theta, sum.theta);
    add_digits(call, call.job.rate_sums, rates, places_of_rates, sum.rates);
    TaskOutputs::fetch_outcomes(stream_, call.job, results.status, results.failed_step);
    TaskOutputs::fetch_losses(stream_, call.job.loss_before, results.status, results.query_loss_before);
    TaskOutputs::fetch_losses(stream_, call.job.loss_after, results.status, results.query_loss);
    TaskOutputs::fetch_fast_weights(stream_, call.job, call.problem.layout(), results.status,
                                    results.fast_weights);
    clock_.collect();
    for (std::size_t t = 0; t < count; ++t) {
      if (results.status[t] != TaskStatus::good) continue;
      if (!results.query_loss_before.empty()) sum.losses.add(0, results.query_loss_before[t]);
      sum.losses.add(1, results.query_loss[t]);
      ++sum.good;
    }
  }

  void adapt(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
             const TaskResults<float>& results) override {
    Call call(*this, problem, tasks.columns(), "shoal: adapt");
    upload(call, tasks, parameters, 1, problem.plan.steps > 0);
    reserve_outputs(call, 1, results.status.size() * call.problem.size());
    launch(call, prepare(call, TaskKernel::adapt, tasks));
    TaskOutputs::fetch_outcomes(stream_, call.job, results.status, results.failed_step);
    TaskOutputs::fetch_fast_weights(stream_, call.job, call.problem.layout(), results.status,
                                    results.fast_weights);
    clock_.collect();
  }

  void evaluate(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                std::span<const int> steps, std::span<float> loss, std::span<TaskStatus> status,
                std::span<std::int32_t> failed_step) override {
    Call call(*this, problem, tasks.columns(), "shoal: evaluate");
    launch(call, prepare_evaluation(call, tasks, parameters, steps));
    TaskOutputs::fetch_outcomes(stream_, call.job, status, failed_step);
    TaskOutputs::fetch_losses(stream_, call.job.loss_after, status, loss);
    clock_.collect();
  }

  void predict(const Problem& problem, const TaskSet<float>& set, std::span<const float> phi,
               std::span<float> outputs) override {
    const TaskColumns columns{problem.model.inputs, 0, set.output_offset.empty() ? 0 : problem.model.outputs};
    Call call(*this, problem, columns, "shoal: predict");
    tasks_.upload(stream_, set, call.problem.rows(false), call.job);
    const auto count = static_cast<std::size_t>(call.job.tasks);
    const DeviceLayout& layout = call.problem.layout();
    std::vector<float> own(count * layout.size());
    for (std::size_t t = 0; t < count; ++t)
      layout.pad(phi.data() + t * layout.packed_size(), own.data() + t * layout.size());
    call.job.own_parameters = own_parameters_.upload_and_wait(stream_, own);
    call.job.outputs = outputs_.reserve(stream_, outputs.size());
    reserve_outputs(call, 1, 0);
    launch(call, launcher_.prepare(stream_, call.problem, TaskKernel::predict,
                                   {.support = {}, .query = set.row_starts, .query_rows = most_rows(set)},
                                   call.job));
    stream_.fetch(outputs.data(), call.job.outputs, outputs.size_bytes());
    clock_.collect();
  }

  void meta_gradient_to(const Problem& problem, const TaskBatch& tasks,
                        const MetaParameters<float>& parameters,
                        const DeviceMetaGradient<float>& to) override {
    Call call(*this, problem, tasks.columns(), "shoal: meta-gradient");
    require_device_memory(to.theta, "theta");
    require_device_memory(to.rates, "rates");
    require_device_memory(to.query_loss_before, "query_loss_before");
    require_device_memory(to.query_loss, "query_loss");
    require_device_memory(to.status, "status");
    require_device_memory(to.failed_step, "failed_step");
    require_device_memory(to.fast_weights, "fast_weights");
    require_device_memory(to.mean_query_loss, "mean_query_loss");
    require_device_memory(to.good, "good");
    upload(call, tasks, parameters);
    const auto count = static_cast<std::size_t>(call.job.tasks);
    reserve_outputs(call, 1, to.fast_weights.empty() ? 0 : count * call.problem.size());
    const TaskLaunch plan = prepare(call, TaskKernel::meta_gradient, tasks);
    delivery_.prepare_means(stream_, call.problem, call.job);
    delivery_.prepare_packing(stream_, call.problem.layout());
    launch_and_deliver(call, plan, [&] {
      delivery_.means(stream_, call.problem, to);
      ResultDelivery::outcomes(stream_, call.job, to.status, to.failed_step);
      ResultDelivery::losses(stream_, call.job.loss_before, call.job.status, to.query_loss_before);
      ResultDelivery::losses(stream_, call.job.loss_after, call.job.status, to.query_loss);
      delivery_.fast_weights(stream_, call.job, call.problem.layout(), to.fast_weights);
    });
  }

  void adapt_to(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                const DeviceFastWeights<float>& to) override {
    Call call(*this, problem, tasks.columns(), "shoal: adapt");
    require_device_memory(to.phi, "phi");
    require_device_memory(to.status, "status");
    require_device_memory(to.failed_step, "failed_step");
    upload(call, tasks, parameters, 1, problem.plan.steps > 0);
    reserve_outputs(call, 1, static_cast<std::size_t>(call.job.tasks) * call.problem.size());
    const TaskLaunch plan = prepare(call, TaskKernel::adapt, tasks);
    delivery_.prepare_packing(stream_, call.problem.layout());
    launch_and_deliver(call, plan, [&] {
      ResultDelivery::outcomes(stream_, call.job, to.status, to.failed_step);
      delivery_.fast_weights(stream_, call.job, call.problem.layout(), to.phi);
    });
  }

  void evaluate_to(const Problem& problem, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                   std::span<const int> steps, const DeviceStepLosses<float>& to) override {
    Call call(*this, problem, tasks.columns(), "shoal: evaluate");
    require_device_memory(to.loss, "loss");
    require_device_memory(to.status, "status");
    require_device_memory(to.failed_step, "failed_step");
    const TaskLaunch plan = prepare_evaluation(call, tasks, parameters, steps);
    launch_and_deliver(call, plan, [&] {
      ResultDelivery::outcomes(stream_, call.job, to.status, to.failed_step);
      ResultDelivery::losses(stream_, call.job.loss_after, call.job.status, to.loss);
    });
  }

  std::unique_ptr<TrainingSession<float>> start_training(const Problem& problem,
                                                         const Optimizer& optimizer) override {
    return make_training_session(problem, optimizer.kind, device_, options_, compiler_, clock_, mutex_);
  }

 private:
  /// State of one call: it locks the backend, makes its device current, and holds the problem in the form
  /// that the kernels read.
  struct Call {
    Call(CudaBackend& backend, const Problem& given, const TaskColumns& columns, const char* name)
        : lock(backend.mutex_),
          scope(backend.device_.index),
          range(name),
          problem(given, columns),
          drain(backend.stream_) {}
    std::lock_guard<std::mutex> lock;
    DeviceScope scope;
    ProfilerRange range;
    DeviceProblem problem;
    TaskArguments job;
    DrainOnFailure drain;
  };

  /// Uploads the batch and the parameters, and reserves memory for the outcomes of every task at `points`
  /// points. `in_domain`: targets on the device are checked against the domain of the loss.
  void upload(Call& call, const TaskBatch& tasks, const MetaParameters<float>& parameters, int points = 1,
              bool in_domain = true) {
    RowFormat format = call.problem.rows();
    format.in_domain = in_domain;
    tasks_.upload(stream_, tasks, format, points, call.job);
    std::vector<float> packed(parameters.theta);
    packed.insert(packed.end(), parameters.rates.begin(), parameters.rates.end());
    std::vector<float> padded(call.problem.size() + call.problem.rate_count());
    call.problem.pad(packed, padded.data());
    call.job.theta = values_.upload_and_wait(stream_, padded);
    call.job.rates = call.job.theta + call.problem.size();
    call.job.rate_count = static_cast<int>(call.problem.rate_count());
  }

  /// Reserves memory for `points` outcomes per task.
  void reserve_outputs(Call& call, int points, std::size_t fast_weights) {
    task_outputs_.reserve(stream_,
                          static_cast<std::size_t>(call.job.tasks) * static_cast<std::size_t>(points),
                          fast_weights, call.job);
  }

  void launch(Call& call, const TaskLaunch& plan) {
    clock_.around(stream_, [&] { launcher_.launch(stream_, plan, call.job); });
  }

  TaskLaunch prepare(Call& call, TaskKernel kernel, const TaskBatch& tasks,
                     std::span<const int> points = {}) {
    return launcher_.prepare(stream_, call.problem, kernel,
                             {.support = tasks.support().row_starts,
                              .query = tasks.query().row_starts,
                              .support_rows = most_rows(tasks.support()),
                              .query_rows = most_rows(tasks.query()),
                              .points = points},
                             call.job);
  }

  TaskLaunch prepare_evaluation(Call& call, const TaskBatch& tasks, const MetaParameters<float>& parameters,
                                std::span<const int> steps) {
    const std::vector<std::int32_t> points(steps.begin(), steps.end());
    call.job.points = static_cast<int>(steps.size());
    upload(call, tasks, parameters, call.job.points);
    call.job.steps = points_.upload_and_wait(stream_, points);
    reserve_outputs(call, call.job.points, 0);
    return prepare(call, TaskKernel::evaluate, tasks, steps);
  }

  template <class T>
  void require_device_memory(std::span<T> to, const char* name) const {
    require_memory_of(device_.index, to, std::string("results on the device: ") + name);
  }

  /// Launches for results that stay on the device. deliver() submits to the stream the work that follows the
  /// launch.
  template <class Deliver>
  void launch_and_deliver(Call& call, const TaskLaunch& plan, Deliver deliver) {
    // The copies read memory that is freed with this call or overwritten by the next one.
    stream_.synchronize("copies to the device");
    launch(call, plan);
    deliver();
    // The caller cannot wait for a stream that the backend owns.
    if (!stream_.is_borrowed()) stream_.synchronize("results on the device");
  }

  /// Adds the sums of the teams, `from` [sets, digits, count], to `sum`. `places`: where every entry of `sum`
  /// lies among the count; empty: at its own place.
  void add_digits(Call& call, const long long* from, std::size_t count, std::span<const std::int32_t> places,
                  ExactSum& sum) {
    if (count == 0) return;
    const std::size_t words = count * ExactSum::digits;
    long long* const to = totals_.reserve(stream_, words);
    clock_.around(stream_, [&] {
      kernels::launch_sum_sets(from, call.job.sum_sets, static_cast<std::int64_t>(count), to,
                               stream_.handle());
      stream_.check("launch of the sum over sets");
    });
    std::vector<long long> digits(words), packed(sum.size());
    stream_.fetch(digits.data(), to, words * sizeof(long long));
    sum.reserve(call.job.sum_sets);
    for (int d = 0; d < ExactSum::digits; ++d) {
      const long long* values = digits.data() + static_cast<std::size_t>(d) * count;
      if (!places.empty()) {
        for (std::size_t i = 0; i < places.size(); ++i) packed[i] = values[places[i]];
        values = packed.data();
      }
      const auto digit = sum.digit(d);
      for (std::size_t i = 0; i < digit.size(); ++i) digit[i] += values[i];
    }
  }

  const CudaOptions options_;
  const DeviceInfo device_;
  mutable std::mutex mutex_;          // one call at a time: calls share the backend's device memory
  std::optional<DeviceScope> scope_;  ///< held while the members below are constructed and destroyed
  Stream stream_;
  mutable DeviceClock clock_;
  DeviceTasks tasks_;
  std::shared_ptr<KernelCompiler> compiler_;  ///< of the sessions too
  TaskLauncher launcher_;
  TaskOutputs task_outputs_;
  ResultDelivery delivery_;
  DeviceArray<std::int32_t> points_;
  DeviceArray<float> values_, own_parameters_, outputs_;
  DeviceArray<long long> sums_, rate_sums_, totals_;
};

}  // namespace
}  // namespace cuda

std::unique_ptr<Backend<float>> make_cuda_backend(const CudaOptions& options) {
  std::string why;
  if (!cuda::device_available(why)) throw ResourceError("backend cuda: " + why);
  return std::make_unique<cuda::CudaBackend>(options);
}

bool cuda_available(std::optional<int> wanted, std::string& detail, CudaPeak* peak) {
  if (!cuda::device_available(detail)) return false;
  std::string device;
  try {
    const cuda::DeviceInfo info = cuda::device_info(cuda::choose_device(wanted));
    const cuda::DeviceScope scope(info.index);
    detail = device = info.describe();
    // This throws if the build has no code for this device.
    cuda::resident_blocks(kernels::task_kernel_address(), kernels::warp_threads, 0);
    if (peak) {
      const int lanes = info.major == 8 && info.minor == 0 ? 64 : 128;  // sm_80; sm_86 and later
      peak->gflops = 2e-6 * info.multiprocessors * lanes * info.clock_khz;
      peak->detail = std::to_string(info.multiprocessors) + " multiprocessors x " + std::to_string(lanes) +
                     " lanes x 2 x " + std::to_string(info.clock_khz / 1000) + " MHz";
    }
    return true;
  } catch (const Error& error) {
    detail = device.empty() ? error.what() : device + ": " + error.what();
    return false;
  }
}

}  // namespace shoal
