// SPDX-License-Identifier: Apache-2.0
#include "source.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <utility>

#include <shoal/batch_source.hpp>
#include <shoal/error.hpp>

#include "arrays.hpp"
#include "batch.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

/// Tasks that a function of Python makes: function(phase, iteration, tasks) -> Batch.
class FunctionSource final : public TaskSource {
 public:
  FunctionSource(nb::object function, TaskColumns columns, int classes)
      : function_(std::move(function)), columns_(columns), classes_(classes) {}

  TaskColumns columns() const override { return columns_; }
  int classes() const override { return classes_; }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    const AnyTaskBatch made = call(phase, iteration, tasks);
    const auto* wide = std::get_if<TaskBatch64>(&made);
    return wide ? narrow(*wide) : std::get<TaskBatch>(made);
  }
  TaskBatch64 sample64(Phase phase, std::int64_t iteration, std::int64_t tasks) const override {
    const AnyTaskBatch made = call(phase, iteration, tasks);
    const auto* single = std::get_if<TaskBatch>(&made);
    return single ? widen(*single) : std::get<TaskBatch64>(made);
  }
  TaskBatch evaluation(Phase phase, std::int64_t tasks) const override { return sample(phase, 0, tasks); }
  TaskBatch64 evaluation64(Phase phase, std::int64_t tasks) const override {
    return sample64(phase, 0, tasks);
  }

 private:
  AnyTaskBatch call(Phase phase, std::int64_t iteration, std::int64_t tasks) const {
    const nb::gil_scoped_acquire gil;
    AnyTaskBatch made = nb::cast<Batch&>(function_.get()(to_string(phase), iteration, tasks)).tasks;
    const TaskColumns columns = std::visit([](const auto& batch) { return batch.columns(); }, made);
    if (columns != columns_)
      throw DataError("function_source: the function's batch has other columns than it was declared with");
    return made;
  }

  Kept function_;
  TaskColumns columns_;
  int classes_;
};

Phase phase_of(const std::string& name) {
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test})
    if (name == to_string(phase)) return phase;
  throw InvalidArgument("phase: \"" + name + "\" is none of train, validation, test");
}

AnyTaskBatch tasks_of(const std::optional<Batch>& batch) {
  return batch ? batch->tasks : AnyTaskBatch{};
}

void bind_makers(nb::module_& module) {
  module.def(
      "sinusoid",
      [](std::uint64_t seed, int support, int query, double noise) {
        return Source{make_sinusoid({.seed = seed, .support = support, .query = query, .noise = noise})};
      },
      "seed"_a, "support"_a, "query"_a, "noise"_a);
  module.def(
      "xsinx",
      [](std::uint64_t seed, int support, int query, double noise, const std::string& law, double low,
         double high) {
        return Source{
            make_xsinx({.seed = seed, .support = support, .query = query, .noise = noise}, law, low, high)};
      },
      "seed"_a, "support"_a, "query"_a, "noise"_a, "law"_a, "low"_a, "high"_a);
  module.def(
      "xsinx_window",
      [](std::uint64_t seed, int support, int query, double noise) {
        return Source{make_xsinx_window({.seed = seed, .support = support, .query = query, .noise = noise})};
      },
      "seed"_a, "support"_a, "query"_a, "noise"_a);
  module.def(
      "batch_source",
      [](const Batch& train, const std::optional<Batch>& validation, std::uint64_t seed) {
        if (!validation) return Source{make_batch_source(train.tasks, seed)};
        return Source{make_batch_source(
            PhaseBatches{.train = train.tasks, .validation = tasks_of(validation), .test = {}}, seed)};
      },
      "train"_a, "validation"_a.none(), "seed"_a);
  module.def(
      "function_source",
      [](nb::object function, int inputs, int targets, int offsets, int classes) {
        return Source{std::make_shared<FunctionSource>(
            std::move(function), TaskColumns{.inputs = inputs, .targets = targets, .offsets = offsets},
            classes)};
      },
      "function"_a, "inputs"_a, "targets"_a, "offsets"_a, "classes"_a);
}

}  // namespace

void bind_source(nb::module_& module) {
  nb::class_<Source>(module, "Source", "A source of tasks.")
      .def(
          "sample",
          [](const Source& self, const std::string& phase, std::int64_t iteration, std::int64_t tasks) {
            return Batch{self.tasks->sample(phase_of(phase), iteration, tasks)};
          },
          "phase"_a, "iteration"_a, "tasks"_a, nb::call_guard<nb::gil_scoped_release>())
      .def(
          "evaluation",
          [](const Source& self, const std::string& phase, std::int64_t tasks) {
            return Batch{self.tasks->evaluation(phase_of(phase), tasks)};
          },
          "phase"_a, "tasks"_a, nb::call_guard<nb::gil_scoped_release>());
  bind_makers(module);
}

}  // namespace shoal::python
