// SPDX-License-Identifier: Apache-2.0
#include "observer.hpp"

#include <utility>

#include "signals.hpp"

namespace nb = nanobind;

namespace shoal::python {

Observer::Observer(const nb::object& callback) {
  if (callback.is_none()) return;
  callback_.emplace(callback);
  may_wait_ = nb::cast<bool>(callback.attr("may_wait"));
}

void Observer::call(const Logged& logged) {
  const TrainMetrics& metrics = logged.metrics;
  nb::dict told;
  told["iteration"] = metrics.iteration;
  told["query_loss_before"] = metrics.query_loss_before;
  told["query_loss"] = metrics.query_loss;
  told["good"] = metrics.good;
  told["failed"] = metrics.failed;
  if (logged.validation) {
    told["validation_iteration"] = logged.validation->iteration;
    told["validation_loss"] = logged.validation->loss;
  }
  if (nb::cast<bool>(nb::bool_(callback_->get()(told)))) stop_ = true;
}

void Observer::finish() {
  try {
    for (const Logged& logged : std::exchange(waiting_, {})) call(logged);
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
    stop_ = true;
  }
}

void Observer::see(const TrainMetrics& metrics) {
  const bool logged = is_logged(metrics.iteration);
  if (logged) waiting_.push_back({metrics, std::exchange(validation_, std::nullopt)});
  const Clock::time_point now = Clock::now();
  if (!(logged && !may_wait_) && now - looked_ < between_looks) return;
  looked_ = now;
  const nb::gil_scoped_acquire gil;
  try {
    if (PyErr_CheckSignals() != 0) nb::raise_python_error();
    if (callback_) callback_->get().attr("look")();
  } catch (...) {
    thrown_ = std::current_exception();
    stop_ = true;
    return;
  }
  finish();
}

}  // namespace shoal::python
