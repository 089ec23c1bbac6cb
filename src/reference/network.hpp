// SPDX-License-Identifier: Apache-2.0
// Applies the network of a task to its rows, one row at a time: loss and gradient, from the equations
//
//   z_l = b_l + a_{l-1} W_l,  a_l = f(z_l),  o = z_L + x S + offset,  L = (sum of row terms) / terms
//   d_L = dL/do,  d_{l-1} = (d_l W_l^T) f'(z_{l-1}),  dW_l = a_{l-1}^T d_l,  db_l = d_l,  dS = x^T d_L
#pragma once

#include <span>
#include <vector>

#include <shoal/model.hpp>
#include <shoal/task_batch.hpp>

#include "reference/losses.hpp"

namespace shoal::reference {

/// The parts of a problem that the passes need.
struct Network {
  const ModelSpec& model;
  const ParameterLayout& layout;
  const Loss& loss;

  double terms(std::int64_t rows) const { return loss.terms(static_cast<double>(rows), model.outputs); }
};

/// One row of a task's support or query set.
struct Row {
  std::span<const double> x, offset;
  Target target;
};

/// The rows of task `task` of a set.
inline std::vector<Row> rows_of(const TaskSet<double>& set, const TaskColumns& columns, std::int64_t task) {
  std::vector<Row> rows;
  const auto part = [](std::span<const double> values, std::int64_t row, int width) {
    if (values.empty() || width == 0) return std::span<const double>();
    return values.subspan(static_cast<std::size_t>(row * width), static_cast<std::size_t>(width));
  };
  const auto at = static_cast<std::size_t>(task);
  for (std::int64_t r = set.row_starts[at]; r < set.row_starts[at + 1]; ++r)
    rows.push_back({part(set.x, r, columns.inputs),
                    part(set.output_offset, r, columns.offsets),
                    {part(set.y, r, columns.targets),
                     set.labels.empty() ? 0 : set.labels[static_cast<std::size_t>(r)]}});
  return rows;
}

/// The results of a forward pass of one row.
template <class T>
struct Activations {
  std::vector<std::vector<T>> input;             ///< input of every layer: x, a_0, a_1, ...
  std::vector<std::vector<T>> slope, curvature;  ///< f'(z_l), f''(z_l) of the hidden layers
  std::vector<T> output;
};

template <class T>
Activations<T> forward(const Network& net, std::span<const T> phi, const Row& row) {
  Activations<T> pass;
  std::vector<T> a(row.x.begin(), row.x.end());
  for (int l = 0; l < net.layout.layers(); ++l) {
    const TensorSpec &weight = net.layout.weight(l), &bias = net.layout.bias(l);
    const auto width = static_cast<std::size_t>(weight.shape[1]);
    pass.input.push_back(a);
    std::vector<T> z(phi.begin() + static_cast<std::ptrdiff_t>(bias.offset),
                     phi.begin() + static_cast<std::ptrdiff_t>(bias.offset + width));
    for (std::size_t i = 0; i < a.size(); ++i)
      for (std::size_t j = 0; j < width; ++j) z[j] += a[i] * phi[weight.offset + i * width + j];
    if (l + 1 < net.layout.layers()) {
      std::vector<T> slope, curvature;
      for (T& value : z) {
        const Activated<T> activated = activate(net.model.activation, value);
        value = activated.a;
        slope.push_back(activated.slope);
        curvature.push_back(activated.curvature);
      }
      pass.slope.push_back(std::move(slope));
      pass.curvature.push_back(std::move(curvature));
    }
    a = std::move(z);
  }
  if (const TensorSpec* skip = net.layout.skip())
    for (std::size_t i = 0; i < row.x.size(); ++i)
      for (std::size_t j = 0; j < a.size(); ++j) a[j] += T(row.x[i]) * phi[skip->offset + i * a.size() + j];
  for (std::size_t j = 0; j < row.offset.size(); ++j) a[j] += T(row.offset[j]);
  pass.output = std::move(a);
  return pass;
}

/// Mean loss over rows; NaN (0 / 0) if there are none.
template <class T>
T mean_loss(const Network& net, std::span<const T> phi, std::span<const Row> rows) {
  T sum(0.0);
  for (const Row& row : rows) sum += row_terms<T>(net.loss, forward(net, phi, row).output, row.target);
  return sum / T(net.terms(static_cast<std::int64_t>(rows.size())));
}

/// Deltas dL/dz of every layer for one row, for the sum of its terms: not yet divided by the number of terms.
template <class T>
std::vector<std::vector<T>> backward(const Network& net, std::span<const T> phi, const Row& row,
                                     const Activations<T>& pass) {
  std::vector<std::vector<T>> delta(static_cast<std::size_t>(net.layout.layers()));
  delta.back() = row_gradient<T>(net.loss, pass.output, row.target);
  for (int l = net.layout.layers() - 1; l > 0; --l) {
    const TensorSpec& weight = net.layout.weight(l);
    const auto at = static_cast<std::size_t>(l);
    const auto width = static_cast<std::size_t>(weight.shape[1]);
    for (std::size_t i = 0; i < pass.input[at].size(); ++i) {
      T da(0.0);
      for (std::size_t j = 0; j < width; ++j) da += delta[at][j] * phi[weight.offset + i * width + j];
      delta[at - 1].push_back(da * pass.slope[at - 1][i]);
    }
  }
  return delta;
}

template <class T>
struct LossAndGradient {
  T loss;
  std::vector<T> gradient;
};

/// Mean loss over rows and its gradient for every parameter.
template <class T>
LossAndGradient<T> loss_and_gradient(const Network& net, std::span<const T> phi, std::span<const Row> rows) {
  LossAndGradient<T> result{T(0.0), std::vector<T>(net.layout.size(), T(0.0))};
  std::vector<T>& g = result.gradient;
  for (const Row& row : rows) {
    const Activations<T> pass = forward(net, phi, row);
    result.loss += row_terms<T>(net.loss, pass.output, row.target);
    const auto delta = backward(net, phi, row, pass);
    for (int l = 0; l < net.layout.layers(); ++l) {
      const auto at = static_cast<std::size_t>(l);
      for (std::size_t j = 0; j < delta[at].size(); ++j) {
        g[net.layout.bias(l).offset + j] += delta[at][j];
        for (std::size_t i = 0; i < pass.input[at].size(); ++i)
          g[net.layout.weight(l).offset + i * delta[at].size() + j] += pass.input[at][i] * delta[at][j];
      }
    }
    if (const TensorSpec* skip = net.layout.skip())
      for (std::size_t i = 0; i < row.x.size(); ++i)
        for (std::size_t j = 0; j < delta.back().size(); ++j)
          g[skip->offset + i * delta.back().size() + j] += T(row.x[i]) * delta.back()[j];
  }
  const T terms(net.terms(static_cast<std::int64_t>(rows.size())));
  result.loss = result.loss / terms;
  for (T& value : g) value = value / terms;
  return result;
}

}  // namespace shoal::reference
