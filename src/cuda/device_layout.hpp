// SPDX-License-Identifier: Apache-2.0
// DeviceLayout: parameters as the kernels want them, every matrix row padded (kernels/team/gemm.cuh
// says why), and the conversion in both directions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/math/network.hpp"
#include "kernels/team/width.hpp"

namespace shoal::cuda {

class DeviceLayout {
 public:
  /// Of a network in the layout of ParameterLayout.
  explicit DeviceLayout(const kernels::Network& network);

  /// The network in the device layout: offsets, strides, sizes. `layers` of it point into this object.
  const kernels::Network& network() const { return network_; }
  std::span<const kernels::LayerShape> layers() const { return layers_; }
  /// [layers + 1] of the inputs and of every layer's outputs.
  std::span<const kernels::TeamWidth> widths() const { return widths_; }
  std::size_t size() const { return network_.parameters; }  ///< floats with padding
  std::size_t packed_size() const { return padded_index_.size(); }

  /// [P] of every parameter, in floats.
  std::span<const std::int32_t> places() const { return padded_index_; }

  /// padded[place] = packed, zeros elsewhere; and back.
  void pad(const float* packed, float* padded) const;
  template <class T>
  void pack(const T* padded, T* packed) const {
    for (std::size_t p = 0; p < padded_index_.size(); ++p) packed[p] = padded[padded_index_[p]];
  }

 private:
  void add_matrix(std::size_t begin, int rows, int columns, int stride);

  std::vector<kernels::LayerShape> layers_;
  std::vector<kernels::TeamWidth> widths_;
  kernels::Network network_;
  std::vector<std::int32_t> padded_index_;  ///< [P] of every parameter in the device layout
};

}  // namespace shoal::cuda
