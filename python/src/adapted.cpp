// SPDX-License-Identifier: Apache-2.0
#include "adapted.hpp"

#include <nanobind/stl/string.h>

#include <string>

#include <shoal/task_status.hpp>

#include "arrays.hpp"
#include "bindings.hpp"

namespace nb = nanobind;

namespace shoal::python {

nb::list list_of(std::span<const FailedTask> failures) {
  nb::list list;
  for (const FailedTask& task : failures)
    list.append(nb::make_tuple(task.id, task.key, std::string(describe(task.status)), task.step));
  return list;
}

nb::list list_of(std::span<const StepSummary> summary) {
  nb::list lines;
  for (const StepSummary& one : summary) {
    nb::dict line;
    line["steps"] = one.steps;
    line["tasks"] = one.tasks;
    line["good"] = one.good;
    line["mean"] = one.mean;
    line["half_width"] = one.half_width;
    line["median"] = one.median;
    line["q99"] = one.q99;
    line["q999"] = one.q999;
    line["divergence_rate"] = one.divergence_rate;
    line["failures"] = list_of(std::span<const FailedTask>(one.failures));
    lines.append(line);
  }
  return lines;
}

nb::bytes bytes_of(std::span<const std::byte> bytes) {
  return nb::bytes(bytes.data(), bytes.size());
}

void bind_adapted(nb::module_& module) {
  nb::class_<Adapted>(module, "Adapted", "The models that a run became on many tasks.")
      .def_prop_ro("groups",
                   [](const Adapted& self) {
                     nb::list groups;
                     for (const ReportedTask& task : self.models.tasks) groups.append(task.key);
                     return groups;
                   })
      .def_prop_ro("steps", [](const Adapted& self) { return self.models.steps; })
      .def_prop_ro("failures", [](const Adapted& self) { return list_of(self.models.report.failures); })
      .def("bytes", [](const Adapted& self) { return bytes_of(adapted_file_bytes(self.models)); });
}

}  // namespace shoal::python
