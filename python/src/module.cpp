// SPDX-License-Identifier: Apache-2.0
#include <shoal/version.hpp>

#include "bindings.hpp"

NB_MODULE(_shoal, module) {
  using namespace shoal::python;
  nanobind::set_leak_warnings(false);  // what a user still holds when the interpreter ends is no leak
  module.doc() = "The engine behind the package shoal. Its names are not part of the package's interface.";
  module.attr("version") = SHOAL_VERSION;
  bind_errors(module);
  bind_config(module);
  bind_tensors(module);
  bind_table(module);
  bind_batch(module);
  bind_task_files(module);
  bind_source(module);
  bind_learner(module);
  bind_training(module);
  bind_adapted(module);
  bind_run(module);
  bind_train_run(module);
  bind_finance(module);
}
