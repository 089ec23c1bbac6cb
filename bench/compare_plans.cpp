// SPDX-License-Identifier: Apache-2.0
#include "compare_plans.hpp"

#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <shoal/program_environment.hpp>
#include <shoal/shoal.hpp>

#include "timed_plan.hpp"

namespace shoal::bench {
namespace {

constexpr double work_of_a_call = 5e11;  // in operations: 25 ms of a large device
constexpr int calls = 7, batches = 2;
constexpr int bits_differ = 5, nothing_ran = 6;  // exit codes

bool same_bytes(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool same_bits(const MetaGradient<float>& a, const MetaGradient<float>& b) {
  return a.status == b.status && same_bytes(a.theta, b.theta) && same_bytes(a.query_loss, b.query_loss) &&
         same_bytes(a.query_loss_before, b.query_loss_before);
}

/// A plan that has run the first batch.
struct Runner {
  std::string name;
  std::unique_ptr<TimedPlan> plan;
  TimedPlan::Call first;  ///< it compiles and loads what the plan needs
  std::vector<double> device_seconds = {}, seconds = {};

  void call(const TaskBatch& tasks) {
    const TimedPlan::Call call = plan->call(tasks);
    device_seconds.push_back(call.device_seconds);
    seconds.push_back(call.seconds);
  }
  void forget() {
    device_seconds.clear();
    seconds.clear();
  }
};

/// Throws ResourceError when the plan cannot run.
Runner open(const Shape& shape, const std::string& name, const TaskBatch& tasks) {
  Runner runner{.name = name, .plan = std::make_unique<TimedPlan>(shape, name), .first = {}};
  runner.first = runner.plan->call(tasks);
  return runner;
}

/// Gflop/s of the device by its data sheet; 0 = unknown.
double peak_of_the_device() {
  for (const BackendReport& report : Context::backends(with_environment({})))
    if (report.name == "cuda") return report.peak_gflops;
  return 0.0;
}

/// The text of a message inside a JSON string.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return result;
}

void print_figures(const Shape& shape, std::int64_t tasks, double peak, const Runner& runner,
                   const Runner& against) {
  const double device = median_of(runner.device_seconds), call = median_of(runner.seconds);
  const double rate = static_cast<double>(tasks) / device, gflops = 1e-9 * rate * shape.flops_per_task();
  std::printf(
      "{\"shape\": \"%s\", \"tasks\": %lld, \"plan\": \"%s\", \"device_us\": %.1f, \"device_tasks/s\": %.6g, "
      "\"device_GFLOP/s\": %.6g, \"device_%%peak\": %.6g, \"call_us\": %.1f, \"tasks/s\": %.6g, "
      "\"first_call_s\": %.3f, \"against\": \"%s\", \"against_device_us\": %.1f, \"against_call_us\": %.1f, "
      "\"same_bits\": %s}\n",
      std::string(shape.name).c_str(), static_cast<long long>(tasks), runner.name.c_str(), 1e6 * device, rate,
      gflops, peak > 0.0 ? 100.0 * gflops / peak : 0.0, 1e6 * call, static_cast<double>(tasks) / call,
      runner.first.seconds, against.name.c_str(), 1e6 * median_of(against.device_seconds),
      1e6 * median_of(against.seconds),
      same_bits(runner.first.result, against.first.result) ? "true" : "false");
  std::fflush(stdout);
}

}  // namespace

int compare_plans(std::string_view name, const std::vector<std::string>& plans, std::int64_t tasks) {
  const Shape& shape = shape_named(name);
  if (tasks == 0) tasks = tasks_that_fill(shape, work_of_a_call);
  const std::vector<TaskBatch> inputs = make_batches(shape, tasks, batches);
  const Context device(with_environment({.backend = BackendKind::cuda}));  // throws without one
  const double peak = peak_of_the_device();
  std::unique_ptr<Runner> base;
  bool same = true;
  for (const std::string& plan : plans) {
    try {
      auto runner = std::make_unique<Runner>(open(shape, plan, inputs[0]));
      if (base) base->forget();
      for (int call = 0; call < calls; ++call) {
        const TaskBatch& batch = inputs[static_cast<std::size_t>(call + 1) % inputs.size()];
        if (base) base->call(batch);
        runner->call(batch);
      }
      print_figures(shape, tasks, peak, *runner, base ? *base : *runner);
      same = same && (!base || same_bits(runner->first.result, base->first.result));
      if (!base) base = std::move(runner);
    } catch (const ResourceError& error) {
      std::printf("{\"shape\": \"%s\", \"tasks\": %lld, \"plan\": \"%s\", \"not_run\": \"%s\"}\n",
                  std::string(shape.name).c_str(), static_cast<long long>(tasks), plan.c_str(),
                  escaped(error.what()).c_str());
      std::fflush(stdout);
    }
  }
  if (!base) return nothing_ran;
  return same ? 0 : bits_differ;
}

}  // namespace shoal::bench
