// SPDX-License-Identifier: Apache-2.0
// Arrays of Python as memory of the library, and results of the library as arrays of NumPy: neither is
// copied.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace shoal::python {

/// One-dimensional, contiguous, in host memory, of exactly this type.
template <class T>
using Vector = nanobind::ndarray<const T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

template <class T>
std::span<const T> span_of(const Vector<T>& array) {
  return {array.data(), array.size()};
}

/// Keeps arrays alive for the library, which may let go of them on any thread.
template <class... Arrays>
std::shared_ptr<const void> keep_arrays(const Arrays&... arrays) {
  return std::make_shared<const std::tuple<Arrays...>>(arrays...);
}

/// A Python object that the library keeps, copies and lets go of on any thread.
class Kept {
 public:
  explicit Kept(nanobind::object object);
  /// With the interpreter's lock held.
  nanobind::object get() const { return nanobind::borrow(static_cast<PyObject*>(object_.get())); }

 private:
  std::shared_ptr<void> object_;
};

/// Values [shape] as an array of NumPy that owns them.
template <class T>
nanobind::object to_numpy(std::vector<T> values, std::initializer_list<std::size_t> shape) {
  auto owned = std::make_unique<std::vector<T>>(std::move(values));
  T* const data = owned->data();
  nanobind::capsule owner(owned.get(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  static_cast<void>(owned.release());
  return nanobind::cast(nanobind::ndarray<nanobind::numpy, T>(data, shape, owner));
}
template <class T>
nanobind::object to_numpy(std::vector<T> values) {
  const std::size_t size = values.size();
  return to_numpy(std::move(values), {size});
}

}  // namespace shoal::python
