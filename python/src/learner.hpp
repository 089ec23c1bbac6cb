// SPDX-License-Identifier: Apache-2.0
// A learner in the precision of its backend. Calls on one learner queue; a callback of its training may call
// it too.
#pragma once

#include <mutex>
#include <variant>

#include <shoal/fork_safe_mutex.hpp>
#include <shoal/meta_learner.hpp>

#include "batch.hpp"

namespace shoal::python {

struct Learner {
  std::variant<MetaLearner, MetaLearner64> engine;
  ForkSafeMutex<std::recursive_mutex> turn;
};

/// The batch in the learner's precision; single widens exactly. Throws InvalidArgument for the other way
/// round.
const TaskBatch& batch_for(const Batch& batch, const MetaLearner& learner);
TaskBatch64 batch_for(const Batch& batch, const MetaLearner64& learner);

}  // namespace shoal::python
