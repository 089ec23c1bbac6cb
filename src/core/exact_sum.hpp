// SPDX-License-Identifier: Apache-2.0
// ExactSum: sums of floats without rounding, so that no order of the summands can change a bit (contract N3).
//
// Each value |x| <= 2^60 is split into signed multiples of fixed powers of two: 2^9, 2^-43, 2^-95, 2^-147 and
// 2^-199. What a digit leaves over is at most half its unit, so each digit of one value is at most 2^51, and
// 2048 values fit into an int64 beside a normalised digit before a carry. The digit of 2^61 receives carries
// only. The last unit is below the smallest denormal, so nothing is lost. The sum is rounded once, to the
// nearest float. A float has 24 bits and a digit 52, so one value touches at most two digits, and gradients
// of ordinary size never touch the first and the last.
//
// Two alternatives were tried and dropped: a power-of-two scale from a maximum (it needs a second pass over
// the batch and a barrier between threads), and one 128-bit integer (its window of 2^-40 ends inside the
// range of small gradients). The oracle is tests/core/exact_sum_test.cpp (integers of arbitrary length, every
// order).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/math/exact_sum.hpp"

namespace shoal {

class ExactSum {
 public:
  static constexpr int digits = kernels::exact_digits;
  /// Exponents of the units of the digits.
  static constexpr std::array<int, digits> unit_exponent = {61, 9, -43, -95, -147, -199};
  /// The number of values that may be added to a sum between two calls of normalize().
  static constexpr std::int64_t capacity = kernels::exact_capacity;

  ExactSum() = default;
  explicit ExactSum(std::size_t size);

  std::size_t size() const { return size_; }
  void clear();
  /// Adds a value to sum `i`; it must be finite with |value| <= 2^60.
  void add(std::size_t i, float value);
  /// Adds all sums of `other`, exactly.
  void merge(const ExactSum& other);
  /// Sum `i`, rounded to nearest even.
  float rounded(std::size_t i) const;

  /// For backends that add in bulk: makes room for `values` more values in every sum, by carrying where
  /// needed.
  void reserve(std::int64_t values);
  /// Digit arrays: digit(d)[i] is digit d of sum i. Call reserve() before adding to them.
  std::span<std::int64_t> digit(int d) { return digits_[static_cast<std::size_t>(d)]; }
  std::span<const std::int64_t> digit(int d) const { return digits_[static_cast<std::size_t>(d)]; }

 private:
  void normalize();

  std::size_t size_ = 0;
  std::int64_t pending_ = 0;  ///< upper bound of the number of values added since the last normalize()
  std::array<std::vector<std::int64_t>, digits> digits_;
};

}  // namespace shoal
