// SPDX-License-Identifier: Apache-2.0
#include <shoal/linear_model.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include <shoal/error.hpp>

#include "baselines/loss_terms.hpp"
#include "baselines/newton.hpp"

namespace shoal {
namespace {

using baselines::LossTerms;

constexpr double tolerance = 1e-8;  // of the gradient of the mean loss

/// The rows of a fit with a column of ones behind the inputs.
struct Design {
  const TaskSet<double>& rows;
  std::size_t count, inputs;

  std::size_t width() const { return inputs + 1; }
  double at(std::size_t row, std::size_t column) const {
    return column == inputs ? 1.0 : rows.x[row * inputs + column];
  }
  double product(std::size_t row, std::span<const double> w) const {
    double sum = w[inputs];
    for (std::size_t c = 0; c < inputs; ++c) sum += rows.x[row * inputs + c] * w[c];
    return sum;
  }
  /// gradient += slope z, lower triangle of hessian += curvature z z' (of one block of a wider matrix).
  void add_gradient(std::size_t row, double slope, std::span<double> gradient) const {
    for (std::size_t i = 0; i <= inputs; ++i) gradient[i] += slope * at(row, i);
  }
  void add_hessian(std::size_t row, double curvature, std::span<double> hessian, std::size_t stride,
                   bool whole) const {
    for (std::size_t i = 0; i <= inputs; ++i) {
      const double scaled = curvature * at(row, i);
      const std::size_t last = whole ? inputs : i;
      double* line = hessian.data() + i * stride;
      for (std::size_t j = 0; j <= last; ++j) line[j] += scaled * at(row, j);
    }
  }
};

void require_finite(const TaskSet<double>& rows, std::size_t count) {
  if (count == 0) throw DataError("linear: there are no rows to fit on");
  const auto check = [&](std::span<const double> values, const char* what) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!std::isfinite(values[i]))
        throw DataError("linear: row " + std::to_string(i / (values.size() / count)) + ": " + what +
                        " is not finite");
  };
  check(rows.x, "an input");
  check(rows.y, "a target");
  check(rows.output_offset, "the offset");
}

/// One output for one target column.
class TargetFit {
 public:
  TargetFit(const Loss& loss, const Design& design, std::size_t target, std::size_t targets)
      : loss_(loss), design_(design), target_(target), targets_(targets) {}

  baselines::Minimum fit() const {
    std::vector<double> start(design_.width(), 0.0);
    if (loss_.kind == LossKind::qlike) start.back() = log_mean_ratio();  // Newton's own way there is long
    return baselines::minimise([this](std::span<const double> w, std::span<double> gradient,
                                      std::span<double> hessian) { return value(w, gradient, hessian); },
                               start, tolerance);
  }

 private:
  double y(std::size_t row) const { return design_.rows.y[row * targets_ + target_]; }
  double offset(std::size_t row) const {
    return design_.rows.output_offset.empty() ? 0.0 : design_.rows.output_offset[row * targets_ + target_];
  }

  double log_mean_ratio() const {
    double sum = 0.0;
    for (std::size_t row = 0; row < design_.count; ++row) {
      const double x = loss_.floor ? std::max(y(row), *loss_.floor) : y(row);
      sum += x * baselines::exponential(-offset(row));
    }
    return std::log(sum / static_cast<double>(design_.count));
  }

  double value(std::span<const double> w, std::span<double> gradient, std::span<double> hessian) const {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    std::fill(hessian.begin(), hessian.end(), 0.0);
    double sum = 0.0;
    for (std::size_t row = 0; row < design_.count; ++row) {
      const LossTerms terms = baselines::loss_terms(loss_, design_.product(row, w) + offset(row), y(row));
      sum += terms.value;
      if (!gradient.empty()) design_.add_gradient(row, terms.slope, gradient);
      if (!hessian.empty()) design_.add_hessian(row, terms.curvature, hessian, w.size(), false);
    }
    const auto n = static_cast<double>(design_.count);
    for (double& g : gradient) g /= n;
    for (double& h : hessian) h /= n;
    return sum / n;
  }

  const Loss& loss_;
  const Design& design_;
  std::size_t target_, targets_;
};

/// All classes but the first, whose output is 0 (and its offset).
class ClassFit {
 public:
  ClassFit(const Design& design, std::size_t classes) : design_(design), classes_(classes) {}

  baselines::Minimum fit() const {
    return baselines::minimise([this](std::span<const double> w, std::span<double> gradient,
                                      std::span<double> hessian) { return value(w, gradient, hessian); },
                               std::vector<double>((classes_ - 1) * design_.width(), 0.0), tolerance);
  }

 private:
  double value(std::span<const double> w, std::span<double> gradient, std::span<double> hessian) const {
    std::fill(gradient.begin(), gradient.end(), 0.0);
    std::fill(hessian.begin(), hessian.end(), 0.0);
    const std::size_t width = design_.width();
    std::vector<double> p(classes_);
    double sum = 0.0;
    for (std::size_t row = 0; row < design_.count; ++row) {
      const auto label = static_cast<std::size_t>(design_.rows.labels[row]);
      sum += probabilities(row, w, p, label);
      for (std::size_t a = 1; a < classes_ && !gradient.empty(); ++a) {
        design_.add_gradient(row, p[a] - (a == label ? 1.0 : 0.0), gradient.subspan((a - 1) * width, width));
        for (std::size_t b = 1; b <= a && !hessian.empty(); ++b)
          design_.add_hessian(row, p[a] * ((a == b ? 1.0 : 0.0) - p[b]),
                              hessian.subspan(((a - 1) * w.size() + (b - 1)) * width), w.size(), a != b);
      }
    }
    const auto n = static_cast<double>(design_.count);
    for (double& g : gradient) g /= n;
    for (double& h : hessian) h /= n;
    return sum / n;
  }

  /// Fills the probabilities of the classes; returns the loss of the row.
  double probabilities(std::size_t row, std::span<const double> w, std::vector<double>& p,
                       std::size_t label) const {
    const std::size_t width = design_.width();
    for (std::size_t c = 0; c < classes_; ++c) {
      p[c] = c == 0 ? 0.0 : design_.product(row, w.subspan((c - 1) * width, width));
      if (!design_.rows.output_offset.empty()) p[c] += design_.rows.output_offset[row * classes_ + c];
    }
    const double largest = *std::max_element(p.begin(), p.end()), own = p[label];
    double total = 0.0;
    for (double& value : p) total += value = baselines::exponential(value - largest);
    for (double& value : p) value /= total;
    return std::log(total) + largest - own;
  }

  const Design& design_;
  std::size_t classes_;
};

}  // namespace

bool has_linear_model(LossKind kind) {
  return kind == LossKind::softmax || baselines::has_loss_terms(kind);
}

LinearModel fit_linear(const Loss& loss, const TaskColumns& columns, const TaskSet<double>& rows,
                       int classes) {
  if (!has_linear_model(loss.kind))
    throw InvalidArgument("linear: loss " + std::string(to_string(loss.kind)) +
                          " has no generalised linear model; bce, mse, qlike and softmax have one");
  const Design design{rows, static_cast<std::size_t>(rows.total_rows()),
                      static_cast<std::size_t>(columns.inputs)};
  require_finite(rows, design.count);
  LinearModel model;
  model.inputs = columns.inputs;
  model.rows = rows.total_rows();
  const auto take = [&](const baselines::Minimum& minimum) {
    model.coefficients.insert(model.coefficients.end(), minimum.at.begin(), minimum.at.end());
    model.gradient = std::max(model.gradient, minimum.gradient);
    model.ridge = std::max(model.ridge, minimum.ridge);
    model.iterations = std::max(model.iterations, minimum.iterations);
  };
  if (loss.kind == LossKind::softmax) {
    for (const std::int64_t label : rows.labels)
      if (label >= classes)
        throw InvalidArgument("linear: label " + std::to_string(label) + " is not below " +
                              std::to_string(classes));
    model.outputs = classes;
    model.coefficients.assign(design.width(), 0.0);
    if (classes > 1) take(ClassFit(design, static_cast<std::size_t>(classes)).fit());
    return model;
  }
  model.outputs = columns.targets;
  const auto targets = static_cast<std::size_t>(columns.targets);
  for (std::size_t t = 0; t < targets; ++t) take(TargetFit(loss, design, t, targets).fit());
  return model;
}

std::vector<double> linear_outputs(const LinearModel& model, const TaskSet<double>& rows) {
  const Design design{rows, static_cast<std::size_t>(rows.total_rows()),
                      static_cast<std::size_t>(model.inputs)};
  const auto outputs = static_cast<std::size_t>(model.outputs);
  std::vector<double> result;
  result.reserve(design.count * outputs);
  for (std::size_t row = 0; row < design.count; ++row)
    for (std::size_t k = 0; k < outputs; ++k) {
      const double offset = rows.output_offset.empty() ? 0.0 : rows.output_offset[row * outputs + k];
      result.push_back(
          offset +
          design.product(row, std::span(model.coefficients).subspan(k * design.width(), design.width())));
    }
  return result;
}

}  // namespace shoal
