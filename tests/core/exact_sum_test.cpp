// SPDX-License-Identifier: Apache-2.0
#include "core/exact_sum.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

namespace shoal {
namespace {

// Oracle: a two's-complement integer of 512 bits in units of 2^-149, added bit by bit and rounded by hand.
class WideInteger {
 public:
  void add(float value) {
    int exponent = 0;
    const double mantissa = std::frexp(static_cast<double>(value), &exponent);
    const auto integer = static_cast<std::int64_t>(std::ldexp(mantissa, 24));
    if (integer == 0) return;
    const int shift = exponent - 24 + 149;
    const std::uint64_t magnitude = integer < 0 ? -integer : integer;
    std::array<std::uint32_t, words> term{};
    for (int bit = 0; bit < 24; ++bit)
      if (magnitude >> bit & 1) {
        const int at = bit + shift;
        ASSERT_GE(at, 0);
        term[at / 32] |= 1u << (at % 32);
      }
    std::uint64_t carry = integer < 0 ? 1 : 0;
    for (std::size_t w = 0; w < words; ++w) {
      carry += std::uint64_t{value_[w]} + (integer < 0 ? ~term[w] : term[w]);
      value_[w] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
  }

  float rounded() const {
    auto magnitude = value_;
    const bool negative = value_[words - 1] >> 31;
    if (negative) {
      std::uint64_t carry = 1;
      for (auto& word : magnitude) {
        carry += static_cast<std::uint32_t>(~word);
        word = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
    }
    const auto bit = [&](int i) { return i < 0 ? 0u : magnitude[i / 32] >> (i % 32) & 1u; };
    int top = static_cast<int>(words) * 32 - 1;
    while (top >= 0 && !bit(top)) --top;
    if (top < 0) return 0.0f;
    const int last = std::max(top - 23, 0);  // unit of the rounded mantissa
    std::uint64_t mantissa = 0;
    for (int i = top; i >= last; --i) mantissa = mantissa * 2 + bit(i);
    bool below_half = false;
    for (int i = last - 2; i >= 0; --i) below_half = below_half || bit(i);
    if (bit(last - 1) && (below_half || (mantissa & 1))) ++mantissa;
    const double result = std::ldexp(static_cast<double>(mantissa), last - 149);
    return static_cast<float>(negative ? -result : result);
  }

 private:
  static constexpr std::size_t words = 16;
  std::array<std::uint32_t, words> value_{};
};

float random_float(std::mt19937_64& random, int low_exponent, int high_exponent) {
  const int exponent = std::uniform_int_distribution<int>(low_exponent, high_exponent)(random);
  const float mantissa = 1.0f + static_cast<float>(random() & 0x7fffff) * 0x1p-23f;
  return (random() & 1 ? -1.0f : 1.0f) * std::ldexp(mantissa, exponent);
}

void expect_exact(const std::vector<float>& values) {
  ExactSum sum(1);
  WideInteger oracle;
  for (const float value : values) {
    sum.add(0, value);
    oracle.add(value);
  }
  ASSERT_EQ(std::bit_cast<std::uint32_t>(sum.rounded(0)), std::bit_cast<std::uint32_t>(oracle.rounded()))
      << values.size() << " values, first " << values[0];
}

TEST(ExactSum, EqualsAWideIntegerAtEveryMagnitude) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    const int low = std::uniform_int_distribution<int>(-149, 58)(random);
    const int high = std::min(59, low + std::uniform_int_distribution<int>(0, 120)(random));
    std::vector<float> values(1 + random() % 40);
    for (float& value : values) value = random_float(random, low, high);
    expect_exact(values);
  }
}

TEST(ExactSum, EqualsAWideIntegerUnderCancellation) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 3000; ++round) {
    std::vector<float> values;
    for (int i = 0; i < 8; ++i) {
      const float value = random_float(random, -149, 59);
      values.push_back(value);
      values.push_back(random() % 3 ? -value : -std::nextafter(value, 0.0f));
    }
    std::shuffle(values.begin(), values.end(), random);
    expect_exact(values);
  }
}

TEST(ExactSum, RoundsHalfToEven) {
  expect_exact({0x1p24f, 1.0f});
  expect_exact({0x1p24f, 1.0f, 0x1p-149f});
  expect_exact({0x1p24f, 1.0f, -0x1p-149f});
  expect_exact({0x1p24f, 2.0f, 1.0f});
  expect_exact({0x1p60f, 0x1p60f, 0x1p36f, 0x1p-149f});
  expect_exact({-0x1p60f, 0x1p-149f});
  expect_exact({0x1p-149f, 0x1p-149f, -0x1p-148f});
}

TEST(ExactSum, CarriesBeyondItsCapacity) {
  ExactSum sum(1);
  constexpr std::int64_t count = 3 * ExactSum::capacity + 5;
  for (std::int64_t i = 0; i < count; ++i) sum.add(0, 0x1p60f);
  EXPECT_EQ(sum.rounded(0), static_cast<float>(static_cast<double>(count) * 0x1p60));
  for (std::int64_t i = 0; i < count; ++i) sum.add(0, -0x1p60f);
  sum.add(0, 0x1.8p-130f);
  EXPECT_EQ(sum.rounded(0), 0x1.8p-130f);
}

TEST(ExactSum, OrderAndSplitChangeNothing) {
  std::mt19937_64 random(3);
  constexpr std::size_t width = 37;
  std::vector<std::array<float, width>> rows(5000);
  for (auto& row : rows)
    for (float& value : row) value = random_float(random, -60, 20);
  std::vector<std::uint32_t> first;
  for (int round = 0; round < 6; ++round) {
    std::shuffle(rows.begin(), rows.end(), random);
    const std::size_t parts = 1 + random() % 7;
    std::vector<ExactSum> partial(parts, ExactSum(width));
    for (const auto& row : rows) {
      ExactSum& part = partial[random() % parts];
      for (std::size_t i = 0; i < width; ++i) part.add(i, row[i]);
    }
    ExactSum total(width);
    for (const ExactSum& part : partial) total.merge(part);
    std::vector<std::uint32_t> bits;
    for (std::size_t i = 0; i < width; ++i) bits.push_back(std::bit_cast<std::uint32_t>(total.rounded(i)));
    if (round == 0) first = bits;
    EXPECT_EQ(bits, first);
  }
}

TEST(ExactSum, MergingFullSumsKeepsRoom) {
  ExactSum total(1);
  WideInteger oracle;
  for (int part = 0; part < 9; ++part) {
    ExactSum sum(1);
    for (std::int64_t i = 0; i < ExactSum::capacity; ++i) {
      const float value = 0x1.fffffep59f;
      sum.add(0, value);
      oracle.add(value);
    }
    total.merge(sum);
  }
  EXPECT_EQ(total.rounded(0), oracle.rounded());
}

}  // namespace
}  // namespace shoal
