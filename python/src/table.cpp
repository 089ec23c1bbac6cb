// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>

#include <shoal/memory_table.hpp>
#include <shoal/run_config.hpp>

#include "arrays.hpp"
#include "batch.hpp"
#include "bindings.hpp"
#include "config.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

using Mask = std::optional<Vector<std::uint8_t>>;

std::span<const std::uint8_t> span_of_mask(const Mask& missing) {
  return missing ? span_of(*missing) : std::span<const std::uint8_t>();
}

void add_numbers(Table& table, std::string name, const Vector<double>& values, const Mask& missing) {
  table.columns.push_back(TableColumn::borrow_numbers(std::move(name), span_of(values), span_of_mask(missing),
                                                      keep_arrays(values, missing)));
}

void add_texts(Table& table, std::string name, const Vector<std::int32_t>& codes,
               std::vector<std::string> levels, const Mask& missing) {
  table.columns.push_back(TableColumn::borrow_codes(std::move(name), span_of(codes), std::move(levels),
                                                    span_of_mask(missing), keep_arrays(codes, missing)));
}

/// All tasks of the table in one batch: those that a training with these options would learn from.
Batch tasks_of(const Table& table, const Overrides& overrides, bool wide) {
  const RunConfig config = load_config("", overrides_of(overrides));
  const nb::gil_scoped_release released;
  const auto source =
      make_table_source(table.columns, config.tasks.table, targets_of(config.loss), config.seed);
  const std::int64_t count = source->size(Phase::train).value_or(0);
  if (wide) return Batch{source->evaluation64(Phase::train, count)};
  return Batch{source->evaluation(Phase::train, count)};
}

}  // namespace

void bind_table(nb::module_& module) {
  nb::class_<Table>(module, "Table", "Columns in memory, which it borrows.")
      .def(nb::init<>())
      .def("add_numbers", &add_numbers, "name"_a, "values"_a.noconvert(),
           "missing"_a.noconvert().none() = nb::none())
      .def("add_texts", &add_texts, "name"_a, "codes"_a.noconvert(), "levels"_a,
           "missing"_a.noconvert().none() = nb::none())
      .def("tasks", &tasks_of, "overrides"_a, "wide"_a)
      .def("sha256", [](const Table& table) { return sha256_of_table(table.columns); });
}

}  // namespace shoal::python
