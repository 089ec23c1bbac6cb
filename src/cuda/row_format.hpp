// SPDX-License-Identifier: Apache-2.0
// RowFormat: what a backend must know to put rows on the device.
#pragma once

#include <shoal/loss.hpp>
#include <shoal/task_batch.hpp>

namespace shoal::cuda {

struct RowFormat {
  TaskColumns columns;
  const Loss& loss;
  int outputs = 0;        ///< of the model
  bool targets = true;    ///< false: x and offset alone
  bool in_domain = true;  ///< rows on the device: targets must be what the loss is defined for
};

}  // namespace shoal::cuda
