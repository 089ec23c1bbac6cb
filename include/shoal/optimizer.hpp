// SPDX-License-Identifier: Apache-2.0
// Outer optimizers, clipping and schedules of the learning rate, as a plain struct.
//
// Example:
//
//   const shoal::Optimizer adamw = {.kind = shoal::OptimizerKind::adamw, .learning_rate = 0.001,
//                                   .weight_decay = 0.01, .clip = 10.0};
//   const shoal::Context context;
//   shoal::MetaLearner regularised(context, {.optimizer = adamw});
#pragma once

#include <cstdint>
#include <string_view>

#include <shoal/kinds.hpp>

namespace shoal {

std::string_view to_string(OptimizerKind kind);
/// Throws InvalidArgument with the list of known names.
OptimizerKind optimizer_from_string(std::string_view name);

enum class Schedule { constant, cosine };
std::string_view to_string(Schedule schedule);
/// Throws InvalidArgument with the list of known names.
Schedule schedule_from_string(std::string_view name);

/// PyTorch's update rules. adam adds weight_decay * theta to the gradient; adamw decays theta separately.
struct Optimizer {
  OptimizerKind kind = OptimizerKind::adam;
  double learning_rate = 0.001;                       ///< >= 0
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< of adam, adamw: in [0, 1), in [0, 1), > 0
  double weight_decay = 0.0;                          ///< >= 0
  double momentum = 0.9;                              ///< of kind momentum, in [0, 1)
  /// the meta-gradient (theta and rates together) is scaled down to at most this L2 norm; 0 = off
  double clip = 0.0;
  Schedule schedule = Schedule::constant;
  double final_learning_rate = 0.0;  ///< cosine: the learning rate at the last iteration, >= 0
  std::int64_t iterations = 0;       ///< cosine: number of iterations of the schedule, >= 1

  bool operator==(const Optimizer&) const = default;
  /// Throws InvalidArgument when an option is out of range.
  void validate() const;
};

}  // namespace shoal
