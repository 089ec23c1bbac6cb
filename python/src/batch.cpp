// SPDX-License-Identifier: Apache-2.0
#include "batch.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>

#include "arrays.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace shoal::python {
namespace {

template <class T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

/// The arrays of one side; `labels` or `y`.
template <class Real>
struct Side {
  Matrix<Real> x;
  std::optional<Matrix<Real>> y;
  std::optional<Vector<std::int64_t>> labels;
  Vector<std::int64_t> row_starts;
  std::optional<Matrix<Real>> output_offset;

  TaskSet<Real> view() const {
    TaskSet<Real> set;
    set.x = {x.data(), x.size()};
    if (y) set.y = {y->data(), y->size()};
    if (labels) set.labels = span_of(*labels);
    if (output_offset) set.output_offset = {output_offset->data(), output_offset->size()};
    set.row_starts = span_of(row_starts);
    return set;
  }
};

template <class Real>
Batch borrow(const Side<Real>& support, const Side<Real>& query, const Vector<std::int64_t>& ids) {
  const TaskColumns columns{
      .inputs = static_cast<int>(support.x.shape(1)),
      .targets = support.y ? static_cast<int>(support.y->shape(1)) : 0,
      .offsets = support.output_offset ? static_cast<int>(support.output_offset->shape(1)) : 0};
  auto owner = keep_arrays(support.x, support.y, support.labels, support.row_starts, support.output_offset,
                           query.x, query.y, query.labels, query.row_starts, query.output_offset, ids);
  return {
      BasicTaskBatch<Real>::borrow(columns, support.view(), query.view(), span_of(ids), std::move(owner))};
}

template <class Real>
void def_borrow(nb::class_<Batch>& batch, const char* name) {
  batch.def_static(
      name,
      [](const Matrix<Real>& support_x, const std::optional<Matrix<Real>>& support_y,
         const std::optional<Vector<std::int64_t>>& support_labels,
         const Vector<std::int64_t>& support_starts, const std::optional<Matrix<Real>>& support_offset,
         const Matrix<Real>& query_x, const std::optional<Matrix<Real>>& query_y,
         const std::optional<Vector<std::int64_t>>& query_labels, const Vector<std::int64_t>& query_starts,
         const std::optional<Matrix<Real>>& query_offset, const Vector<std::int64_t>& ids) {
        return borrow<Real>({support_x, support_y, support_labels, support_starts, support_offset},
                            {query_x, query_y, query_labels, query_starts, query_offset}, ids);
      },
      "support_x"_a.noconvert(), "support_y"_a.noconvert().none(), "support_labels"_a.noconvert().none(),
      "support_starts"_a.noconvert(), "support_offset"_a.noconvert().none(), "query_x"_a.noconvert(),
      "query_y"_a.noconvert().none(), "query_labels"_a.noconvert().none(), "query_starts"_a.noconvert(),
      "query_offset"_a.noconvert().none(), "ids"_a.noconvert());
}

/// A view of NumPy into the batch, read-only, which keeps the batch alive.
template <class T>
nb::object shown(std::span<const T> values, std::initializer_list<std::size_t> shape, nb::handle batch) {
  return nb::cast(nb::ndarray<nb::numpy, const T>(values.data(), shape, batch));
}

template <class Real>
nb::dict arrays_of(const BasicTaskBatch<Real>& tasks, nb::handle batch) {
  nb::dict arrays;
  const auto add = [&](const std::string& name, const TaskSet<Real>& set) {
    const auto rows = static_cast<std::size_t>(set.total_rows());
    const TaskColumns& columns = tasks.columns();
    arrays[(name + "_x").c_str()] =
        shown<Real>(set.x, {rows, static_cast<std::size_t>(columns.inputs)}, batch);
    arrays[(name + "_y").c_str()] =
        columns.targets == 0 ? shown<std::int64_t>(set.labels, {rows}, batch)
                             : shown<Real>(set.y, {rows, static_cast<std::size_t>(columns.targets)}, batch);
    arrays[(name + "_offsets").c_str()] = shown<std::int64_t>(set.row_starts, {set.row_starts.size()}, batch);
    if (columns.offsets > 0)
      arrays[(name + "_output_offset").c_str()] =
          shown<Real>(set.output_offset, {rows, static_cast<std::size_t>(columns.offsets)}, batch);
  };
  add("support", tasks.support());
  add("query", tasks.query());
  arrays["ids"] = shown<std::int64_t>(tasks.ids(), {tasks.ids().size()}, batch);
  return arrays;
}

}  // namespace

void bind_batch(nb::module_& module) {
  nb::class_<Batch> batch(module, "Batch", "Tasks in arrays, which it borrows.");
  def_borrow<float>(batch, "borrow_float32");
  def_borrow<double>(batch, "borrow_float64");
  batch
      .def_prop_ro("size",
                   [](const Batch& self) {
                     return std::visit([](const auto& tasks) { return tasks.size(); }, self.tasks);
                   })
      .def("arrays", [](nb::handle self) {
        return std::visit([&](const auto& tasks) { return arrays_of(tasks, self); },
                          nb::cast<Batch&>(self).tasks);
      });
}

}  // namespace shoal::python
