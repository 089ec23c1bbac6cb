// SPDX-License-Identifier: Apache-2.0
#include <shoal/optimizer.hpp>

#include <cmath>

#include "core/name_table.hpp"

namespace shoal {
namespace {

constexpr std::pair<OptimizerKind, std::string_view> kind_names[] = {{OptimizerKind::sgd, "sgd"},
                                                                     {OptimizerKind::momentum, "momentum"},
                                                                     {OptimizerKind::adam, "adam"},
                                                                     {OptimizerKind::adamw, "adamw"}};
constexpr std::pair<Schedule, std::string_view> schedule_names[] = {{Schedule::constant, "constant"},
                                                                    {Schedule::cosine, "cosine"}};

void require(bool holds, const char* what) {
  if (!holds) throw InvalidArgument(std::string("optimizer: ") + what);
}

}  // namespace

std::string_view to_string(OptimizerKind kind) {
  return name_in<OptimizerKind>(kind_names, kind);
}
OptimizerKind optimizer_from_string(std::string_view name) {
  return value_in<OptimizerKind>(kind_names, "optimizer", name);
}
std::string_view to_string(Schedule schedule) {
  return name_in<Schedule>(schedule_names, schedule);
}
Schedule schedule_from_string(std::string_view name) {
  return value_in<Schedule>(schedule_names, "schedule", name);
}

void Optimizer::validate() const {
  require(to_string(kind) != "unknown", "its kind is no enumerator");
  require(std::isfinite(learning_rate) && learning_rate >= 0.0, "lr must be finite and at least 0");
  require(beta1 >= 0.0 && beta1 < 1.0, "beta1 must lie in [0, 1)");
  require(beta2 >= 0.0 && beta2 < 1.0, "beta2 must lie in [0, 1)");
  require(std::isfinite(epsilon) && epsilon > 0.0, "epsilon must be positive and finite");
  require(std::isfinite(weight_decay) && weight_decay >= 0.0, "weight_decay must be finite and at least 0");
  require(momentum >= 0.0 && momentum < 1.0, "momentum must lie in [0, 1)");
  require(std::isfinite(clip) && clip >= 0.0, "clip must be finite and at least 0 (0 = off)");
  require(std::isfinite(final_learning_rate) && final_learning_rate >= 0.0,
          "final_lr must be finite and at least 0");
  require(schedule == Schedule::constant || iterations > 0,
          "a cosine schedule needs the number of iterations");
}

}  // namespace shoal
