// SPDX-License-Identifier: Apache-2.0
// Tasks of a generator, drawn on the device.
#pragma once

#include "kernels/generate/generated_task.hpp"
#include "kernels/update/meta_update.hpp"

namespace shoal::kernels {

/// Tasks inputs->first_task, ... of one input and one target column; all pointers are to device memory.
struct GenerationArguments {
  GeneratorFormula formula;
  const IterationInputs* inputs = nullptr;
  int tasks = 0;
  float *support_x = nullptr, *support_y = nullptr;  ///< [tasks * formula.support]
  float *query_x = nullptr, *query_y = nullptr;      ///< [tasks * formula.query]
  std::uint8_t* status = nullptr;                    ///< [tasks] 0: what a formula gives is finite
};

const void* task_generation_address();  ///< of the kernel
void launch_task_generation(const GenerationArguments& job, void* stream);

}  // namespace shoal::kernels
