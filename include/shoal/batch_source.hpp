// SPDX-License-Identifier: Apache-2.0
// A finite task source over batches in memory, for `train` and `validate`.
//
// Example:
//
//   const shoal::TaskBatch validation = source.evaluation(shoal::Phase::validation, 100);
//   const auto batches = shoal::make_batch_source({.train = tasks, .validation = validation}, 7);
//   shoal::train(learner, *batches, {.iterations = 1000, .validate_every = 20});
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

/// A batch in single or in double precision. Where a call needs the other precision, the source converts:
/// float to double is exact, double to float rounds to nearest.
using AnyTaskBatch = std::variant<TaskBatch, TaskBatch64>;

/// The tasks of every phase. An empty batch, TaskBatch(), means that the phase has no tasks.
struct PhaseBatches {
  AnyTaskBatch train = {}, validation = {}, test = {}, held_out = {};
};

struct BatchSourceOptions {
  /// How the model scales its targets. The batches hold targets and output offsets in the user's units; the
  /// source scales them, in the way that `loss` needs.
  TargetUnits units = {};
  Loss loss = {};
  /// goes in front of messages about the tasks, e.g. the name of a file; empty = nothing
  std::string name = {};
  Sampling sampling = Sampling::tasks;  ///< what meta-batches are drawn from
};

/// Makes a source that draws meta-batches from `batches`, with `seed` (TaskSource::sample). The source keeps
/// the batches; it copies no row when a call asks for all tasks of a batch whose ids are ascending. Throws
/// DataError when there are no tasks at all, when the columns of two phases differ, when a task id is in two
/// phases, or when `units` do not fit the targets.
std::unique_ptr<TaskSource> make_batch_source(PhaseBatches batches, std::uint64_t seed,
                                              const BatchSourceOptions& options = {});
/// Makes a source in which all phases have these tasks.
std::unique_ptr<TaskSource> make_batch_source(AnyTaskBatch tasks, std::uint64_t seed,
                                              const BatchSourceOptions& options = {});

}  // namespace shoal
