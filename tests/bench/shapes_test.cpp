// SPDX-License-Identifier: Apache-2.0
// The number of operations that the benchmark assumes, against counted ones: the gradient of the reference
// runs on a scalar type that counts. A product that is added to a sum is a multiply-add. Its derivative along
// a direction takes one multiply-add per factor that varies, and that is the work of a Hessian-vector
// product.
#include "bench/shapes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include <shoal/error.hpp>

namespace shoal::testing {
namespace {

struct Tally {
  std::int64_t sums_of_products = 0, their_derivatives = 0;
} tally;

struct Counted {
  double value = 0.0;
  bool varies = false;  ///< depends on the parameters

  Counted() = default;
  Counted(double v) : value(v) {}  // NOLINT(google-explicit-constructor): constants mix with it in formulas
  Counted(double v, bool does) : value(v), varies(does) {}

  struct Product;
  Counted& operator+=(const Product& product);
  Counted& operator+=(Counted b) { return *this = {value + b.value, varies || b.varies}; }
  Counted& operator-=(Counted b) { return *this = {value - b.value, varies || b.varies}; }
};

struct Counted::Product {
  Counted a, b;
  operator Counted() const {
    return {a.value * b.value, a.varies || b.varies};
  }  // NOLINT(google-explicit-constructor)
};

Counted& Counted::operator+=(const Product& product) {
  ++tally.sums_of_products;
  tally.their_derivatives += (product.a.varies ? 1 : 0) + (product.b.varies ? 1 : 0);
  return *this += Counted(product);
}

Counted::Product operator*(Counted a, Counted b) {
  return {a, b};
}
Counted operator+(Counted a, Counted b) {
  return a += b;
}
Counted operator-(Counted a, Counted b) {
  return a -= b;
}
Counted operator-(Counted a) {
  return {-a.value, a.varies};
}
Counted operator/(Counted a, Counted b) {
  return {a.value / b.value, a.varies || b.varies};
}
bool operator<(Counted a, Counted b) {
  return a.value < b.value;
}
bool operator>(Counted a, Counted b) {
  return a.value > b.value;
}
bool operator<=(Counted a, Counted b) {
  return a.value <= b.value;
}
bool operator>=(Counted a, Counted b) {
  return a.value >= b.value;
}
Counted exp(Counted x) {
  return {std::exp(x.value), x.varies};
}
Counted log(Counted x) {
  return {std::log(x.value), x.varies};
}
Counted log1p(Counted x) {
  return {std::log1p(x.value), x.varies};
}
Counted tanh(Counted x) {
  return {std::tanh(x.value), x.varies};
}
Counted erfc(Counted x) {
  return {std::erfc(x.value), x.varies};
}
double value_of(Counted x) {
  return x.value;
}

}  // namespace
}  // namespace shoal::testing

#include "reference/network.hpp"  // after the operations above, which its templates use

namespace shoal::testing {
namespace {

using bench::Shape;

/// Multiply-adds of the gradient of one row, and of a Hessian-vector product beyond that; each counts as 2
/// operations.
struct RowFlops {
  double gradient = 0.0, curvature = 0.0;
};

RowFlops count_row(const Shape& shape) {
  ModelSpec model = shape.model();
  model.activation = Activation::tanh;  // with relu, units that are off would not count
  const ParameterLayout layout(model);
  const Loss loss{.kind = LossKind::mse};
  const reference::Network net{model, layout, loss};
  std::vector<Counted> phi;
  for (std::size_t p = 0; p < layout.size(); ++p) phi.emplace_back(0.01 * static_cast<double>(p % 7), true);
  const std::vector<double> x(static_cast<std::size_t>(shape.inputs), 0.5),
      y(static_cast<std::size_t>(shape.outputs), 0.25);
  const std::vector<reference::Row> rows = {{x, {}, {y, 0}}};
  tally = {};
  reference::row_terms<Counted>(loss, reference::forward<Counted>(net, phi, rows[0]).output, rows[0].target);
  const Tally forward_and_loss = tally;
  tally = {};
  reference::forward<Counted>(net, phi, rows[0]);
  const Tally loss_alone = {forward_and_loss.sums_of_products - tally.sums_of_products,
                            forward_and_loss.their_derivatives - tally.their_derivatives};
  tally = {};
  reference::loss_and_gradient<Counted>(net, phi, rows);
  return {2.0 * static_cast<double>(tally.sums_of_products - loss_alone.sums_of_products),
          2.0 * static_cast<double>(tally.their_derivatives - loss_alone.their_derivatives)};
}

TEST(BenchShapes, FlopsAreThoseCounted) {
  for (const Shape& shape : bench::shapes()) {
    const RowFlops row = count_row(shape);
    EXPECT_EQ(shape.flops_per_task(),
              shape.rows * (shape.steps * (row.gradient + row.curvature) + row.gradient))
        << shape.name;
  }
}

TEST(BenchShapes, AreTheOnesThatWereAgreedOn) {
  const auto text = [](std::string_view name) {
    const Shape& s = bench::shape_named(name);
    return std::to_string(s.inputs) + "-" + std::to_string(s.hidden) + "-" + std::to_string(s.hidden) + "-" +
           std::to_string(s.outputs) + " K" + std::to_string(s.steps);
  };
  EXPECT_EQ(text("sine_k1"), "1-40-40-1 K1");
  EXPECT_EQ(text("sine_k5"), "1-40-40-1 K5");
  EXPECT_EQ(text("market"), "16-32-32-2 K3");
  EXPECT_EQ(text("credit"), "32-64-64-1 K5");
  EXPECT_EQ(text("large"), "64-128-128-1 K5");
  EXPECT_EQ(text("wide"), "64-512-512-1 K3");
  EXPECT_EQ(bench::shapes().size(), 6u);
  EXPECT_THROW(bench::shape_named("tiny"), InvalidArgument);
}

TEST(BenchShapes, TasksHaveTheBytesThatAreCountedAndDifferByVariant) {
  for (const Shape& shape : bench::shapes()) {
    const TaskBatch tasks = bench::make_tasks(shape, 3, 1), others = bench::make_tasks(shape, 3, 2);
    std::size_t bytes = 0;
    for (const auto* set : {&tasks.support(), &tasks.query()})
      bytes += set->x.size_bytes() + set->y.size_bytes();
    EXPECT_EQ(3.0 * shape.input_bytes(sizeof(float)), static_cast<double>(bytes)) << shape.name;
    EXPECT_NE(tasks.query().x[0], others.query().x[0]);
    for (const float y : tasks.support().y)
      EXPECT_TRUE(shape.loss != LossKind::bce || y == 0.0f || y == 1.0f);
  }
}

TEST(BenchShapes, RowsLookLikeStandardNormals) {
  const TaskBatch tasks = bench::make_tasks(bench::shape_named("market"), 500, 3);
  double sum = 0.0, squares = 0.0;
  for (const float x : tasks.support().x) {
    sum += static_cast<double>(x);
    squares += static_cast<double>(x) * static_cast<double>(x);
  }
  const auto count = static_cast<double>(tasks.support().x.size());  // 256,000: four deviations are 0.008
  EXPECT_NEAR(sum / count, 0.0, 0.008);
  EXPECT_NEAR(squares / count, 1.0, 0.012);
}

}  // namespace
}  // namespace shoal::testing
