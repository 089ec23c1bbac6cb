// SPDX-License-Identifier: Apache-2.0
// Adapted models, and what Python is told of failed tasks.
#pragma once

#include <nanobind/nanobind.h>

#include <span>

#include <shoal/adapted_models.hpp>
#include <shoal/evaluation.hpp>

namespace shoal::python {

struct Adapted {
  AdaptedModels models;
};

/// (id, key, reason, step) of each.
nanobind::list list_of(std::span<const FailedTask> failures);
/// A dictionary for each number of steps.
nanobind::list list_of(std::span<const StepSummary> summary);
nanobind::bytes bytes_of(std::span<const std::byte> bytes);

}  // namespace shoal::python
