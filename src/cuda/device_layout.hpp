// SPDX-License-Identifier: Apache-2.0
// DeviceLayout: the layout of parameters in the kernels, with padded rows of matrices
// (kernels/team/padding.hpp says why), and the conversion in both directions.
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
  /// Makes the layout of a network whose offsets are those of ParameterLayout.
  explicit DeviceLayout(const kernels::Network& network);

  /// The network with the offsets, strides and sizes of this layout. Its `layers` point into this object.
  const kernels::Network& network() const { return network_; }
  std::span<const kernels::LayerShape> layers() const { return layers_; }
  /// [layers + 1] widths of the inputs and of every layer's outputs.
  std::span<const kernels::TeamWidth> widths() const { return widths_; }
  std::size_t size() const { return network_.parameters; }  ///< P in floats, with padding
  std::size_t packed_size() const { return padded_index_.size(); }

  /// [packed_size] position of every parameter in the padded layout, in floats.
  std::span<const std::int32_t> padded_indices() const { return padded_index_; }

  /// pad() sets padded[padded_indices()[p]] = packed[p], and zero elsewhere; pack() does the reverse.
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
  std::vector<std::int32_t> padded_index_;  ///< [packed_size] position of each parameter in the padded layout
};

}  // namespace shoal::cuda
