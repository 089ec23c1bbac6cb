// SPDX-License-Identifier: Apache-2.0
// A whole training into a run folder, from tables in memory.
#include <shoal/train_run.hpp>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>

#include "adapted.hpp"
#include "bindings.hpp"
#include "config.hpp"
#include "observer.hpp"
#include "table.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

nb::dict told(const TrainReport& report) {
  nb::dict told;
  told["iteration"] = report.training.iteration;
  told["stopped"] = report.training.outcome == TrainOutcome::stopped;
  told["selected_iteration"] = report.training.selected_iteration;
  told["tasks_seen"] = report.training.tasks_seen;
  told["tasks_failed"] = report.training.tasks_failed;
  told["failures"] = list_of(report.failures);
  nb::dict left_out;
  if (report.data.left_out)
    for (const LeftOutRule rule : left_out_rules)
      if (const std::int64_t rows = report.data.left_out->rows(rule); rows > 0)
        left_out[std::string(to_string(rule)).c_str()] = rows;
  told["left_out"] = left_out;
  return told;
}

nb::dict train(const Overrides& overrides, const std::string& folder, const Table& table,
               const Table* validation, bool resume, const std::string& stopped_model,
               const nb::object& callback, const nb::object& notify) {
  Observer observer(callback);
  TrainRunOptions options;
  options.start = resume ? StartFrom::checkpoint : StartFrom::beginning;
  options.started = [&](const TrainPlan& plan) { observer.begin(plan.log_every, plan.iterations); };
  options.observer = [&](const TrainMetrics& metrics) { observer.see(metrics); };
  options.validation_observer = [&](const Validation& look) { observer.see(look); };
  options.stop = [&] { return observer.stop(); };
  options.stopped_by = "Python";
  options.stopped_model = stopped_model;
  options.tables.training = table.columns;
  if (validation) options.tables.validation = validation->columns;
  options.notify = notify_of(notify);
  TrainReport report;
  {
    const nb::gil_scoped_release released;
    report = train_run(load_config("", overrides_of(overrides), options.notify), folder, options);
  }
  observer.finish();
  nb::dict result = told(report);
  result["interrupted"] = observer.has_thrown();
  result["rethrow"] = nb::cpp_function([observer] { observer.rethrow(); });
  return result;
}

}  // namespace

void bind_train_run(nb::module_& module) {
  module.def("train_run", &train, "overrides"_a, "folder"_a, "table"_a, "validation"_a.none(), "resume"_a,
             "stopped_model"_a, "callback"_a.none(), "notify"_a.none());
}

}  // namespace shoal::python
