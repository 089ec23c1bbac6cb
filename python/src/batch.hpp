// SPDX-License-Identifier: Apache-2.0
// A batch of tasks in arrays of Python, in single or in double precision.
#pragma once

#include <variant>

#include <shoal/batch_source.hpp>
#include <shoal/task_batch.hpp>

namespace shoal::python {

struct Batch {
  AnyTaskBatch tasks;
};

}  // namespace shoal::python
