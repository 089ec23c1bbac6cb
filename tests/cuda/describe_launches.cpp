// SPDX-License-Identifier: Apache-2.0
// describe_launches: how the backend launches the meta-gradient of the benchmark's shapes on an H100, one
// line of JSON each: by the task kernel, unless the shape goes layer by layer, and by the kernel that was
// made for the shape, if there is one. bench/static follows the kernels' machine code with it.
#include <iostream>

#include "../../bench/shapes.hpp"
#include "kernels/team/task_arguments.hpp"
#include "launch_description.hpp"
#include "planned_launch.hpp"

namespace {

using namespace shoal;
using namespace shoal::testing;

constexpr int sum_sets = 8;
int lanes = 0;

kernels::RowsView rows_of(DescribedMemory& memory, const bench::Shape& shape, std::size_t tasks) {
  const auto rows = tasks * static_cast<std::size_t>(shape.rows);
  kernels::RowsView view;
  view.x = memory.floats<float>("x", rows * static_cast<std::size_t>(shape.inputs));
  view.y = memory.floats<float>("y", rows * static_cast<std::size_t>(shape.outputs));
  view.first = memory.integers<std::int64_t>("row starts", tasks + 1, 0, shape.rows);
  view.terms = memory.floats<float>("terms", tasks);
  view.scale = memory.floats<float>("scale", tasks);
  return view;
}

/// A launch of either kind.
struct Launch {
  std::string kernel;
  int block = 32, teams = 1;
  std::int64_t shared = 0, workspace_floats = 0, sums = 0;
};

/// The arguments of a launch for at most `most` tasks.
kernels::TaskArguments arguments_of(DescribedMemory& memory, const LoweredTask& task, const Launch& launch,
                                    const bench::Shape& shape, int most) {
  const auto tasks = static_cast<std::size_t>(most);
  const cuda::DeviceLayout& device = task.device();
  const std::size_t digits = 6;
  kernels::TaskArguments job;
  job.network = device.network();
  job.network.layers = memory.copy("layers", device.layers().data(), device.layers().size());
  job.widths = memory.copy("widths", device.widths().data(), device.widths().size());
  job.loss = task.problem().loss();
  job.inner = task.problem().inner();
  job.workspace_layout.floats = launch.workspace_floats;
  job.workspace = memory.floats<float>("workspace", static_cast<std::size_t>(launch.teams) *
                                                        static_cast<std::size_t>(launch.workspace_floats));
  job.support = rows_of(memory, shape, tasks);
  job.query = rows_of(memory, shape, tasks);
  job.order = memory.integers<std::int32_t>("order", tasks, 0, 1);
  job.theta = memory.floats<float>("theta", device.size());
  job.rates = memory.floats<float>("rates", 1);
  job.rate_count = task.rate_count();
  job.status = memory.zeros<std::uint8_t>("status", tasks);
  job.failed_step = memory.zeros<std::int32_t>("failed step", tasks);
  job.loss_before = memory.floats<float>("loss before", tasks);
  job.loss_after = memory.floats<float>("loss after", tasks);
  job.sum_sets = sum_sets;
  job.sums = memory.zeros<long long>("sums", sum_sets * digits * static_cast<std::size_t>(launch.sums));
  job.rate_sums = memory.zeros<long long>("rate sums", 1);
  return job;
}

void print(const bench::Shape& shape, const Launch& launch, const DescribedMemory& memory,
           kernels::TaskArguments job) {
  std::vector<std::pair<int, kernels::TaskArguments>> runs;
  for (const int tasks : {launch.teams, 2 * launch.teams}) {
    job.tasks = tasks;
    runs.emplace_back(tasks, job);
  }
  print_description(std::cout,
                    {.kernel = launch.kernel,
                     .shape = shape.name,
                     .block = launch.block,
                     .shared = launch.shared,
                     .teams = launch.teams,
                     .workspace = launch.workspace_floats * static_cast<std::int64_t>(sizeof(float))},
                    memory, runs);
}

void describe_task_kernel(const bench::Shape& shape, const LoweredTask& task, const Gpu& gpu) {
  const cuda::LaunchPlan plan = task.plan(kernels::TaskKernel::meta_gradient, gpu, 1 << 30);
  if (plan.regime == cuda::Regime::layers) return;
  const Launch launch{.kernel = "task_kernel",
                      .block = plan.block_threads(),
                      .teams = plan.teams,
                      .shared = plan.shared_bytes(),
                      .workspace_floats = plan.workspace.floats,
                      .sums = static_cast<std::int64_t>(task.device().size())};
  DescribedMemory memory;
  kernels::TaskArguments job = arguments_of(memory, task, launch, shape, 2 * launch.teams);
  job.memory = plan.memory;
  job.workspace_layout = plan.workspace;
  job.team_threads = plan.threads;
  print(shape, launch, memory, job);
}

/// Names of the kernels in kernels/fixed/bench_instances.cu.
std::string fixed_kernel_of(std::string_view shape) {
  if (shape == "market") return "fixed_kernel<Market>";
  if (shape == "credit") return "fixed_kernel<Credit>";
  if (shape == "large") return "fixed_kernel<Large>";
  return shape.starts_with("sine") ? "fixed_kernel<Sine>" : "";
}

void describe_fixed_kernel(const bench::Shape& shape, const LoweredTask& task, const Gpu& gpu) {
  const std::string kernel = fixed_kernel_of(shape.name);
  const cuda::FixedChoice choice = task.fixed_choice(gpu, lanes);
  if (kernel.empty() || !choice.shape) return;
  const kernels::FixedPlan plan = kernels::fixed_plan(*choice.shape);
  const int block = kernels::fixed_block_threads(*choice.shape), teams = block / choice.shape->lanes;
  const Launch launch{
      .kernel = kernel,
      .block = block,
      .teams = teams,
      .shared = std::int64_t{teams} * plan.shared_floats * static_cast<std::int64_t>(sizeof(float)),
      .workspace_floats = plan.workspace(shape.steps, task.rate_count(), false),
      .sums = plan.sum_count};
  DescribedMemory memory;
  print(shape, launch, memory, arguments_of(memory, task, launch, shape, 2 * teams));
}

void describe(const bench::Shape& shape, const Gpu& gpu) {
  const LoweredTask task({.model = shape.model(),
                          .loss = {.kind = shape.loss},
                          .algorithm = Maml{InnerLoop{.steps = shape.steps}},
                          .columns = {shape.inputs, shape.outputs, 0},
                          .rows = shape.rows});
  describe_task_kernel(shape, task, gpu);
  describe_fixed_kernel(shape, task, gpu);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) lanes = std::atoi(argv[1]);
  for (const bench::Shape& shape : bench::shapes()) describe(shape, the_gpus[1]);
  return 0;
}
