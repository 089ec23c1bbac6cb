// SPDX-License-Identifier: Apache-2.0
// Properties of an activation or a loss by its kind. The structs of kernels/math/activations.hpp and
// kernels/math/losses.hpp state them.
#pragma once

#include <cstddef>

#include "kernels/math/activations.hpp"
#include "kernels/math/losses.hpp"

namespace shoal::kernels {

template <Activation... kinds>
SHOAL_HD constexpr bool is_curved(KindList<Activation, kinds...>, Activation kind) {
  return (... || (kind == kinds && ActivationOf<kinds>::curved));
}
/// Whether f'' is not identically zero, so that the tape needs it.
SHOAL_HD constexpr bool is_curved(Activation kind) {
  return is_curved(Activations{}, kind);
}

template <Activation... kinds>
SHOAL_HD constexpr bool keeps_slope(KindList<Activation, kinds...>, Activation kind) {
  return (... || (kind == kinds && !ActivationOf<kinds>::from_value));
}
/// Whether f' does not follow from f, so that a tape must store it.
SHOAL_HD constexpr bool keeps_slope(Activation kind) {
  return keeps_slope(Activations{}, kind);
}

template <Activation... kinds>
SHOAL_HD constexpr bool tapes_have_room(KindList<Activation, kinds...>) {
  return (... && (ActivationOf<kinds>::curved || ActivationOf<kinds>::from_value));
}
static_assert(tapes_have_room(Activations{}),
              "a tape that keeps f' keeps f'' too: an activation that is not from_value must be curved");

/// Number of matrices that the cpu backend's tape stores for a hidden layer: a, dL/dz and, where needed,
/// dL/da f'' and f'.
SHOAL_HD constexpr std::size_t tape_parts(Activation kind) {
  return 2u + (is_curved(kind) ? 1u : 0u) + (keeps_slope(kind) ? 1u : 0u);
}

/// How many terms of its mean a loss has in a row, given the numbers of network outputs and target columns.
template <class Loss>
SHOAL_HD constexpr int terms_in_row(int outputs, int targets) {
  return Loss::mean_over == MeanOver::rows ? 1 : Loss::mean_over == MeanOver::targets ? targets : outputs;
}
/// How many pairs of factors terms() of the loss produces for such a row.
template <class Loss>
SHOAL_HD constexpr int pairs_in_row(int outputs, int targets) {
  return Loss::pairs_per_term * terms_in_row<Loss>(outputs, targets);
}

template <LossKind... kinds>
SHOAL_HD constexpr int loss_pairs(KindList<LossKind, kinds...>, LossKind kind, int outputs, int targets) {
  return (0 + ... + (kind == kinds ? pairs_in_row<LossOf<kinds>>(outputs, targets) : 0));
}
/// The same by kind. Backends allocate memory for this many pairs per row.
SHOAL_HD constexpr int loss_pairs(LossKind kind, int outputs, int targets) {
  return loss_pairs(LossKinds{}, kind, outputs, targets);
}

}  // namespace shoal::kernels
