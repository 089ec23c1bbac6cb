// SPDX-License-Identifier: Apache-2.0
// Batches of tasks in memory as a finite source: what `train`, `validate` and `evaluate` take.
//
//   const shoal::TaskBatch tasks = shoal::TaskBatch::borrow(columns, support, query, ids, owner);
//   const auto source = shoal::make_batch_source({.train = tasks, .validation = others}, 7);
//   shoal::train(learner, *source, {.iterations = 1000, .validate_every = 20});
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include <shoal/loss.hpp>
#include <shoal/target_units.hpp>
#include <shoal/task_batch.hpp>
#include <shoal/task_source.hpp>

namespace shoal {

/// In single or in double precision. Where the other is asked for, f32 widens exactly and f64 rounds to
/// nearest.
using AnyTaskBatch = std::variant<TaskBatch, TaskBatch64>;

/// The tasks of every phase; an empty batch (TaskBatch()) has none.
struct PhaseBatches {
  AnyTaskBatch train = {}, validation = {}, test = {};
};

struct BatchSourceOptions {
  /// How a model scales targets: the batches hold targets and output offsets in the user's units, the source
  /// gives them scaled, for this loss.
  TargetUnits units = {};
  Loss loss = {};
  std::string name = {};  ///< put in front of messages about the tasks, e.g. a file's; empty = nothing
};

/// A source whose meta-batches are drawn from `batches` by `seed` (TaskSource::sample). It keeps the batches,
/// and shares their memory when a call asks for all tasks of one in order of id. Throws DataError when there
/// are no tasks at all, columns differ between phases, a task id is in two phases, or `units` do not fit.
std::unique_ptr<TaskSource> make_batch_source(PhaseBatches batches, std::uint64_t seed,
                                              const BatchSourceOptions& options = {});
/// The same tasks in every phase.
std::unique_ptr<TaskSource> make_batch_source(AnyTaskBatch tasks, std::uint64_t seed,
                                              const BatchSourceOptions& options = {});

}  // namespace shoal
