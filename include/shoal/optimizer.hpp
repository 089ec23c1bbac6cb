// SPDX-License-Identifier: Apache-2.0
// Outer optimizers, clipping and schedules: plain structs.
#pragma once

#include <cstdint>
#include <string_view>

#include <shoal/kinds.hpp>

namespace shoal {

std::string_view to_string(OptimizerKind kind);
OptimizerKind optimizer_from_string(std::string_view name);

enum class Schedule { constant, cosine };
std::string_view to_string(Schedule schedule);
Schedule schedule_from_string(std::string_view name);

/// PyTorch's update rules. adam adds weight_decay * theta to the gradient, adamw decouples it.
struct Optimizer {
  OptimizerKind kind = OptimizerKind::adam;
  double learning_rate = 0.001;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
  double weight_decay = 0.0;
  double momentum = 0.9;  ///< momentum only
  double clip = 0.0;      ///< largest L2 norm of the meta-gradient (theta and rates together); 0 = off
  Schedule schedule = Schedule::constant;
  double final_learning_rate = 0.0;  ///< cosine: the rate at the last iteration
  std::int64_t iterations = 0;       ///< length of the cosine schedule

  bool operator==(const Optimizer&) const = default;
  /// Throws InvalidArgument when an option is out of range.
  void validate() const;
};

}  // namespace shoal
