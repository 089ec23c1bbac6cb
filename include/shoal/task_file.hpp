// SPDX-License-Identifier: Apache-2.0
// Task files: a batch of tasks as safetensors (docs/formats.md). A file has seven required tensors and may
// have two more, support_output_offset and query_output_offset [rows, outputs].
//
// Example:
//
//   const auto generated = shoal::make_sinusoid({.seed = 7});
//   shoal::write_task_file("tasks.safetensors", generated->evaluation(shoal::Phase::test, 100));
//   const auto source = shoal::make_file_source("tasks.safetensors", 7);
#pragma once

#include <filesystem>
#include <memory>
#include <variant>

#include <shoal/table_source.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// Reads the tasks in the precision of the file, which is double when any of its real tensors is F64. Throws
/// DataError, whose message names file and tensor; for a structural error it names task and row.
std::variant<TaskBatch, TaskBatch64> read_tasks(const std::filesystem::path& file);
/// Reads the tasks in double.
TaskBatch64 read_task_file(const std::filesystem::path& file);
/// Writes the tasks crash-safely in f32 (or f64).
void write_task_file(const std::filesystem::path& file, const TaskBatch& tasks);
void write_task_file(const std::filesystem::path& file, const TaskBatch64& tasks);

/// What a model requires of a task file's targets.
struct FileTargets {
  Loss loss = {};                                    ///< a target outside the loss's domain is an error ...
  TargetsNeeded needed = TargetsNeeded::everywhere;  ///< ... in all rows, in support rows, or nowhere
  TargetUnits units = {};  ///< of the model; the file has targets and output offsets in the user's units
  Sampling sampling = Sampling::tasks;
};
/// Makes a source of the tasks of a file; every task is in every phase. Throws DataError, whose message names
/// file, tensor, task, row and value.
std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file, std::uint64_t seed,
                                             const FileTargets& targets = {});
/// Makes a source of tasks that were read from the file. It shares their memory where nothing is scaled.
std::unique_ptr<TaskSource> make_file_source(const std::filesystem::path& file,
                                             std::variant<TaskBatch, TaskBatch64> tasks, std::uint64_t seed,
                                             const FileTargets& targets = {});

}  // namespace shoal
