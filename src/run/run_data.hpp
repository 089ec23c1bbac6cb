// SPDX-License-Identifier: Apache-2.0
// Tells what a RunData is: the run's own data, a table, or tasks.
#pragma once

#include <string>

#include <shoal/run.hpp>

namespace shoal {

/// The path, or "" for what is in memory and for the run's own data.
std::string path_in(const RunData& data);
/// False when the run's own data are meant.
bool is_given(const RunData& data);
/// Whether `data` has tasks rather than rows of a table: tasks in memory, or a task file, which is recognised
/// by its name or its first bytes.
bool holds_tasks(const RunData& data);

/// What messages call a table in memory.
inline constexpr const char* memory_table_name = "table";

}  // namespace shoal
