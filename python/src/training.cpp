// SPDX-License-Identifier: Apache-2.0
// The training loop over a source.
#include <nanobind/stl/string.h>

#include <memory>

#include <shoal/memory_store.hpp>
#include <shoal/run_folder.hpp>
#include <shoal/trainer.hpp>

#include "bindings.hpp"
#include "learner.hpp"
#include "observer.hpp"
#include "source.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

/// `manifest`: what a run that goes on must agree with.
TrainSummary train_in(Learner& learner, const Source& source, TrainOptions options, Observer& observer,
                      const std::string& folder, const std::string& manifest, bool resume) {
  observer.begin(options.log_every, options.iterations);
  options.observer = [&](const TrainMetrics& metrics) { observer.see(metrics); };
  options.validation_observer = [&](const Validation& validation) { observer.see(validation); };
  options.stop = [&] { return observer.stop(); };
  const StartFrom start = resume ? StartFrom::checkpoint : StartFrom::beginning;
  const nb::gil_scoped_release released;
  const std::lock_guard lock(learner.turn);
  return std::visit(
      [&]<class Real>(BasicMetaLearner<Real>& engine) {
        std::unique_ptr<RunStore<Real>> store;
        if (!folder.empty())
          store = open_run<Real>(folder, manifest, engine.layout(), engine.rate_layout(), start);
        return train(engine, *source.tasks, options, store.get(), start);
      },
      learner.engine);
}

}  // namespace

void bind_training(nb::module_& module) {
  module.def(
      "train",
      [](Learner& learner, const Source& source, std::int64_t iterations, std::int64_t tasks_per_batch,
         std::int64_t log_every, std::int64_t validate_every, std::int64_t checkpoint_every,
         const nb::object& callback, const std::string& folder, const std::string& manifest, bool resume) {
        Observer observer(callback);
        const TrainSummary summary = train_in(learner, source,
                                              {.iterations = iterations,
                                               .tasks_per_batch = tasks_per_batch,
                                               .checkpoint_every = checkpoint_every,
                                               .log_every = log_every,
                                               .validate_every = validate_every},
                                              observer, folder, manifest, resume);
        observer.finish();
        observer.rethrow();
        nb::dict told;
        told["iteration"] = summary.iteration;
        told["stopped"] = summary.outcome == TrainOutcome::stopped;
        told["tasks_seen"] = summary.tasks_seen;
        told["tasks_failed"] = summary.tasks_failed;
        told["selected_iteration"] = summary.selected_iteration;
        return told;
      },
      "learner"_a, "source"_a, "iterations"_a, "tasks_per_batch"_a, "log_every"_a, "validate_every"_a,
      "checkpoint_every"_a, "callback"_a.none(), "folder"_a, "manifest"_a, "resume"_a);
}

}  // namespace shoal::python
