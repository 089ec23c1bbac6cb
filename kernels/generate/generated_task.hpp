// SPDX-License-Identifier: Apache-2.0
// The formulas of the generators. The sources of the host (src/data) and the kernel that draws tasks on the
// device share them, so that both give the same bits.
//
// The draws of a task are numbered: its parameters first, then, row after row, x and (with noise) the noise
// of y; support rows before query rows.
#pragma once

#include "kernels/math/random_stream.hpp"
#include "kernels/math/trigonometric.hpp"

namespace shoal::kernels {

enum class GeneratorCode : int {
  sinusoid,       ///< y = A sin(x - phase): Finn, Abbeel and Levine 2017 as their released code has it
  xsinx_normal,   ///< y = x sin x, x ~ N(0, 1): every task is the same even function
  xsinx_uniform,  ///< the same, x ~ U(low, high)
  xsinx_window,   ///< the same, x from a window of width one around the task's own centre
};

struct GeneratorFormula {
  GeneratorCode code = GeneratorCode::sinusoid;
  std::uint64_t seed = 0;
  std::uint32_t purpose = 0;
  float low = 0.0f, high = 0.0f;  ///< range of x where all tasks share one
  float noise = 0.0f;             ///< standard deviation of normal noise on y
  int support = 0, query = 0;     ///< rows per task

  bool operator==(const GeneratorFormula&) const = default;
};

/// The drawn parameters of one task.
struct GeneratedTask {
  float a = 0.0f, b = 0.0f;       ///< the generator's own parameters
  float low = 0.0f, high = 0.0f;  ///< range of x, for the evaluation grid
};

/// The draws of one task in order.
class TaskDraws {
 public:
  SHOAL_HD TaskDraws(const GeneratorFormula& formula, std::int64_t task)
      : stream_(formula.seed, formula.purpose, static_cast<std::uint64_t>(task)) {}
  SHOAL_HD float uniform(float low, float high) { return stream_.uniform(next_++, low, high); }
  SHOAL_HD float normal() { return stream_.normal(next_++); }
  SHOAL_HD void skip(std::uint32_t draws) { next_ += draws; }

 private:
  RandomStream stream_;
  std::uint32_t next_ = 0;
};

SHOAL_HD GeneratedTask draw_task(const GeneratorFormula& formula, TaskDraws& draws) {
  GeneratedTask task;
  task.low = formula.low;
  task.high = formula.high;
  if (formula.code == GeneratorCode::sinusoid) {
    task.a = draws.uniform(0.1f, 5.0f);         // amplitude
    task.b = draws.uniform(0.0f, 3.14159265f);  // phase
  } else if (formula.code == GeneratorCode::xsinx_window) {
    task.a = draws.uniform(-5.0f, 5.0f);  // centre
    task.low = task.a - 0.5f;
    task.high = task.a + 0.5f;
  }
  return task;
}

SHOAL_HD float draw_x(const GeneratorFormula& formula, const GeneratedTask& task, TaskDraws& draws) {
  return formula.code == GeneratorCode::xsinx_normal ? draws.normal() : draws.uniform(task.low, task.high);
}

/// The target at x, with noise if the formula has any.
SHOAL_HD float draw_y(const GeneratorFormula& formula, const GeneratedTask& task, float x, TaskDraws& draws) {
  const float y = formula.code == GeneratorCode::sinusoid ? task.a * sin(x - task.b) : x * sin(x);
  return formula.noise > 0.0f ? fma(formula.noise, draws.normal(), y) : y;
}

/// Number of draws that one row takes.
SHOAL_HD std::uint32_t draws_per_row(const GeneratorFormula& formula) {
  return formula.noise > 0.0f ? 2 : 1;
}

}  // namespace shoal::kernels
