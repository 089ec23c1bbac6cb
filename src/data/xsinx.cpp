// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <shoal/error.hpp>

#include "data/generated_source.hpp"
#include "kernels/trigonometric.hpp"

namespace shoal {
namespace {

// y = x sin x: every task is the same even function, so on a symmetric law of x the best line is a constant.
class XSinX final : public GeneratedSource {
 public:
  XSinX(const GeneratorOptions& options, bool normal, float low, float high)
      : GeneratedSource(options), normal_(normal), low_(low), high_(high) {}

 protected:
  GeneratedTask draw_task(TaskDraws&) const override { return {.low = low_, .high = high_}; }
  float draw_x(const GeneratedTask& task, TaskDraws& draws) const override {
    return normal_ ? draws.normal() : draws.uniform(task.low, task.high);
  }
  float target(const GeneratedTask&, float x) const override { return x * kernels::sin(x); }

 private:
  bool normal_;
  float low_, high_;
};

// The same function seen through a window of width one around a centre of the task's own.
class XSinXWindow final : public GeneratedSource {
 public:
  using GeneratedSource::GeneratedSource;

 protected:
  GeneratedTask draw_task(TaskDraws& draws) const override {
    const float centre = draws.uniform(-5.0f, 5.0f);
    return {.a = centre, .low = centre - 0.5f, .high = centre + 0.5f};
  }
  float draw_x(const GeneratedTask& task, TaskDraws& draws) const override {
    return draws.uniform(task.low, task.high);
  }
  float target(const GeneratedTask&, float x) const override { return x * kernels::sin(x); }
};

}  // namespace

std::unique_ptr<TaskSource> make_xsinx(const GeneratorOptions& options, const std::string& law, double low,
                                       double high) {
  if (law != "normal" && law != "uniform")
    throw InvalidArgument("tasks: law must be \"normal\" or \"uniform\", not \"" + law + "\"");
  const bool normal = law == "normal";
  if (!normal && !(low < high && std::abs(low) < 1e4 && std::abs(high) < 1e4))
    throw InvalidArgument("tasks: xsinx needs -1e4 < low < high < 1e4");
  const auto edge = [&](double wanted, float of_normal) {
    return normal ? of_normal : static_cast<float>(wanted);
  };
  return std::make_unique<XSinX>(options, normal, edge(low, -4.0f), edge(high, 4.0f));
}

std::unique_ptr<TaskSource> make_xsinx_window(const GeneratorOptions& options) {
  return std::make_unique<XSinXWindow>(options);
}

}  // namespace shoal
