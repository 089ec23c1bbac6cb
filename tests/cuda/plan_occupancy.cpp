// SPDX-License-Identifier: Apache-2.0
// plan_occupancy: the occupancy of the backend's launches for the benchmark's shapes. Reads lines "GPU KERNEL
// REGISTERS STATIC_SHARED" and prints one line per shape for each: "GPU KERNEL SHAPE THREADS SHARED BLOCKS
// LIMITS REGIME", where BLOCKS is per multiprocessor and LIMITS is what limits it. bench/static/evidence.py
// reads the output.
#include <algorithm>
#include <iostream>

#include "../../bench/shapes.hpp"
#include "planned_launch.hpp"

namespace {

using namespace shoal;
using namespace shoal::testing;

std::string limits_of(const cudaOccResult& result) {
  std::string text;
  const auto add = [&](unsigned bit, const char* name) {
    if (result.limitingFactors & bit) text += std::string(text.empty() ? "" : "+") + name;
  };
  add(OCC_LIMIT_WARPS, "warps");
  add(OCC_LIMIT_REGISTERS, "registers");
  add(OCC_LIMIT_SHARED_MEMORY, "shared");
  add(OCC_LIMIT_BLOCKS, "blocks");
  add(OCC_LIMIT_BARRIERS, "barriers");
  return text.empty() ? "none" : text;
}

void print_plans(const Gpu& gpu, std::size_t kernel, int registers, std::size_t static_shared) {
  for (const bench::Shape& shape : bench::shapes()) {
    const PlannedTask task{.model = shape.model(),
                           .loss = {.kind = shape.loss},
                           .algorithm = Maml{InnerLoop{.steps = shape.steps}},
                           .columns = {shape.inputs, shape.outputs, 0},
                           .rows = shape.rows};
    const PlannedLaunch plan = plan_launch(task, static_cast<kernels::TaskKernel>(kernel), gpu,
                                           static_cast<std::int64_t>(gpu.shared_per_block - static_shared));
    const cudaOccResult result =
        occupancy(gpu, plan.threads, static_cast<std::size_t>(plan.shared_bytes), registers, static_shared);
    std::cout << gpu.name << ' ' << kernel_names[kernel] << ' ' << shape.name << ' ' << plan.threads << ' '
              << plan.shared_bytes << ' ' << result.activeBlocksPerMultiprocessor << ' ' << limits_of(result)
              << ' ' << plan.workspace_bytes << ' ' << plan.regime << '\n';
  }
}

}  // namespace

int main() {
  std::string gpu, kernel;
  int registers = 0;
  std::size_t static_shared = 0;
  while (std::cin >> gpu >> kernel >> registers >> static_shared) {
    const auto device =
        std::find_if(the_gpus.begin(), the_gpus.end(), [&](const Gpu& g) { return g.name == gpu; });
    const auto name = std::find(kernel_names.begin(), kernel_names.end(), kernel);
    if (device == the_gpus.end() || name == kernel_names.end()) {
      std::cerr << "plan_occupancy: unknown GPU or kernel: " << gpu << ' ' << kernel << '\n';
      return 2;
    }
    print_plans(*device, static_cast<std::size_t>(name - kernel_names.begin()), registers, static_shared);
  }
  return std::cin.eof() ? 0 : 2;
}
