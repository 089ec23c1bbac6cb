// SPDX-License-Identifier: Apache-2.0
#include "core/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace shoal {
namespace {

constexpr int digit_bits = kernels::exact_digit_bits;

constexpr double power_of_two(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
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
    // Adding 1.5 * 2^52 units rounds to whole units, which are then the low bits of the sum.
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
  // After n values a digit is at most (n + 1) 2^51, including carries.
  reserve(std::min(other.pending_ + 1, capacity));
  for (std::size_t d = 0; d < digits; ++d)
    for (std::size_t i = 0; i < size_; ++i) digits_[d][i] += other.digits_[d][i];
}

float ExactSum::rounded(std::size_t i) const {
  std::int64_t value[digits];
  for (std::size_t d = 0; d < digits; ++d) value[d] = digits_[d][i];
  return kernels::round_digits(value);
}

}  // namespace shoal
