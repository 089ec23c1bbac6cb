// SPDX-License-Identifier: Apache-2.0
#include "support/kinks.hpp"

#include <algorithm>
#include <cmath>

#include "core/with_kind.hpp"
#include "support/activation_cases.hpp"
#include "support/loss_cases.hpp"

namespace shoal::testing {
namespace {

/// Applies the activation to z, and records how near z is to a kink.
double activated(Activation kind, double z, TrajectoryMargin& margin) {
  return with_kind(Activations{}, kind, [&]<Activation listed>() {
    margin.kink = std::min(margin.kink, ActivationCase<listed>::kink(z));
    return ActivationCase<listed>::value(z);
  });
}

void visit_set(const RandomCase& c, const ParameterLayout& layout, const TaskSet<double>& set,
               const double* phi, TrajectoryMargin& margin) {
  const int inputs = c.model.inputs, outputs = c.model.outputs;
  const std::int64_t rows = set.total_rows();
  for (std::int64_t r = 0; r < rows; ++r) {
    const double* x = set.x.data() + r * inputs;
    std::vector<double> a(x, x + inputs);
    for (int l = 0; l < layout.layers(); ++l) {
      const TensorSpec &w = layout.weight(l), &b = layout.bias(l);
      const auto width = static_cast<std::size_t>(w.shape[1]);
      std::vector<double> z(phi + b.offset, phi + b.offset + width);
      for (std::size_t i = 0; i < a.size(); ++i)
        for (std::size_t j = 0; j < width; ++j) z[j] += a[i] * phi[w.offset + i * width + j];
      if (l + 1 < layout.layers())
        for (double& value : z) value = activated(c.model.activation, value, margin);
      a = z;
    }
    if (const TensorSpec* skip = layout.skip())
      for (int i = 0; i < inputs; ++i)
        for (int j = 0; j < outputs; ++j)
          a[j] += x[i] * phi[skip->offset + static_cast<std::size_t>(i * outputs + j)];
    if (!set.output_offset.empty())
      for (int j = 0; j < outputs; ++j) a[j] += set.output_offset[r * outputs + j];
    const auto targets = static_cast<std::ptrdiff_t>(c.tasks.columns().targets);
    const std::vector<double> y(set.y.begin() + r * targets, set.y.begin() + (r + 1) * targets);
    margin.kink = std::min(margin.kink, with_kind(LossKinds{}, c.loss.kind, [&]<LossKind kind>() {
                             return LossCase<kind>::kink(c.loss, a, y);
                           }));
  }
}

}  // namespace

TrajectoryMargin margin_of(const RandomCase& c, const TaskBatch64& task, const MetaLearner64& reference) {
  const ParameterLayout layout(c.model);
  const bool pooled = name_of(c.algorithm) == "pooled";
  const int steps = pooled ? 0 : inner_loop_of(c.algorithm).steps;
  TrajectoryMargin margin;
  for (int k = 0; k <= steps; ++k) {
    const auto fast = reference.adapt(task, k);
    for (const double p : fast.phi)
      margin.magnitude = std::max(margin.magnitude, std::isnan(p) ? 1e300 : std::abs(p));
    if (k < steps || pooled) visit_set(c, layout, task.support(), fast.phi.data(), margin);
    visit_set(c, layout, task.query(), fast.phi.data(), margin);
  }
  return margin;
}

}  // namespace shoal::testing
