// SPDX-License-Identifier: Apache-2.0
// fixtures.json: what SciPy, scikit-learn, statsmodels and mpmath say (fixtures.py writes it).
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace shoal::testing {

using Json = nlohmann::json;
using Numbers = std::vector<double>;

/// The fixtures of a kind, of which there must be some.
inline std::vector<Json> fixtures_of(const std::string& kind) {
  static const Json all = Json::parse(std::ifstream(SHOAL_FIXTURES));
  std::vector<Json> chosen;
  for (const Json& fixture : all.at("fixtures"))
    if (fixture.at("kind") == kind) chosen.push_back(fixture);
  EXPECT_FALSE(chosen.empty()) << kind;
  return chosen;
}

inline Numbers numbers(const Json& list) {
  return list.get<Numbers>();
}

/// Equal to `tolerance`, relative for values above 1; absolute below, but relative where `relative` is set.
inline void expect_close(double value, const Json& expected, double tolerance, const std::string& where,
                         bool relative = false) {
  const auto other = expected.get<double>();
  const double size = relative ? std::abs(other) : std::max(1.0, std::abs(other));
  EXPECT_LE(std::abs(value - other), tolerance * size) << where << ": " << value << ", not " << other;
}

/// Nothing where the fixture has null.
inline void expect_close(const std::optional<double>& value, const Json& expected, double tolerance,
                         const std::string& where) {
  ASSERT_EQ(value.has_value(), !expected.is_null()) << where;
  if (value) expect_close(*value, expected, tolerance, where);
}

}  // namespace shoal::testing
