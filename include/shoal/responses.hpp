// SPDX-License-Identifier: Apache-2.0
// Responses: what the outputs of a network mean for a loss, in the words of who asks. A network that learned
// with bce gives log-odds; people want probabilities.
//
//   const shoal::Responses responses(learner.options().loss, learner.options().model.outputs, {"defaulted"});
//   std::vector<float> values(rows * responses.columns().size());
//   responses.of_rows<float>(learner.predict(adapted, tasks.query(), tasks.columns()), values, rows);
//
// Values have the same bits on every machine, in single and in double precision: they are computed by the
// shared maths (docs/numerics.md), never by a system's library.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/loss.hpp>

namespace shoal {

/// What a response is. `label` is the number of a class, every other a value in the target's units.
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
/// With several targets the columns of one target follow another's, each with the suffix `_TARGET`.
// clang-format on
class Responses {
 public:
  /// `outputs`: of the network. `targets`: their names; `classes`: names of the classes of softmax, in order.
  /// Names that are not given are numbers. Throws InvalidArgument when the loss does not fit the outputs, or
  /// the names do not fit either.
  Responses(const Loss& loss, int outputs, std::vector<std::string> targets = {},
            std::vector<std::string> classes = {});

  /// Columns, in the order of the values.
  const std::vector<Response>& columns() const { return columns_; }
  /// Responses of one row: `outputs` [outputs] to `values` [columns]. A row with an output that is NaN has
  /// none: all its values are NaN. Throws InvalidArgument for other sizes.
  template <class Real>
  void of_row(std::span<const Real> outputs, std::span<Real> values) const;
  /// The same of many rows: `outputs` [rows, outputs], as predict returns them, to `values` [rows, columns].
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
