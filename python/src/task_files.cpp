// SPDX-License-Identifier: Apache-2.0
// Task files.
#include <nanobind/stl/string.h>

#include <shoal/task_file.hpp>

#include "batch.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {

void bind_task_files(nb::module_& module) {
  module.def(
      "read_tasks", [](const std::string& file) { return Batch{read_tasks(file)}; }, "file"_a,
      nb::call_guard<nb::gil_scoped_release>());
  module.def(
      "write_tasks",
      [](const std::string& file, const Batch& batch) {
        std::visit([&](const auto& tasks) { write_task_file(file, tasks); }, batch.tasks);
      },
      "file"_a, "batch"_a, nb::call_guard<nb::gil_scoped_release>());
}

}  // namespace shoal::python
