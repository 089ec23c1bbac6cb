// SPDX-License-Identifier: Apache-2.0
// Expectations of errors: class and message.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include <shoal/error.hpp>

namespace shoal::testing {

/// Runs `act`; expects an error of exactly class E whose message is `message`.
template <class E, class Act>
void expect_error(Act act, const std::string& message) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(typeid(error), typeid(E)) << error.what();
    EXPECT_EQ(std::string(error.what()), message);
    return;
  }
  ADD_FAILURE() << "no error; expected: " << message;
}

}  // namespace shoal::testing
