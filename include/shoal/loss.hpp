// SPDX-License-Identifier: Apache-2.0
// Task losses (contract.md 1): PyTorch's definitions with the mean over rows and outputs.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace shoal {

enum class LossKind { mse, huber, bce, softmax, pinball, gaussian_nll, qlike };

std::string_view to_string(LossKind kind);
/// Throws InvalidArgument with the list of known names.
LossKind loss_from_string(std::string_view name);

/// A loss and its options. Sums run row by row, then output by output.
struct Loss {
  LossKind kind = LossKind::mse;
  double delta = 1.0;                  ///< huber
  double pos_weight = 1.0;             ///< bce, not renormalised
  std::vector<double> quantiles = {};  ///< pinball, each in (0, 1)
  std::optional<double> floor =
      {};  ///< qlike: x = max(y, floor); without it a non-positive target is an error

  bool operator==(const Loss&) const = default;

  /// Network outputs for `targets` target columns. softmax: the number of classes is the model's own choice,
  /// so `targets` is returned unchanged.
  int outputs_for(int targets) const;
  /// Divisor of the mean for a set of `rows` rows: rows, rows x outputs or rows x targets.
  double terms(double rows, int outputs) const;
  /// Throws InvalidArgument when an option is out of range or `outputs` does not fit.
  void validate(int outputs) const;
};

}  // namespace shoal
