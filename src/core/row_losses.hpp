// SPDX-License-Identifier: Apache-2.0
// The loss of every row, in double, for statistics of rows; backends compute the mean over a task.
#pragma once

#include <span>
#include <vector>

#include <shoal/loss.hpp>

namespace shoal {

/// The mean of each row's terms: [rows]. `targets` and `outputs` are numbers of columns, `target` [rows,
/// targets] (a class label as a number) and `output` [rows, outputs] as the loss takes them. The options of
/// the loss are rounded to single precision, as they are in training.
std::vector<double> row_losses(const Loss& loss, int targets, int outputs, std::span<const double> target,
                               std::span<const double> output);

}  // namespace shoal
