// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include <shoal/error.hpp>
#include <shoal/task_source.hpp>

namespace shoal {
namespace {

TEST(Sinusoid, IsTheProtocolOfFinnEtAl) {
  const auto source = make_sinusoid({.seed = 1, .support = 30, .query = 30});
  const TaskBatch tasks = source->sample(Phase::train, 3, 500);
  EXPECT_EQ(tasks.ids()[0], 1500);
  float least_x = 9, most_x = -9, most_y = 0;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    // Fits a sin x + b cos x to all points of a task: least squares must leave no residual.
    double ss = 0, sc = 0, cc = 0, sy = 0, cy = 0;
    const auto each = [&](auto use) {
      for (const auto& set : {tasks.support(), tasks.query()})
        for (std::int64_t r = set.row_starts[static_cast<std::size_t>(t)];
             r < set.row_starts[static_cast<std::size_t>(t) + 1]; ++r)
          use(set.x[static_cast<std::size_t>(r)], set.y[static_cast<std::size_t>(r)]);
    };
    each([&](float x, float y) {
      const double s = std::sin(static_cast<double>(x)), c = std::cos(static_cast<double>(x));
      ss += s * s, sc += s * c, cc += c * c, sy += s * y, cy += c * y;
      least_x = std::min(least_x, x), most_x = std::max(most_x, x), most_y = std::max(most_y, std::fabs(y));
    });
    const double determinant = ss * cc - sc * sc, a = (sy * cc - cy * sc) / determinant,
                 b = (cy * ss - sy * sc) / determinant;
    each([&](float x, float y) {
      EXPECT_NEAR(y, a * std::sin(static_cast<double>(x)) + b * std::cos(static_cast<double>(x)), 1e-5);
    });
    const double amplitude = std::hypot(a, b), phase = std::atan2(-b, a);
    EXPECT_GE(amplitude, 0.1 - 1e-5);
    EXPECT_LE(amplitude, 5.0 + 1e-5);
    EXPECT_GE(phase, -1e-4);
    EXPECT_LE(phase, 3.14160);
  }
  EXPECT_GE(least_x, -5.0f);
  EXPECT_LE(most_x, 5.0f);
  EXPECT_LT(least_x, -4.9f);
  EXPECT_GT(most_x, 4.9f);
  EXPECT_GT(most_y, 4.5f);
}

TEST(Generators, DependOnIdAndPhaseAlone) {
  for (const auto& source : {make_sinusoid({}), make_xsinx({}), make_xsinx_window({})}) {
    const TaskBatch first = source->sample(Phase::train, 0, 8), second = source->sample(Phase::train, 1, 4);
    // Ids 4 .. 7 are the second half of the first batch and all of the second.
    for (std::size_t e = 0; e < second.support().x.size(); ++e)
      EXPECT_EQ(second.support().x[e], first.support().x[e + second.support().x.size()]);
    EXPECT_NE(source->sample(Phase::validation, 0, 8).support().x[0], first.support().x[0]);
    EXPECT_NE(source->evaluation(Phase::test, 8).support().x[0], first.support().x[0]);
    EXPECT_FALSE(source->size(Phase::train).has_value());
  }
}

// Closed forms for x ~ N(0, 1): E y = e^{-1/2}, and the best line is that constant with mean squared error
// .335123.
TEST(XSinX, HasTheMomentsOfTheClosedForm) {
  const auto source = make_xsinx({.seed = 5, .support = 100, .query = 100});
  const TaskBatch tasks = source->evaluation(Phase::test, 1000);
  double n = 0, mean = 0, xy = 0, squares = 0, fourth = 0;
  for (std::size_t e = 0; e < tasks.query().x.size(); ++e) {
    const double x = tasks.query().x[e], y = tasks.query().y[e], d = y - 0.606531;
    n += 1, mean += y, xy += x * y, squares += d * d, fourth += d * d * d * d;
  }
  mean /= n, squares /= n;
  const double deviation = std::sqrt((fourth / n - squares * squares) / n);
  EXPECT_NEAR(mean, 0.606531, 3.0 * std::sqrt(squares / n));
  EXPECT_NEAR(squares, 0.335123, 3.0 * deviation);
  EXPECT_NEAR(xy / n, 0.0, 0.01);  // an even function has no slope
}

TEST(XSinXWindow, StaysInsideItsWindow) {
  const auto source = make_xsinx_window({.seed = 5, .query_grid = 11});
  const TaskBatch tasks = source->evaluation(Phase::test, 300);
  std::set<int> centres;
  for (std::int64_t t = 0; t < tasks.size(); ++t) {
    const auto x = tasks.query().x.subspan(static_cast<std::size_t>(11 * t), 11);
    EXPECT_NEAR(x[10] - x[0], 1.0f, 1e-5f);
    for (std::int64_t r = tasks.support().row_starts[static_cast<std::size_t>(t)];
         r < tasks.support().row_starts[static_cast<std::size_t>(t) + 1]; ++r) {
      EXPECT_GE(tasks.support().x[static_cast<std::size_t>(r)], x[0]);
      EXPECT_LE(tasks.support().x[static_cast<std::size_t>(r)], x[10] + 1e-6f);
    }
    centres.insert(static_cast<int>(std::floor(x[5])));
  }
  EXPECT_EQ(centres.size(), 10u);  // -5 .. 4
}

/// FNV-1a over the bits of every value.
std::uint64_t hash_of(const TaskBatch& tasks) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const auto& set : {tasks.support(), tasks.query()})
    for (const auto& values : {set.x, set.y})
      for (const float value : values) {
        hash ^= std::bit_cast<std::uint32_t>(value);
        hash *= 0x100000001b3u;
      }
  return hash;
}

// The bits are part of the contract, because every trained model depends on them.
TEST(Generators, BitsAreFixed) {
  const GeneratorOptions plain{.seed = 11, .support = 7, .query = 5},
      noisy{.seed = 0x123456789abcdefu, .support = 3, .query = 9, .noise = 0.25, .query_grid = 4};
  const std::unique_ptr<TaskSource> sources[] = {
      make_sinusoid(plain),     make_sinusoid(noisy),
      make_xsinx(plain),        make_xsinx(noisy, "uniform", -2.0, 3.0),
      make_xsinx_window(plain), make_xsinx_window(noisy)};
  const std::uint64_t wanted[] = {0x37ba0b89f7ca0a01u, 0x483ed6c2d483a34du, 0xcda7308fab15f054u,
                                  0x936ab0b737a2c14eu, 0x229941812dbb9253u, 0xd5eff38752c7edb5u};
  for (std::size_t s = 0; s < std::size(sources); ++s) {
    std::uint64_t hash = 0;
    for (const Phase phase : {Phase::train, Phase::validation, Phase::test})
      hash = hash * 31 + hash_of(sources[s]->sample(phase, 1234567, 40)) +
             hash_of(sources[s]->evaluation(phase, 40));
    EXPECT_EQ(hash, wanted[s]) << s << std::hex << " 0x" << hash;
  }
}

TEST(Generators, RefuseOptionsOutOfRange) {
  EXPECT_THROW(make_sinusoid({.support = -1}), InvalidArgument);
  EXPECT_THROW(make_sinusoid({.query = 0}), InvalidArgument);
  EXPECT_THROW(make_sinusoid({.noise = -1.0}), InvalidArgument);
  EXPECT_THROW(make_sinusoid({.query_grid = 1}), InvalidArgument);
  EXPECT_THROW(make_xsinx({}, "cauchy"), InvalidArgument);
  EXPECT_THROW(make_xsinx({}, "uniform", 3.0, 2.0), InvalidArgument);
  EXPECT_THROW(make_sinusoid({})->sample(Phase::train, 0, 0), InvalidArgument);
}

}  // namespace
}  // namespace shoal
