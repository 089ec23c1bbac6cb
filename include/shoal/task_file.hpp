// SPDX-License-Identifier: Apache-2.0
// Task file: a batch of tasks as safetensors (contract.md 2; docs/formats.md). Optional additions to the
// seven required tensors: support_output_offset and query_output_offset [rows, outputs].
#pragma once

#include <filesystem>
#include <memory>
#include <variant>

#include <shoal/table_source.hpp>
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

/// How a model takes a task file's targets.
struct FileTargets {
  Loss loss = {};                                    ///< targets outside its domain are refused ...
  TargetsNeeded needed = TargetsNeeded::everywhere;  ///< ... in all rows, in support rows, or nowhere
  TargetUnits units = {};  ///< of the model: the file holds targets and output offsets in the user's units
};
/// Every task of the file is in every phase. Throws DataError naming file, tensor, task, row and value.
std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file, std::uint64_t seed,
                                             const FileTargets& targets = {});
/// The same of tasks that have been read from the file; it shares their memory where nothing is scaled.
std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file,
                                             std::variant<TaskBatch, TaskBatch64> tasks, std::uint64_t seed,
                                             const FileTargets& targets = {});

}  // namespace shoal
