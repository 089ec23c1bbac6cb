// SPDX-License-Identifier: Apache-2.0
// Task losses (docs/definitions.md): PyTorch's definitions with the mean over rows and outputs.
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

/// The numeric targets that a loss is defined for: finite numbers between two bounds. The one place that says
/// so; whatever reads targets asks here.
struct TargetDomain {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool above_low = false;       ///< `low` itself is outside
  std::string_view fault = {};  ///< of a finite target outside, e.g. "is not positive"
  std::string_view rule = {};   ///< what the loss takes instead, e.g. "loss qlike needs targets above 0"

  /// Whether a finite number may be outside.
  bool is_bounded() const;
  /// Whether a finite number is inside.
  bool has(double target) const { return (above_low ? target > low : target >= low) && target <= high; }
  /// What is wrong about a target outside, which is shown as `text`: "2 is not between 0 and 1; loss bce
  /// ...".
  std::string refusal(double target, std::string_view text) const;
};

/// A loss and its options. Sums run row by row, then output by output.
struct Loss {
  LossKind kind = LossKind::mse;
  double delta = 1.0;                  ///< huber
  double pos_weight = 1.0;             ///< bce, not renormalised
  std::vector<double> quantiles = {};  ///< pinball, each in (0, 1)
  std::optional<double> floor =
      {};  ///< qlike: x = max(y, floor); without it a non-positive target is an error

  bool operator==(const Loss&) const = default;

  /// Whether targets are class labels: one column, and an output for each class.
  bool has_labels() const;
  /// Network outputs for `targets` target columns. With labels the number of classes is the model's own
  /// choice, so `targets` is returned unchanged.
  int outputs_for(int targets) const;
  /// Target columns behind so many network outputs; 1 where they are class labels.
  int targets_for(int outputs) const;
  /// Targets that are numbers. softmax has none: its labels are 0 .. classes - 1.
  TargetDomain domain() const;
  /// Divisor of the mean for a set of `rows` rows: rows, rows x outputs or rows x targets.
  double terms(double rows, int outputs) const;
  /// Throws InvalidArgument when an option is out of range or `outputs` does not fit.
  void validate(int outputs) const;
};

}  // namespace shoal
