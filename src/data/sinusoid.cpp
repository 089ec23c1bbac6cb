// SPDX-License-Identifier: Apache-2.0
#include "data/generated_source.hpp"
#include "kernels/trigonometric.hpp"

namespace shoal {
namespace {

// y = A sin(x - phase): Finn, Abbeel and Levine 2017 as their released code has it.
class Sinusoid final : public GeneratedSource {
 public:
  using GeneratedSource::GeneratedSource;

 protected:
  GeneratedTask draw_task(TaskDraws& draws) const override {
    GeneratedTask task{.low = -5.0f, .high = 5.0f};
    task.a = draws.uniform(0.1f, 5.0f);         // amplitude
    task.b = draws.uniform(0.0f, 3.14159265f);  // phase
    return task;
  }
  float draw_x(const GeneratedTask& task, TaskDraws& draws) const override {
    return draws.uniform(task.low, task.high);
  }
  float target(const GeneratedTask& task, float x) const override {
    return task.a * kernels::sin(x - task.b);
  }
};

}  // namespace

std::unique_ptr<TaskSource> make_sinusoid(const GeneratorOptions& options) {
  return std::make_unique<Sinusoid>(options);
}

}  // namespace shoal
