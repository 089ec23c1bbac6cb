// SPDX-License-Identifier: Apache-2.0
// BackendAccess: how a learner gets at the backend of its context, which is none of a user's business.
#pragma once

#include <shoal/context.hpp>

#include "core/backend.hpp"

namespace shoal {

struct BackendAccess {
  /// float on cpu and cuda, double on reference; the other throws InvalidArgument.
  template <class Real>
  static Backend<Real>& of(const Context& context);
};

template <>
Backend<float>& BackendAccess::of<float>(const Context& context);
template <>
Backend<double>& BackendAccess::of<double>(const Context& context);

}  // namespace shoal
