// SPDX-License-Identifier: Apache-2.0
// DeviceProblem: a problem in the form that the kernels read, with parameters in the padded layout, and the
// conversion of parameters in both directions.
#pragma once

#include <optional>
#include <vector>

#include "core/lowered_problem.hpp"
#include "cuda/device_layout.hpp"
#include "cuda/device_tasks.hpp"
#include "cuda/runtime/array.hpp"

namespace shoal::cuda {

class DeviceProblem {
 public:
  DeviceProblem(const Problem& given, const TaskColumns& columns)
      : given_(given), columns_(columns), lowered_(given, columns), layout_(lowered_.network()) {}

  const DeviceLayout& layout() const { return layout_; }
  const kernels::InnerOptions& inner() const { return lowered_.inner(); }
  const kernels::LossOptions& loss() const { return lowered_.loss(); }
  const TaskColumns& columns() const { return columns_; }
  RowFormat rows(bool targets = true) const { return {columns_, given_.loss, given_.model.outputs, targets}; }

  std::size_t size() const { return layout_.size(); }  ///< P, with padding
  /// R; with padding if rates are per parameter.
  std::size_t rate_count() const { return rates_are_padded() ? size() : given_.rates.size(); }
  bool rates_are_padded() const { return inner().rates == LearnedRate::parameter; }

  /// Writes to [P + R]: theta, then the rates, with zeros in the padding. `from` is packed: theta, then the
  /// rates; where it is empty, all of `to` becomes zero.
  void pad(std::span<const float> from, float* to) const;
  void pack(const float* from, std::span<float> theta, std::span<float> rates) const;
  /// pack() for parameters on the device. Waits for the stream.
  void fetch(Stream& stream, const float* from, std::span<float> theta, std::span<float> rates) const;

 private:
  Problem given_;
  TaskColumns columns_;
  LoweredProblem lowered_;
  DeviceLayout layout_;
};

}  // namespace shoal::cuda
