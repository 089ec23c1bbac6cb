// SPDX-License-Identifier: Apache-2.0
// Tests for every kind of a list: TYPED_TEST_SUITE(Suite, TestsOf<LossKinds>, KindNames).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <type_traits>

#include <shoal/loss.hpp>
#include <shoal/model.hpp>

namespace shoal::testing {

template <class Kind, Kind... kinds>
::testing::Types<std::integral_constant<Kind, kinds>...> tests_of(KindList<Kind, kinds...>);
/// TypeParam::value is the kind.
template <class Kinds>
using TestsOf = decltype(tests_of(Kinds{}));

struct KindNames {
  template <class Type>
  static std::string GetName(int) {
    std::string name(to_string(Type::value));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  }
};

}  // namespace shoal::testing
