// SPDX-License-Identifier: Apache-2.0
// Responses: converts network outputs to what users ask for, depending on the loss. For example, a network
// with loss bce gives log-odds, and its response is a probability.
//
// Example:
//
//   const shoal::FastWeights<float> adapted = learner.adapt(tasks, 5);
//   const std::vector<float> outputs = learner.predict(adapted, tasks.query(), tasks.columns());
//   const shoal::Responses responses(learner.options().loss, learner.options().model.outputs, {"defaulted"});
//   const std::int64_t rows = tasks.query().total_rows();
//   std::vector<float> values(static_cast<std::size_t>(rows) * responses.columns().size());
//   responses.of_rows<float>(outputs, values, rows);
//
// Values have the same bits on every machine, in single and in double precision: Shoal's own maths computes
// them (docs/numerics.md), never the system's library.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/loss.hpp>

namespace shoal {

/// What a response is. A `label` is the index of a class; all others are values in the target's units.
enum class ResponseKind { prediction, probability, label, quantile, mean, variance };

/// One column of responses.
struct Response {
  ResponseKind kind = ResponseKind::prediction;
  std::string name;  ///< e.g. "prediction", "probability_bad", "q_0.05", "variance_y2"
};

// clang-format off
/// Turns the outputs of one row into its responses:
///
/// | loss | responses | from |
/// |---|---|---|
/// | mse, huber | `prediction` | the output |
/// | bce | `probability` | 1 / (1 + exp(-output)): of a target of 1 |
/// | softmax | `label`, `probability_CLASS` for every class | the first largest output; exp(output), to sum 1 |
/// | pinball | `q_LEVEL` for every quantile | the output |
/// | gaussian-nll | `mean`, `variance` | the output; exp(log-variance) |
/// | qlike | `variance` | exp(output) |
///
/// With several targets, the columns of the first come first; each has the suffix `_TARGET`.
// clang-format on
class Responses {
 public:
  /// `outputs`: number of network outputs. `targets`: names of the targets. `classes`: names of the classes
  /// of softmax, in order. Numbers stand for names that are not given. Throws InvalidArgument when the loss
  /// cannot have that many outputs, or when the number of names is wrong.
  Responses(const Loss& loss, int outputs, std::vector<std::string> targets = {},
            std::vector<std::string> classes = {});

  /// The columns, in the order of the values.
  const std::vector<Response>& columns() const { return columns_; }
  /// Converts one row: `outputs` [outputs] to `values` [columns]. When an output is NaN, all values are NaN.
  /// Throws InvalidArgument for spans of a wrong size.
  template <class Real>
  void of_row(std::span<const Real> outputs, std::span<Real> values) const;
  /// Converts many rows: `outputs` [rows, outputs], as predict returns them, to `values` [rows, columns].
  template <class Real>
  void of_rows(std::span<const Real> outputs, std::span<Real> values, std::int64_t rows) const;

 private:
  template <class Real>
  void respond(std::span<const Real> outputs, std::span<Real> values) const;

  Loss loss_;
  int outputs_ = 0, targets_ = 0;
  std::vector<Response> columns_;
};

extern template void Responses::of_row(std::span<const float>, std::span<float>) const;
extern template void Responses::of_row(std::span<const double>, std::span<double>) const;
extern template void Responses::of_rows(std::span<const float>, std::span<float>, std::int64_t) const;
extern template void Responses::of_rows(std::span<const double>, std::span<double>, std::int64_t) const;

}  // namespace shoal
