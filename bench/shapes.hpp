// SPDX-License-Identifier: Apache-2.0
// The shapes that the benchmark times, their tasks and their arithmetic.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <shoal/meta_learner.hpp>

namespace shoal::bench {

struct Shape {
  std::string_view name;
  int inputs, hidden, outputs;  ///< inputs - hidden - hidden - outputs
  int rows;                     ///< of support and of query
  int steps;                    ///< K
  Activation activation;
  LossKind loss;

  ModelSpec model() const;
  /// Floating-point operations of one exact second-order task, a multiply-add counted as 2: K (G + H) on
  /// support and G on query, with F = 2 (d h + h h + h o) a row, gradient G = 3 F - 2 d h, Hessian-vector
  /// product H = 6 F - 8 d h. Activations, losses and updates are not counted.
  double flops_per_task() const;
  /// Bytes of a task's rows, support and query, with values of `value_bytes`.
  double input_bytes(std::size_t value_bytes) const;
};

std::span<const Shape> shapes();
/// Throws InvalidArgument with the list of known names.
const Shape& shape_named(std::string_view name);

/// `count` tasks of rows that look like standard normals (targets 0 or 1 for bce), other ones for every
/// `variant`; the same numbers on every machine.
TaskBatch make_tasks(const Shape& shape, std::int64_t count, std::uint64_t variant);

}  // namespace shoal::bench
