// SPDX-License-Identifier: Apache-2.0
// What the module is made of: one function per concept, called once in this order.
#pragma once

#include <nanobind/nanobind.h>

namespace shoal::python {

void bind_errors(nanobind::module_& module);
void bind_config(nanobind::module_& module);
void bind_tensors(nanobind::module_& module);
void bind_table(nanobind::module_& module);
void bind_batch(nanobind::module_& module);
void bind_task_files(nanobind::module_& module);
void bind_source(nanobind::module_& module);
void bind_learner(nanobind::module_& module);
void bind_training(nanobind::module_& module);
void bind_adapted(nanobind::module_& module);
void bind_run(nanobind::module_& module);
void bind_train_run(nanobind::module_& module);
void bind_finance(nanobind::module_& module);

}  // namespace shoal::python
