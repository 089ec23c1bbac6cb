// SPDX-License-Identifier: Apache-2.0
#include "shapes.hpp"

#include <array>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace shoal::bench {
namespace {

constexpr std::array<Shape, 6> the_shapes = {{
    {"sine_k1", 1, 40, 1, 10, 1, Activation::relu, LossKind::mse},
    {"sine_k5", 1, 40, 1, 10, 5, Activation::relu, LossKind::mse},
    {"market", 16, 32, 2, 32, 3, Activation::tanh, LossKind::mse},
    {"credit", 32, 64, 1, 64, 5, Activation::tanh, LossKind::bce},
    {"large", 64, 128, 1, 128, 5, Activation::tanh, LossKind::mse},
    {"wide", 64, 512, 1, 128, 3, Activation::tanh, LossKind::mse},
}};

}  // namespace

ModelSpec Shape::model() const {
  return {.inputs = inputs, .hidden = {hidden, hidden}, .outputs = outputs, .activation = activation};
}

double Shape::flops_per_task() const {
  const double first = static_cast<double>(inputs) * hidden;
  const double forward =
      2.0 * (first + static_cast<double>(hidden) * hidden + static_cast<double>(hidden) * outputs);
  const double gradient = 3.0 * forward - 2.0 * first, curvature = 6.0 * forward - 8.0 * first;
  return rows * (steps * (gradient + curvature) + gradient);
}

std::span<const Shape> shapes() {
  return the_shapes;
}

TaskBatch make_tasks(const Shape& shape, std::int64_t count, std::uint64_t variant) {
  std::mt19937_64 random(variant);
  std::normal_distribution<float> normal;
  const auto make_set = [&] {
    TaskSetStorage<float> set;
    const auto rows = static_cast<std::size_t>(count * shape.rows);
    set.x.resize(rows * static_cast<std::size_t>(shape.inputs));
    set.y.resize(rows * static_cast<std::size_t>(shape.outputs));
    for (float& x : set.x) x = normal(random);
    for (float& y : set.y)
      y = shape.loss == LossKind::bce ? static_cast<float>(random() % 2) : normal(random);
    set.offsets.resize(static_cast<std::size_t>(count) + 1);
    for (std::size_t t = 0; t < set.offsets.size(); ++t)
      set.offsets[t] = static_cast<std::int64_t>(t) * shape.rows;
    return set;
  };
  auto support = make_set(), query = make_set();
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return TaskBatch::own({shape.inputs, shape.outputs, 0}, std::move(support), std::move(query),
                        std::move(ids));
}

}  // namespace shoal::bench
