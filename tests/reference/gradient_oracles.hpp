// SPDX-License-Identifier: Apache-2.0
// Oracles of meta-gradients, from the definitions and dual numbers: without Hessian, adjoint, or backward
// pass through the inner loop.
#pragma once

#include "support/random_case.hpp"

namespace shoal::testing {

/// A direction in the space of theta and rates.
struct Direction {
  std::vector<double> theta, rates;
};

/// The mean over tasks of the meta-loss sum_k w_k L_query(phi_k) (pooled: the loss over all rows at theta).
double meta_loss(const RandomCase& c, const TaskBatch64& tasks, const MetaParameters<double>& at);
/// The derivative of meta_loss() at `at` along `direction`, by running the inner loop on dual numbers.
double meta_loss_derivative(const RandomCase& c, const TaskBatch64& tasks, const MetaParameters<double>& at,
                            const Direction& direction);
/// FOMAML's definition: the mean of the derivative of the query loss at phi_K along `direction`, with phi_K
/// held constant (summed over k with step weights).
double first_order_derivative(const RandomCase& c, const TaskBatch64& tasks, const MetaParameters<double>& at,
                              const Direction& direction);
/// Reptile's definition: the mean of theta - phi_K.
std::vector<double> mean_move(const RandomCase& c, const TaskBatch64& tasks,
                              const MetaParameters<double>& at);

}  // namespace shoal::testing
