// SPDX-License-Identifier: Apache-2.0
#include "cuda/device_layout.hpp"

#include <algorithm>

#include "kernels/team/padding.hpp"

namespace shoal::cuda {

using kernels::padded;

DeviceLayout::DeviceLayout(const kernels::Network& network)
    : layers_(network.layers, network.layers + network.layer_count), network_(network) {
  widths_.push_back(kernels::team_width(network.inputs));
  std::size_t next = 0;
  int hidden = 0, widest = padded(network.inputs);
  for (kernels::LayerShape& layer : layers_) {
    widths_.push_back(kernels::team_width(layer.outputs));
    layer.stride = padded(layer.outputs);
    layer.width_before = hidden;
    layer.weight = next;
    add_matrix(next, layer.inputs, layer.outputs, layer.stride);
    next += static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.stride);
    layer.bias = next;
    add_matrix(next, 1, layer.outputs, layer.stride);
    next += static_cast<std::size_t>(layer.stride);
    widest = std::max(widest, layer.stride);
    if (&layer != &layers_.back()) hidden += layer.stride;
  }
  if (network.has_skip) {
    network_.skip = next;
    add_matrix(next, network.inputs, network.outputs, padded(network.outputs));
    next += static_cast<std::size_t>(network.inputs) * static_cast<std::size_t>(padded(network.outputs));
  }
  network_.parameters = next;
  network_.hidden_width = hidden;
  network_.widest = widest;
  network_.layers = layers_.data();
}

void DeviceLayout::add_matrix(std::size_t begin, int rows, int columns, int stride) {
  for (int r = 0; r < rows; ++r)
    for (int j = 0; j < columns; ++j)
      padded_index_.push_back(static_cast<std::int32_t>(begin) + r * stride + j);
}

void DeviceLayout::pad(const float* packed, float* padded_values) const {
  std::fill(padded_values, padded_values + size(), 0.0f);
  for (std::size_t p = 0; p < padded_index_.size(); ++p) padded_values[padded_index_[p]] = packed[p];
}

}  // namespace shoal::cuda
