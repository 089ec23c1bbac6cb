// SPDX-License-Identifier: Apache-2.0
// What RunData is: the run's own data, a table, or tasks as they are.
#pragma once

#include <string>

#include <shoal/run.hpp>

namespace shoal {

/// Empty for tasks in memory, and where nothing is given.
std::string path_in(const RunData& data);
/// False: the run's own data are meant.
bool is_given(const RunData& data);
/// Whether it holds tasks rather than rows to make tasks of: tasks in memory, or a task file, known by its
/// name or its first bytes.
bool holds_tasks(const RunData& data);

}  // namespace shoal
