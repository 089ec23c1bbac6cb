// SPDX-License-Identifier: Apache-2.0
#include "shapes.hpp"

#include <array>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <shoal/error.hpp>

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

/// Approximates a normal by the sum of the four 16-bit parts of SplitMix64: gigabytes of rows in seconds,
/// without libm.
class Noise {
 public:
  explicit Noise(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  float normal() {
    const std::uint64_t b = bits();
    const auto sum =
        static_cast<std::int64_t>((b & 0xffff) + (b >> 16 & 0xffff) + (b >> 32 & 0xffff) + (b >> 48));
    return static_cast<float>(sum - 131070) *
           (1.0f / 37837.0f);  // the sum of four uniforms has the mean 2 x 65535 and this deviation
  }

 private:
  std::uint64_t state_;
};

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

double Shape::input_bytes(std::size_t value_bytes) const {
  return 2.0 * rows * (inputs + outputs) * static_cast<double>(value_bytes);
}

std::span<const Shape> shapes() {
  return the_shapes;
}

const Shape& shape_named(std::string_view name) {
  std::string known;
  for (const Shape& shape : the_shapes) {
    if (shape.name == name) return shape;
    known += (known.empty() ? "" : ", ") + std::string(shape.name);
  }
  throw InvalidArgument("unknown shape \"" + std::string(name) + "\": known: " + known);
}

TaskBatch make_tasks(const Shape& shape, std::int64_t count, std::uint64_t variant) {
  Noise noise(variant);
  const auto make_set = [&] {
    TaskSetStorage<float> set;
    const auto rows = static_cast<std::size_t>(count * shape.rows);
    set.x.resize(rows * static_cast<std::size_t>(shape.inputs));
    set.y.resize(rows * static_cast<std::size_t>(shape.outputs));
    for (float& x : set.x) x = noise.normal();
    for (float& y : set.y)
      y = shape.loss == LossKind::bce ? static_cast<float>(noise.bits() >> 63) : noise.normal();
    set.row_starts.resize(static_cast<std::size_t>(count) + 1);
    for (std::size_t t = 0; t < set.row_starts.size(); ++t)
      set.row_starts[t] = static_cast<std::int64_t>(t) * shape.rows;
    return set;
  };
  auto support = make_set(), query = make_set();
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return TaskBatch::own({shape.inputs, shape.outputs, 0}, std::move(support), std::move(query),
                        std::move(ids));
}

}  // namespace shoal::bench
