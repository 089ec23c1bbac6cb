// SPDX-License-Identifier: Apache-2.0
// The reference backend: double precision, serial, written from the equations. It defines the accuracy that
// the other backends are measured against.
#pragma once

#include <memory>

#include <shoal/context.hpp>

#include "core/backend.hpp"

namespace shoal {

std::unique_ptr<Backend<double>> make_reference_backend(const ContextOptions& = {});

}  // namespace shoal
