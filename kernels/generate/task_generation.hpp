// SPDX-License-Identifier: Apache-2.0
// Tasks of a generator, drawn on the device.
#pragma once

#include "kernels/generate/generated_task.hpp"
#include "kernels/update/meta_update.hpp"

namespace shoal::kernels {

/// Draws `tasks` tasks, the first with id inputs->first_task, with one input and one target column. All
/// pointers are to device memory.
struct GenerationArguments {
  GeneratorFormula formula;
  const IterationInputs* inputs = nullptr;
  int tasks = 0;
  float *support_x = nullptr, *support_y = nullptr;  ///< [tasks * formula.support]
  float *query_x = nullptr, *query_y = nullptr;      ///< [tasks * formula.query]
  std::uint8_t* status = nullptr;  ///< [tasks] set to 0, since the formulas give finite values
};

const void* task_generation_address();  ///< of the kernel
void launch_task_generation(const GenerationArguments& job, void* stream);

}  // namespace shoal::kernels
