// SPDX-License-Identifier: Apache-2.0
#include "signals.hpp"

#include <nanobind/nanobind.h>

namespace nb = nanobind;

namespace shoal::python {

std::function<void()> look_for_signals() {
  using Clock = std::chrono::steady_clock;
  return [looked = Clock::now()]() mutable {
    const Clock::time_point now = Clock::now();
    if (now - looked < between_looks) return;
    looked = now;
    const nb::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) nb::raise_python_error();
  };
}

}  // namespace shoal::python
