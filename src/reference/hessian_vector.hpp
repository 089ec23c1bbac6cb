// SPDX-License-Identifier: Apache-2.0
// Hessian-vector product of a task's mean loss by Pearlmutter's R-operator (1994): R{q} is the derivative of
// q when the parameters move along u.
//
//   Rz_l = ub_l + a_{l-1} U_l + Ra_{l-1} W_l,  Ra_l = f'(z_l) Rz_l,  Ro = Rz_L + x U_S
//   R{dW_l} = Ra_{l-1}^T d_l + a_{l-1}^T Rd_l,  R{db_l} = Rd_l,  R{dS} = x^T Rd_L
//   Rd_{l-1} = (Rd_l W_l^T + d_l U_l^T) f'(z_{l-1}) + (d_l W_l^T) f''(z_{l-1}) Rz_{l-1}
#pragma once

#include "reference/network.hpp"

namespace shoal::reference {

inline std::vector<double> hessian_vector(const Network& net, std::span<const double> phi,
                                          std::span<const double> u, std::span<const Row> rows) {
  std::vector<double> hv(net.layout.size(), 0.0);
  const int layers = net.layout.layers();
  const TensorSpec* skip = net.layout.skip();
  for (const Row& row : rows) {
    const Activations<double> pass = forward(net, phi, row);
    const auto delta = backward(net, phi, row, pass);

    // R forward: r_input[l] = R{input of layer l}, rz[l] = R{z_l}.
    std::vector<std::vector<double>> r_input, rz;
    std::vector<double> ra(row.x.size(), 0.0);
    for (int l = 0; l < layers; ++l) {
      const TensorSpec &weight = net.layout.weight(l), &bias = net.layout.bias(l);
      const auto at = static_cast<std::size_t>(l), width = static_cast<std::size_t>(weight.shape[1]);
      r_input.push_back(ra);
      std::vector<double> r(width, 0.0);
      for (std::size_t j = 0; j < width; ++j) {
        r[j] += u[bias.offset + j];
        for (std::size_t i = 0; i < ra.size(); ++i) {
          const std::size_t ij = weight.offset + i * width + j;
          r[j] += pass.input[at][i] * u[ij];
          r[j] += ra[i] * phi[ij];
        }
      }
      rz.push_back(r);
      ra = r;
      if (l + 1 < layers)
        for (std::size_t j = 0; j < width; ++j) ra[j] = pass.slope[at][j] * r[j];
    }
    std::vector<double> ro = rz.back();
    if (skip)
      for (std::size_t i = 0; i < row.x.size(); ++i)
        for (std::size_t j = 0; j < ro.size(); ++j) ro[j] += row.x[i] * u[skip->offset + i * ro.size() + j];

    // R backward.
    std::vector<double> rd = row_curvature(net.loss, pass.output, row.target, ro);
    if (skip)
      for (std::size_t i = 0; i < row.x.size(); ++i)
        for (std::size_t j = 0; j < rd.size(); ++j) hv[skip->offset + i * rd.size() + j] += row.x[i] * rd[j];
    for (int l = layers - 1; l >= 0; --l) {
      const TensorSpec &weight = net.layout.weight(l), &bias = net.layout.bias(l);
      const auto at = static_cast<std::size_t>(l), width = static_cast<std::size_t>(weight.shape[1]);
      std::vector<double> r_below;
      for (std::size_t i = 0; i < pass.input[at].size(); ++i) {
        double da = 0.0, rda = 0.0;
        for (std::size_t j = 0; j < width; ++j) {
          const std::size_t ij = weight.offset + i * width + j;
          hv[ij] += r_input[at][i] * delta[at][j];
          hv[ij] += pass.input[at][i] * rd[j];
          da += delta[at][j] * phi[ij];
          rda += rd[j] * phi[ij];
          rda += delta[at][j] * u[ij];
        }
        if (l > 0) {
          double below = rda * pass.slope[at - 1][i];
          below += da * pass.curvature[at - 1][i] * rz[at - 1][i];
          r_below.push_back(below);
        }
      }
      for (std::size_t j = 0; j < width; ++j) hv[bias.offset + j] += rd[j];
      rd = std::move(r_below);
    }
  }
  const double terms = net.terms(static_cast<std::int64_t>(rows.size()));
  for (double& value : hv) value /= terms;
  return hv;
}

}  // namespace shoal::reference
