// SPDX-License-Identifier: Apache-2.0
// The shapes that the benchmark times: their models, tasks and operation counts.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <shoal/meta_learner.hpp>

namespace shoal::bench {

struct Shape {
  std::string_view name;
  int inputs, hidden, outputs;  ///< inputs - hidden - hidden - outputs
  int rows;                     ///< support rows, and also query rows
  int steps;                    ///< K
  Activation activation;
  LossKind loss;

  ModelSpec model() const;
  /// Floating-point operations of one exact second-order task; a multiply-add counts as 2. They are K (G + H)
  /// per support row and G per query row, with F = 2 (d h + h h + h o), gradient G = 3 F - 2 d h and
  /// Hessian-vector product H = 6 F - 8 d h per row. Activations, losses and updates are not counted.
  double flops_per_task() const;
  /// Bytes of a task's rows, support and query, with `value_bytes` per value.
  double input_bytes(std::size_t value_bytes) const;
};

std::span<const Shape> shapes();
/// Throws InvalidArgument with the list of known names.
const Shape& shape_named(std::string_view name);

/// Makes `count` tasks whose rows look like standard normals (targets are 0 or 1 for bce). Every `variant`
/// has other rows; the numbers are the same on every machine.
TaskBatch make_tasks(const Shape& shape, std::int64_t count, std::uint64_t variant);

}  // namespace shoal::bench
