// SPDX-License-Identifier: Apache-2.0
#include "core/generated_tasks.hpp"

#include <shoal/error.hpp>

namespace shoal {

Purpose purpose_of(Phase phase) {
  switch (phase) {
    case Phase::train:
      return Purpose::train_tasks;
    case Phase::validation:
      return Purpose::validation_tasks;
    case Phase::test:
      return Purpose::evaluation_tasks;
    case Phase::held_out:
      break;
  }
  throw InvalidArgument(std::string("no tasks in phase ") + to_string(phase) +
                        ": it is for keys of a table (tasks.hold_out)");
}

}  // namespace shoal
