// SPDX-License-Identifier: Apache-2.0
// Task losses (docs/definitions.md): PyTorch's definitions with the mean over rows and outputs.
//
// Example:
//
//   const shoal::Loss pinball = {.kind = shoal::LossKind::pinball, .quantiles = {0.05, 0.5, 0.95}};
//   const int outputs = pinball.outputs_for(2);  // 2 targets x 3 quantiles = 6
//   pinball.validate(outputs);
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/kinds.hpp>

namespace shoal {

std::string_view to_string(LossKind kind);
/// Throws InvalidArgument with the list of known names.
LossKind loss_from_string(std::string_view name);

/// The numeric targets that a loss is defined for: finite numbers between two bounds. This struct is the one
/// place that defines them; all code that reads targets uses it.
struct TargetDomain {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool above_low = false;       ///< the bound `low` itself is not allowed
  std::string_view fault = {};  ///< describes a finite target out of bounds, e.g. "is not positive"
  std::string_view rule = {};   ///< what the loss needs instead, e.g. "loss qlike needs targets above 0"

  /// Whether there is a finite number that is not in the domain.
  bool is_bounded() const;
  /// Whether a finite number is in the domain.
  bool has(double target) const { return (above_low ? target > low : target >= low) && target <= high; }
  /// The error text for a target that is not in the domain; `text` is how the data writes it. E.g. "2 is not
  /// between 0 and 1; loss bce ...".
  std::string refusal(double target, std::string_view text) const;
};

/// A loss and its options. The mean adds its terms row by row, and within a row output by output.
struct Loss {
  LossKind kind = LossKind::mse;
  double delta = 1.0;       ///< huber: |o - y| above which the loss is linear, > 0
  double pos_weight = 1.0;  ///< bce: weight of the targets of 1; the mean is not divided by the weights
  std::vector<double> quantiles = {};  ///< pinball: levels, each in (0, 1)
  /// qlike: x = max(y, floor); without it a non-positive target is an error
  std::optional<double> floor = {};

  bool operator==(const Loss&) const = default;

  /// Whether targets are class labels. Then there is one target column, and one output for each class.
  bool has_labels() const;
  /// Number of network outputs for `targets` target columns. With labels the model chooses the number of
  /// classes, so the function returns `targets` unchanged.
  int outputs_for(int targets) const;
  /// Number of target columns for a number of network outputs; 1 when targets are class labels.
  int targets_for(int outputs) const;
  /// The targets that the loss accepts when they are numbers. softmax has labels instead: 0 .. classes - 1.
  TargetDomain domain() const;
  /// The divisor of the mean over `rows` rows: rows, rows x outputs, or rows x targets.
  double terms(double rows, int outputs) const;
  /// Throws InvalidArgument when an option is out of range or the loss cannot have `outputs` outputs.
  void validate(int outputs) const;
};

}  // namespace shoal
