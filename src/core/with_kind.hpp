// SPDX-License-Identifier: Apache-2.0
// Selects by a kind in host code: names of kinds, facts about losses, the reference backend. Code that is
// compiled for one instruction set or for a device selects with kernels/math/choices.hpp.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/kinds.hpp>

namespace shoal {

/// Throws InvalidArgument, e.g. "unknown loss", when `kind` is not in the list.
template <class Kind, Kind... kinds>
void require_listed(KindList<Kind, kinds...>, Kind kind, std::string_view what) {
  if (!(... || (kind == kinds))) throw InvalidArgument("unknown " + std::string(what));
}

/// Calls use.operator()<kind>(), with the kind as a constant, and returns its result. Throws InvalidArgument
/// when `kind` is not in the list.
///
///   with_kind(LossKinds{}, loss.kind, [&]<LossKind kind>() { return LossOf<kind>::name; })
template <class Kind, Kind first, Kind... others, class Use>
auto with_kind(KindList<Kind, first, others...> list, Kind kind, Use use) {
  using Result = decltype(use.template operator()<first>());
  std::optional<Result> result;
  const auto choose = [&]<Kind listed>() {
    if (kind == listed) result = use.template operator()<listed>();
  };
  choose.template operator()<first>();
  (choose.template operator()<others>(), ...);
  if (!result) require_listed(list, kind, "kind");
  return *std::move(result);
}

/// The table for name_in() and value_in() of a list of kinds; Of<kind>::name is the name of a kind.
template <class Kind, template <Kind> class Of, Kind... kinds>
constexpr std::array<std::pair<Kind, std::string_view>, sizeof...(kinds)> names_of(KindList<Kind, kinds...>) {
  return {{{kinds, Of<kinds>::name}...}};
}

/// Whether a value of an enumeration is an enumerator. The compiler writes enumerators by name,
/// "shoal::LossKind::mse", and other values as a cast, "(shoal::LossKind)99".
template <auto value>
consteval bool is_enumerator() {
  constexpr std::string_view text = __PRETTY_FUNCTION__, mark = "value = ";
  constexpr char first = text[text.rfind(mark) + mark.size()];
  return first != '(' && first != '-' && !(first >= '0' && first <= '9');
}
/// Whether a list contains every enumerator of its kind: static_assert(is_complete(LossKinds{})).
template <class Kind, Kind... kinds>
consteval bool is_complete(KindList<Kind, kinds...>) {
  return (... && is_enumerator<kinds>()) && !is_enumerator<static_cast<Kind>(sizeof...(kinds))>();
}

}  // namespace shoal
