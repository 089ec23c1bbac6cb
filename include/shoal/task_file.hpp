// SPDX-License-Identifier: Apache-2.0
// Task file: a batch of tasks as safetensors (contract.md 2; docs/formats.md). Optional additions to the
// seven required tensors: support_output_offset and query_output_offset [rows, outputs].
#pragma once

#include <filesystem>
#include <memory>
#include <variant>

#include <shoal/task_source.hpp>

namespace shoal {

/// The tasks in the precision of the file: double when any of its real tensors is F64. Throws DataError
/// naming file and tensor; structural errors name task and row.
std::variant<TaskBatch, TaskBatch64> read_tasks(const std::filesystem::path& file);
/// The same in double.
TaskBatch64 read_task_file(const std::filesystem::path& file);
/// Crash-safe write in f32 (or f64).
void write_task_file(const std::filesystem::path& file, const TaskBatch& tasks);
void write_task_file(const std::filesystem::path& file, const TaskBatch64& tasks);
/// Every task of the file is in every phase.
std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file, std::uint64_t seed);
/// The same of tasks that have been read; it shares their memory.
std::unique_ptr<TaskSource> make_file_source(std::variant<TaskBatch, TaskBatch64> tasks, std::uint64_t seed);

}  // namespace shoal
