// SPDX-License-Identifier: Apache-2.0
// Batches in which some tasks are bad.
#pragma once

#include <cstdint>
#include <limits>
#include <random>

#include <shoal/task_batch.hpp>

namespace shoal::testing {

inline TaskSetStorage<float> copy_of(const TaskSet<float>& set) {
  TaskSetStorage<float> storage;
  storage.x.assign(set.x.begin(), set.x.end());
  storage.y.assign(set.y.begin(), set.y.end());
  storage.output_offset.assign(set.output_offset.begin(), set.output_offset.end());
  storage.labels.assign(set.labels.begin(), set.labels.end());
  storage.row_starts.assign(set.row_starts.begin(), set.row_starts.end());
  return storage;
}

/// Returns the batch; in half of the calls, with some values of x, y or the output offset that are not
/// finite, or so large that losses are not.
inline TaskBatch spoiled(std::mt19937_64& random, const TaskBatch& batch) {
  TaskSetStorage<float> support = copy_of(batch.support()), query = copy_of(batch.query());
  const auto mood = random() % 6;
  for (TaskSetStorage<float>* set : {&support, &query})
    for (std::vector<float>* values : {&set->x, &set->y, &set->output_offset})
      for (float& value : *values) {
        if (random() % 12 != 0) continue;
        if (mood == 0) value = std::numeric_limits<float>::quiet_NaN();
        if (mood == 1) value = -std::numeric_limits<float>::infinity();
        if (mood == 2 && values == &set->x) value *= 0x1p+60f;
      }
  return TaskBatch::own(batch.columns(), std::move(support), std::move(query),
                        {batch.ids().begin(), batch.ids().end()});
}

}  // namespace shoal::testing
