// SPDX-License-Identifier: Apache-2.0
#include "core/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>

namespace shoal {
namespace {

constexpr int digit_bits = 52;  // units are this many powers of two apart

constexpr double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// a + b rounded to odd: the last bit is set when anything was lost, so that rounding the result to float is
// rounding the exact sum (Boldo and Melquiond 2008).
double add_to_odd(double a, double b) {
  const double sum = a + b;
  const double b_seen = sum - a;
  const double error = (a - (sum - b_seen)) + (b - b_seen);  // exact (two-sum)
  if (error == 0.0) return sum;
  const auto bits = std::bit_cast<std::uint64_t>(sum);
  if (bits & 1) return sum;
  const bool away_from_zero = (error > 0.0) == (sum > 0.0);
  return std::bit_cast<double>(away_from_zero ? bits + 1 : bits - 1);
}

}  // namespace

ExactSum::ExactSum(std::size_t size) : size_(size) {
  for (auto& digit : digits_) digit.assign(size, 0);
}

void ExactSum::clear() {
  for (auto& digit : digits_) std::fill(digit.begin(), digit.end(), 0);
  pending_ = 0;
}

void ExactSum::reserve(std::int64_t values) {
  assert(values <= capacity);
  if (pending_ + values > capacity) normalize();
  pending_ += values;
}

void ExactSum::add(std::size_t i, float value) {
  reserve(1);
  double rest = static_cast<double>(value);
  for (std::size_t d = 1; d < digits && rest != 0.0; ++d) {
    // 1.5 * 2^52 units: adding it rounds to whole units, and leaves them in the low bits of the sum.
    const double magic = 1.5 * power_of_two(digit_bits + unit_exponent[d]);
    const double shifted = rest + magic;
    digits_[d][i] += std::bit_cast<std::int64_t>(shifted) - std::bit_cast<std::int64_t>(magic);
    rest -= shifted - magic;
  }
}

void ExactSum::normalize() {
  for (std::size_t d = digits - 1; d > 0; --d) {
    std::int64_t* low = digits_[d].data();
    std::int64_t* high = digits_[d - 1].data();
    for (std::size_t i = 0; i < size_; ++i) {
      const std::int64_t carry = (low[i] + (std::int64_t{1} << (digit_bits - 1))) >> digit_bits;
      low[i] -= carry << digit_bits;
      high[i] += carry;
    }
  }
  pending_ = 0;
}

void ExactSum::merge(const ExactSum& other) {
  assert(other.size_ == size_);
  // A digit that took n values is at most (n + 1) 2^51, whatever was carried into it.
  reserve(std::min(other.pending_ + 1, capacity));
  for (std::size_t d = 0; d < digits; ++d)
    for (std::size_t i = 0; i < size_; ++i) digits_[d][i] += other.digits_[d][i];
}

float ExactSum::rounded(std::size_t i) const {
  std::array<std::int64_t, digits> value;
  for (std::size_t d = 0; d < digits; ++d) value[d] = digits_[d][i];
  for (std::size_t d = digits - 1; d > 0; --d) {
    const std::int64_t carry = (value[d] + (std::int64_t{1} << (digit_bits - 1))) >> digit_bits;
    value[d] -= carry << digit_bits;
    value[d - 1] += carry;
  }
  // Every digit but the first is now within half a unit of the one above: a double holds it, and the nested
  // sums, rounded to odd, keep more bits than a float has.
  double sum = 0.0;
  for (std::size_t d = digits; d-- > 0;)
    sum = add_to_odd(static_cast<double>(value[d]) * power_of_two(unit_exponent[d]), sum);
  return static_cast<float>(sum);
}

}  // namespace shoal
