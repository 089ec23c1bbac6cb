// SPDX-License-Identifier: Apache-2.0
// RowFormat: the columns and the loss that a backend must know to upload rows.
#pragma once

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal::cuda {

struct RowFormat {
  TaskColumns columns;
  const Loss& loss;
  int outputs = 0;        ///< of the model
  bool targets = true;    ///< false: x and offset only
  bool in_domain = true;  ///< for rows on the device: check targets against the loss's domain
};

}  // namespace shoal::cuda
