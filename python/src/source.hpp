// SPDX-License-Identifier: Apache-2.0
// A source of tasks that learners train on.
#pragma once

#include <memory>

#include <shoal/task_source.hpp>

namespace shoal::python {

struct Source {
  std::shared_ptr<const TaskSource> tasks;
};

}  // namespace shoal::python
