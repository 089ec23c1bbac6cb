// SPDX-License-Identifier: Apache-2.0
// A hash of what a run learns from: its tasks, wherever their rows came from.
#pragma once

#include <string>

#include <shoal/task_source.hpp>

namespace shoal {

/// SHA-256 of the meta-train and validation tasks of a finite source, as the learner gets them: ids, rows in
/// the precision Real, and the units of the targets. Two sources with the same hash train the same model, be
/// it that one reads a file and the other a table in memory.
template <class Real>
std::string sha256_of_tasks(const TaskSource& source);

}  // namespace shoal
