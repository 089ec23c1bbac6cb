// SPDX-License-Identifier: Apache-2.0
// describe_launches: how the backend launches the meta-gradient of the benchmark's shapes on an H100, one
// line of JSON each; shapes that go layer by layer have none. bench/static follows the kernels' machine code
// with it.
#include <iostream>

#include "../../bench/shapes.hpp"
#include "kernels/team/task_arguments.hpp"
#include "launch_description.hpp"
#include "planned_launch.hpp"

namespace {

using namespace shoal;
using namespace shoal::testing;

constexpr int sum_sets = 8;

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

/// The arguments of a launch for at most `most` tasks.
kernels::TaskArguments arguments_of(DescribedMemory& memory, const LoweredTask& task,
                                    const cuda::LaunchPlan& plan, const bench::Shape& shape, int most) {
  const auto tasks = static_cast<std::size_t>(most);
  const cuda::DeviceLayout& device = task.device();
  const std::size_t parameters = device.size(), digits = 6;
  kernels::TaskArguments job;
  job.network = device.network();
  job.network.layers = memory.copy("layers", device.layers().data(), device.layers().size());
  job.widths = memory.copy("widths", device.widths().data(), device.widths().size());
  job.loss = task.problem().loss();
  job.inner = task.problem().inner();
  job.memory = plan.memory;
  job.workspace_layout = plan.workspace;
  job.team_threads = plan.threads;
  job.workspace = memory.floats<float>(
      "workspace", static_cast<std::size_t>(plan.teams) * static_cast<std::size_t>(plan.workspace.floats));
  job.support = rows_of(memory, shape, tasks);
  job.query = rows_of(memory, shape, tasks);
  job.order = memory.integers<std::int32_t>("order", tasks, 0, 1);
  job.theta = memory.floats<float>("theta", parameters);
  job.rates = memory.floats<float>("rates", 1);
  job.rate_count = task.rate_count();
  job.status = memory.zeros<std::uint8_t>("status", tasks);
  job.failed_step = memory.zeros<std::int32_t>("failed step", tasks);
  job.loss_before = memory.floats<float>("loss before", tasks);
  job.loss_after = memory.floats<float>("loss after", tasks);
  job.sum_sets = sum_sets;
  job.sums = memory.zeros<long long>("sums", sum_sets * digits * parameters);
  job.rate_sums = memory.zeros<long long>("rate sums", 1);
  return job;
}

void describe(const bench::Shape& shape, const Gpu& gpu) {
  const LoweredTask task({.model = shape.model(),
                          .loss = {.kind = shape.loss},
                          .algorithm = Maml{InnerLoop{.steps = shape.steps}},
                          .columns = {shape.inputs, shape.outputs, 0},
                          .rows = shape.rows});
  const cuda::LaunchPlan plan = task.plan(kernels::TaskKernel::meta_gradient, gpu, 1 << 30);
  if (plan.regime == cuda::Regime::layers) return;
  DescribedMemory memory;
  const int fewer = plan.teams, more = 2 * plan.teams;
  kernels::TaskArguments job = arguments_of(memory, task, plan, shape, more);
  std::vector<std::pair<int, kernels::TaskArguments>> runs;
  for (const int tasks : {fewer, more}) {
    job.tasks = tasks;
    runs.emplace_back(tasks, job);
  }
  const LaunchShape launch{.kernel = "task_kernel",
                           .shape = shape.name,
                           .block = plan.block_threads(),
                           .shared = plan.shared_bytes(),
                           .teams = plan.teams,
                           .workspace = plan.workspace.floats * static_cast<std::int64_t>(sizeof(float))};
  print_description(std::cout, launch, memory, runs);
}

}  // namespace

int main() {
  for (const bench::Shape& shape : bench::shapes()) describe(shape, the_gpus[1]);
  return 0;
}
