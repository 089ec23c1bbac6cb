// SPDX-License-Identifier: Apache-2.0
// Initial parameters: bounds, moments, and fixed bits.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <shoal/model.hpp>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

const ModelSpec wide{.inputs = 60, .hidden = {150, 50}, .outputs = 3, .skip = true};

/// FNV-1a over the bits.
std::uint64_t hash_of(const std::vector<float>& values) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float value : values)
    for (int byte = 0; byte < 4; ++byte) {
      hash ^= std::bit_cast<std::uint32_t>(value) >> (8 * byte) & 0xffu;
      hash *= 0x100000001b3u;
    }
  return hash;
}

struct Moments {
  double largest = 0.0, mean = 0.0, variance = 0.0, count = 0.0;
};

Moments moments_of(const std::vector<float>& theta, const TensorSpec& tensor) {
  Moments m{.count = static_cast<double>(tensor.size)};
  for (std::size_t e = tensor.offset; e < tensor.offset + tensor.size; ++e) {
    const double value = theta[e];
    m.largest = std::max(m.largest, std::abs(value));
    m.mean += value / m.count;
    m.variance += value * value / m.count;
  }
  m.variance -= m.mean * m.mean;
  return m;
}

/// `fourth`: the fourth standardised moment of the distribution, for the error of the variance.
void expect_moments(const Moments& m, double bound, double variance, double fourth, const std::string& what) {
  EXPECT_LE(m.largest, bound * (1 + 1e-6)) << what;
  EXPECT_GE(m.largest, bound * 0.95) << what;
  EXPECT_NEAR(m.mean, 0.0, 4.5 * std::sqrt(variance / m.count)) << what;
  EXPECT_NEAR(m.variance, variance, 4.5 * variance * std::sqrt((fourth - 1) / m.count)) << what;
}

TEST(Initialization, HasTheBoundsAndMomentsOfItsLaw) {
  const ParameterLayout layout(wide);
  const auto glorot = initial_parameters(wide, {.kind = Initializer::glorot}, 1);
  const auto he = initial_parameters(wide, {.kind = Initializer::he}, 1);
  const auto normal =
      initial_parameters(wide, {.kind = Initializer::truncated_normal, .standard_deviation = 0.3}, 1);
  for (int l = 0; l < 2; ++l) {  // the last layer is too small for statistics
    const TensorSpec& weight = layout.weight(l);
    const double fan_in = static_cast<double>(weight.shape[0]),
                 fan_out = static_cast<double>(weight.shape[1]);
    const double glorot_square = 6 / (fan_in + fan_out), he_square = 6 / fan_in;
    expect_moments(moments_of(glorot, weight), std::sqrt(glorot_square), glorot_square / 3, 1.8, "glorot");
    expect_moments(moments_of(he, weight), std::sqrt(he_square), he_square / 3, 1.8, "he");
    // The normal truncated at 2 has variance 1 - 4 pdf(2) / (2 cdf(2) - 1); `fourth` is its fourth moment
    // over the square of that, in closed form.
    const double variance = 0.7737413, fourth = 2.3653;
    expect_moments(moments_of(normal, weight), 0.6, 0.09 * variance, fourth, "truncated normal");
  }
}

TEST(Initialization, StartsBiasesAndSkipAtZeroAndEveryLayerOnItsOwn) {
  const ParameterLayout layout(wide);
  const auto theta = initial_parameters(wide, {}, 5);
  for (const TensorSpec& tensor : layout.tensors()) {
    const Moments m = moments_of(theta, tensor);
    if (tensor.name.ends_with("bias") || tensor.name == "skip.weight")
      EXPECT_EQ(m.largest, 0.0) << tensor.name;
    else
      EXPECT_GT(m.variance, 0.0) << tensor.name;
  }
  const ModelSpec square{.inputs = 8, .hidden = {8}, .outputs = 8};
  const auto same_shapes = initial_parameters(square, {}, 5);
  EXPECT_NE(same_shapes[0], same_shapes[ParameterLayout(square).weight(1).offset]);
  // A layer's draws do not depend on the layers after it.
  const auto longer = initial_parameters({.inputs = 8, .hidden = {8, 3}, .outputs = 8}, {}, 5);
  EXPECT_TRUE(std::equal(longer.begin(), longer.begin() + 64, same_shapes.begin()));
}

// The uniform values come from an independent program in exact fractions: Philox, 24 bits, one rounding.
TEST(Initialization, HasTheSameBitsForever) {
  const ModelSpec model{.inputs = 3, .hidden = {7, 5}, .outputs = 2, .skip = true};
  EXPECT_EQ(hash_of(initial_parameters(model, {.kind = Initializer::glorot}, 7)), 0x1cd48e1f9b18d2d5u);
  EXPECT_EQ(hash_of(initial_parameters(model, {.kind = Initializer::he}, 7)), 0x86eb5e978a1f1a72u);
  EXPECT_EQ(hash_of(initial_parameters(model, {.kind = Initializer::truncated_normal}, 7)),
            0x2dce13b7f3bd1affu);
  EXPECT_EQ(hash_of(initial_parameters(model, {}, 0x1234567800000007u)), 0x9f611904a2a7ac49u)
      << "the high word of the seed";
}

TEST(Initialization, RefusesAStandardDeviationThatIsNone) {
  for (const double bad :
       {0.0, -0.1, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    expect_error<InvalidArgument>(
        [&] {
          initial_parameters({}, {.kind = Initializer::truncated_normal, .standard_deviation = bad}, 1);
        },
        "model: init_sd must be positive and finite");
}

}  // namespace
}  // namespace shoal::testing
