// SPDX-License-Identifier: Apache-2.0
// Contexts that learners share: one for each place where work runs, made once and never destroyed.
#pragma once

#include <shoal/context.hpp>
#include <shoal/run_config.hpp>

namespace shoal::python {

/// That of backend, threads, instruction set and math of the configuration.
const Context& shared_context(const RunConfig& config);

}  // namespace shoal::python
