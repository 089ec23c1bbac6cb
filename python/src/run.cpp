// SPDX-License-Identifier: Apache-2.0
// A trained model that adapts, evaluates and predicts.
#include <shoal/run.hpp>

#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <mutex>

#include <shoal/data_report.hpp>
#include <shoal/fork_safe_mutex.hpp>
#include <shoal/interruption.hpp>
#include <shoal/loss.hpp>

#include "adapted.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "config.hpp"
#include "signals.hpp"
#include "table.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

/// Calls on one run queue.
struct OpenRun {
  shoal::Run run;
  ForkSafeMutex<> turn;
};

std::span<const std::byte> span_of_bytes(const nb::bytes& bytes) {
  return {static_cast<const std::byte*>(bytes.data()), bytes.size()};
}

RunOptions options_of(const Overrides& overrides, const nb::object& notify) {
  RunOptions options;
  options.overrides = overrides_of(overrides);
  options.notify = notify_of(notify);
  return options;
}

const char* name_of(ResponseKind kind) {
  switch (kind) {
    case ResponseKind::probability:
      return "probability";
    case ResponseKind::label:
      return "label";
    case ResponseKind::quantile:
      return "quantile";
    case ResponseKind::mean:
      return "mean";
    case ResponseKind::variance:
      return "variance";
    case ResponseKind::prediction:
      break;
  }
  return "prediction";
}

void add_data_report(nb::dict& told, const DataReport& data) {
  told["unknown_categories"] = data.left_out ? data.left_out->unknown_categories : std::vector<std::string>{};
  told["left_out"] = data.left_out ? data.left_out->rows() : 0;
}

/// Rows of the table with outputs [rows, outputs] and responses [rows, responses].
nb::dict told_predictions(Predictions predictions) {
  nb::dict told;
  const std::size_t rows = predictions.row.size();
  const auto outputs = static_cast<std::size_t>(predictions.outputs);
  nb::list responses;
  for (const Response& response : predictions.responses)
    responses.append(nb::make_tuple(name_of(response.kind), response.name));
  told["row"] = to_numpy(std::move(predictions.row));
  told["output"] = to_numpy(std::move(predictions.output), {rows, outputs});
  told["response"] = to_numpy(std::move(predictions.response), {rows, predictions.responses.size()});
  told["responses"] = responses;
  told["classes"] = predictions.class_names;
  told["tasks"] = predictions.report.tasks;
  told["good"] = predictions.report.good;
  told["failures"] = list_of(predictions.report.failures);
  add_data_report(told, predictions.report.data);
  return told;
}

nb::dict predict(OpenRun& self, const Table& table, std::optional<int> steps, const Adapted* models,
                 bool trained_else, bool latest) {
  Predictions predictions;
  {
    const Interruption interruption(look_for_signals());
    const nb::gil_scoped_release released;
    const std::lock_guard lock(self.turn);
    predictions = models ? self.run.predict(models->models, table.columns,
                                            trained_else ? WithoutModel::trained : WithoutModel::refused)
                         : self.run.predict(table.columns, steps, latest ? Ask::latest : Ask::everything);
  }
  return told_predictions(std::move(predictions));
}

Adapted adapt(OpenRun& self, const Table& table, std::optional<int> steps) {
  const Interruption interruption(look_for_signals());
  const nb::gil_scoped_release released;
  const std::lock_guard lock(self.turn);
  return {self.run.adapt(table.columns, steps)};
}

nb::dict evaluate(OpenRun& self, const Table& table, const std::vector<int>& steps,
                  const std::string& predictions) {
  Evaluation evaluation;
  {
    const Interruption interruption(look_for_signals());
    const nb::gil_scoped_release released;
    const std::lock_guard lock(self.turn);
    EvaluateOptions options;
    options.data = table.columns;
    options.steps = steps;
    options.all_phases = true;
    options.predictions = predictions;
    evaluation = self.run.evaluate(options);
  }
  nb::dict told;
  nb::list groups;
  for (const ReportedTask& task : evaluation.tasks) groups.append(task.key);
  told["summary"] = list_of(evaluation.summary);
  told["groups"] = groups;
  const std::size_t rows = evaluation.losses.steps.size();
  const std::size_t tasks = evaluation.tasks.size();
  told["loss"] = to_numpy(std::move(evaluation.losses.loss), {rows, tasks});
  add_data_report(told, evaluation.data);
  return told;
}

/// How the model's data are named and read.
nb::object told_preprocessing(const OpenRun& self) {
  const auto found = self.run.metadata().find("preprocessing");
  if (found == self.run.metadata().end()) return nb::none();
  const Preprocessing preprocessing = preprocessing_from_json(found->second);
  nb::dict told;
  told["key"] = preprocessing.options.key;
  told["features"] = preprocessing.options.features;
  told["targets"] = preprocessing.options.targets;
  told["offset"] = preprocessing.options.offset;
  told["time"] = preprocessing.options.time;
  told["categorical"] = preprocessing.options.categorical;
  told["positive"] = preprocessing.options.positive;
  told["missing"] = std::string(to_string(preprocessing.options.missing));
  told["labels"] = preprocessing.labels;
  told["quantiles"] = self.run.config().loss.quantiles;
  return told;
}

}  // namespace

void bind_run(nb::module_& module) {
  nb::class_<OpenRun>(module, "Run", "A trained model with what it learned from its data.")
      .def_static(
          "open",
          [](const std::string& path, const Overrides& overrides, const nb::object& notify) {
            const RunOptions options = options_of(overrides, notify);
            const nb::gil_scoped_release released;
            return new OpenRun{shoal::Run::open(path, options), {}};
          },
          "path"_a, "overrides"_a, "notify"_a.none(), nb::rv_policy::take_ownership)
      .def_static(
          "of_bytes",
          [](const nb::bytes& bytes, const Overrides& overrides, const nb::object& notify) {
            const RunOptions options = options_of(overrides, notify);
            const std::span<const std::byte> content = span_of_bytes(bytes);
            const nb::gil_scoped_release released;
            return new OpenRun{shoal::Run::open(content, options), {}};
          },
          "bytes"_a, "overrides"_a, "notify"_a.none(), nb::rv_policy::take_ownership)
      .def_prop_ro("file", [](const OpenRun& self) { return self.run.file().string(); })
      .def_prop_ro("metadata", [](const OpenRun& self) { return self.run.metadata(); })
      .def_prop_ro("is_adapted", [](const OpenRun& self) { return self.run.is_adapted(); })
      .def_prop_ro("loss",
                   [](const OpenRun& self) { return std::string(to_string(self.run.config().loss.kind)); })
      .def_prop_ro(
          "steps",
          [](const OpenRun& self) {
            return self.run.selected_steps().value_or(inner_loop_of(self.run.config().algorithm).steps);
          })
      .def_prop_ro("preprocessing", &told_preprocessing)
      .def("predict", &predict, "table"_a, "steps"_a.none() = nb::none(), "models"_a.none() = nb::none(),
           "trained_else"_a = false, "latest"_a = false)
      .def("adapt", &adapt, "table"_a, "steps"_a.none() = nb::none())
      .def("parse_adapted",
           [](const OpenRun& self, const nb::bytes& bytes) {
             return Adapted{self.run.parse_adapted(span_of_bytes(bytes))};
           })
      .def("evaluate", &evaluate, "table"_a, "steps"_a, "predictions"_a);
}

}  // namespace shoal::python
