// SPDX-License-Identifier: Apache-2.0
// Which kernel made for a shape (kernels/fixed) can run a launch, or why none can.
#pragma once

#include <optional>
#include <string>

#include "cuda/plan/launch_plan.hpp"
#include "kernels/fixed/plan.hpp"

namespace shoal::cuda {

/// What the choice depends on beside the request of a plan.
struct FixedRequest {
  const PlanRequest& plan;
  int quantiles = 0;
  int least_rows = 0;  ///< of the smallest side of any task
  bool offset = false;
  int lanes = 0;          ///< threads of a task; 0 = the choice is free
  int rows = 0;           ///< least room for rows
  bool streamed = false;  ///< activations must be streamed; else they are where they leave no other choice
};

struct FixedChoice {
  std::optional<kernels::FixedShape> shape;
  std::string reason;   ///< why there is none
  double cycles = 0.0;  ///< of a multiprocessor for a task, by a model, to compare numbers of lanes
};

FixedChoice choose_fixed_shape(const FixedRequest& request, const Architecture& architecture);

/// Tasks that a multiprocessor can hold at a time; 0 if a task does not fit.
int resident_tasks(const kernels::FixedShape& shape, const kernels::FixedPlan& plan,
                   const Architecture& architecture);

/// Room for rows: batches of similar sizes share a kernel.
int room_for_rows(int rows);

/// "16-32-32-2, tanh, mse, 32 rows, exact, 32 lanes"
std::string describe(const kernels::FixedShape& shape);

}  // namespace shoal::cuda
