// SPDX-License-Identifier: Apache-2.0
// BackendAccess: gives a learner the backend of its context. Users have no access.
#pragma once

#include <shoal/context.hpp>

#include "core/backend.hpp"

namespace shoal {

struct BackendAccess {
  /// The backend in float (cpu, cuda) or double (reference). Throws InvalidArgument for the other precision.
  template <class Real>
  static Backend<Real>& of(const Context& context);
};

template <>
Backend<float>& BackendAccess::of<float>(const Context& context);
template <>
Backend<double>& BackendAccess::of<double>(const Context& context);

}  // namespace shoal
