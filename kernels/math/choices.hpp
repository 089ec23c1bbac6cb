// SPDX-License-Identifier: Apache-2.0
// Chooses the struct of an activation or a loss by its kind. Callers choose once per block of rows, outside
// of every loop.
//
// The lists of include/shoal/kinds.hpp drive the choice. Each function has a switch with sixteen cases; cases
// beyond the end of the list do nothing. A switch is used because compilers then make the same code as for
// cases that are written out by name, which they do not for a chain of conditions.
#pragma once

#include "kernels/math/activations.hpp"
#include "kernels/math/losses.hpp"
#include "kernels/math/network.hpp"

namespace shoal::kernels {

#define SHOAL_CASES(C) C(0) C(1) C(2) C(3) C(4) C(5) C(6) C(7) C(8) C(9) C(10) C(11) C(12) C(13) C(14) C(15)

/// Entry `number` of a list of kinds. Enumerators count from zero without gaps.
template <class Kinds, int number>
struct KindAt {
  static_assert(number < Kinds::size && Kinds::size <= 16);
  static constexpr auto kind = Kinds::all[number];
  static_assert(static_cast<int>(kind) == number, "a list of kinds has the order of their enumerators");
};

/// Calls use(activation) with the struct of `kind`. The parameter L is the lane type: it keeps instantiations
/// for different instruction sets apart.
template <class L, class Use, class Kinds = Activations>
SHOAL_HD void with_activation(Activation kind, Use use) {
#define SHOAL_CASE(number)                                                                    \
  case number:                                                                                \
    if constexpr ((number) < Kinds::size) use(ActivationOf<KindAt<Kinds, (number)>::kind>{}); \
    break;
  switch (static_cast<int>(kind)) { SHOAL_CASES(SHOAL_CASE) }
#undef SHOAL_CASE
}

/// Stands for an activation whose derivatives are read from the tape, because they do not follow from a.
struct KeptDerivatives {
  static constexpr bool curved = true, from_value = false;
};

/// Whether the list has an entry `number` and both derivatives of that activation follow from its value.
template <class Kinds, int number>
SHOAL_HD constexpr bool follows_from_value() {
  if constexpr (number < Kinds::size)
    return ActivationOf<KindAt<Kinds, number>::kind>::from_value;
  else
    return false;
}

/// Calls use(source) with the type that tells where f' and f'' come from: the struct of `kind`, or
/// KeptDerivatives.
template <class L, class Use, class Kinds = Activations>
SHOAL_HD void with_derivatives(Activation kind, Use use) {
#define SHOAL_CASE(number)                                 \
  case number:                                             \
    if constexpr (follows_from_value<Kinds, (number)>()) { \
      use(ActivationOf<KindAt<Kinds, (number)>::kind>{});  \
      return;                                              \
    } else {                                               \
      break;                                               \
    }
  switch (static_cast<int>(kind)) { SHOAL_CASES(SHOAL_CASE) }
#undef SHOAL_CASE
  use(KeptDerivatives{});
}

/// Calls use(loss) with the struct of `loss.kind`, built from its options.
template <class L, class Use, class Kinds = LossKinds>
SHOAL_HD void with_loss(const LossOptions& loss, const Network& net, Use use) {
#define SHOAL_CASE(number)                                                                           \
  case number:                                                                                       \
    if constexpr ((number) < Kinds::size) use(LossOf<KindAt<Kinds, (number)>::kind>::of(loss, net)); \
    break;
  switch (static_cast<int>(loss.kind)) { SHOAL_CASES(SHOAL_CASE) }
#undef SHOAL_CASE
}

#undef SHOAL_CASES

}  // namespace shoal::kernels
