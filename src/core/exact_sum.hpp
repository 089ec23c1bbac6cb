// SPDX-License-Identifier: Apache-2.0
// ExactSum: sums of floats without rounding, so that no order of the summands can change a bit (contract N3).
//
// Each value |x| <= 2^60 is cut into four signed integers against fixed powers of two, 2^9, 2^-43, 2^-95 and 2^-147:
// what a digit leaves is at most half its unit, so each digit of one value is below 2^51 and 4096 values fit
// into an int64 before a carry. Only bits below 2^-147 are lost. The sum is rounded once, to the nearest float.
// Oracle: tests/core/exact_sum_test.cpp (128-bit and long accumulation in every order).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shoal {

class ExactSum {
 public:
  static constexpr int digits = 4;
  /// Exponents of the units of the digits.
  static constexpr std::array<int, digits> unit_exponent = {9, -43, -95, -147};
  /// Values that may be added to a digit array before normalize().
  static constexpr std::int64_t capacity = 2048;

  ExactSum() = default;
  explicit ExactSum(std::size_t size);

  std::size_t size() const { return size_; }
  void clear();
  /// One value into sum `i`; |value| <= 2^60 and finite.
  void add(std::size_t i, float value);
  /// All sums of `other`, exactly.
  void merge(const ExactSum& other);
  /// Sum `i`, rounded to nearest even.
  float rounded(std::size_t i) const;

  /// Digit arrays for backends that add in bulk: digit d of sum i is digit(d)[i]. Whoever adds raw digits calls
  /// normalize() at least every `capacity` values per sum.
  std::span<std::int64_t> digit(int d) { return {digits_[d].data(), size_}; }
  std::span<const std::int64_t> digit(int d) const { return {digits_[d].data(), size_}; }
  void normalize();

 private:
  std::size_t size_ = 0;
  std::int64_t pending_ = 0;  ///< values added since the last normalize, at most
  std::array<std::vector<std::int64_t>, digits> digits_;
};

}  // namespace shoal
