// SPDX-License-Identifier: Apache-2.0
#include "arrays.hpp"

namespace nb = nanobind;

namespace shoal::python {

Kept::Kept(nb::object object)
    : object_(object.release().ptr(), [](void* kept) {
        if (!nb::is_alive()) return;  // the interpreter has ended and its objects with it
        const nb::gil_scoped_acquire gil;
        Py_DECREF(static_cast<PyObject*>(kept));
      }) {}

}  // namespace shoal::python
