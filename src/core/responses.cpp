// SPDX-License-Identifier: Apache-2.0
#include <shoal/responses.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"
#include "kernels/math/double_exponential.hpp"
#include "kernels/math/losses.hpp"

namespace shoal {
namespace {

void probabilities(std::span<const float> outputs, float* p) {
  kernels::Softmax{static_cast<int>(outputs.size())}.probabilities(outputs.data(), p);
}
void probabilities(std::span<const double> outputs, double* p) {
  const double largest = *std::max_element(outputs.begin(), outputs.end());
  double sum = 0.0;
  for (std::size_t j = 0; j < outputs.size(); ++j) sum += p[j] = kernels::exp(outputs[j] - largest);
  for (std::size_t j = 0; j < outputs.size(); ++j) p[j] /= sum;
}

std::string level_text(double level) {
  char digits[400];  // the smallest level has 326
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, level, std::chars_format::fixed);
  return error == std::errc() ? std::string(digits, end) : std::to_string(level);
}

}  // namespace

Responses::Responses(const Loss& loss, int outputs, std::vector<std::string> targets,
                     std::vector<std::string> classes)
    : loss_(loss), outputs_(outputs) {
  if (outputs < 1) throw InvalidArgument("responses: there are no outputs");
  loss.validate(outputs);
  targets_ = loss.targets_for(outputs);
  const auto name_all = [](std::vector<std::string>& names, int count, const char* what) {
    if (names.empty())
      for (int i = 0; i < count; ++i) names.push_back(std::to_string(i));
    if (names.size() != static_cast<std::size_t>(count))
      throw InvalidArgument("responses: " + std::to_string(names.size()) + " names for " +
                            std::to_string(count) + " " + what);
  };
  name_all(targets, targets_, "targets");
  if (loss.has_labels()) name_all(classes, outputs, "classes");
  for (const std::string& target : targets) {
    const std::string suffix = targets_ > 1 ? "_" + target : "";
    const auto add = [&](ResponseKind kind, const std::string& name) {
      columns_.push_back({kind, name + suffix});
    };
    switch (loss.kind) {
      case LossKind::mse:
      case LossKind::huber:
        add(ResponseKind::prediction, "prediction");
        break;
      case LossKind::bce:
        add(ResponseKind::probability, "probability");
        break;
      case LossKind::softmax:
        add(ResponseKind::label, "label");
        for (const std::string& name : classes) add(ResponseKind::probability, "probability_" + name);
        break;
      case LossKind::pinball:
        for (const double level : loss.quantiles) add(ResponseKind::quantile, "q_" + level_text(level));
        break;
      case LossKind::gaussian_nll:
        add(ResponseKind::mean, "mean");
        add(ResponseKind::variance, "variance");
        break;
      case LossKind::qlike:
        add(ResponseKind::variance, "variance");
        break;
    }
  }
}

template <class Real>
void Responses::of_row(std::span<const Real> outputs, std::span<Real> values) const {
  of_rows(outputs, values, 1);
}

template <class Real>
void Responses::of_rows(std::span<const Real> outputs, std::span<Real> values, std::int64_t rows) const {
  const auto require = [&](const char* what, std::size_t have, std::size_t width) {
    const auto count = static_cast<std::size_t>(rows);
    if (rows < 0 || have % width != 0 || have / width != count)
      throw InvalidArgument("responses: " + std::to_string(have) + " " + what + " for " +
                            std::to_string(rows) + " rows of " + std::to_string(width));
  };
  const auto width = static_cast<std::size_t>(outputs_);
  require("outputs", outputs.size(), width);
  require("values", values.size(), columns_.size());
  const FloatEnvironment environment;
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row)
    respond(outputs.subspan(row * width, width), values.subspan(row * columns_.size(), columns_.size()));
}

template <class Real>
void Responses::respond(std::span<const Real> outputs, std::span<Real> values) const {
  if (std::any_of(outputs.begin(), outputs.end(), [](Real x) { return std::isnan(x); })) {
    std::fill(values.begin(), values.end(), std::numeric_limits<Real>::quiet_NaN());
    return;
  }
  switch (loss_.kind) {
    case LossKind::mse:
    case LossKind::huber:
    case LossKind::pinball:
      std::copy(outputs.begin(), outputs.end(), values.begin());
      break;
    case LossKind::bce:
      std::transform(outputs.begin(), outputs.end(), values.begin(),
                     [](Real x) { return kernels::sigmoid(x); });
      break;
    case LossKind::softmax:
      values[0] = static_cast<Real>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
      probabilities(outputs, values.data() + 1);
      break;
    case LossKind::gaussian_nll:
      for (std::size_t t = 0; t < static_cast<std::size_t>(targets_); ++t) {
        values[2 * t] = outputs[t];
        values[2 * t + 1] = kernels::exp(outputs[static_cast<std::size_t>(targets_) + t]);
      }
      break;
    case LossKind::qlike:
      std::transform(outputs.begin(), outputs.end(), values.begin(), [](Real x) { return kernels::exp(x); });
      break;
  }
}

template void Responses::of_row(std::span<const float>, std::span<float>) const;
template void Responses::of_row(std::span<const double>, std::span<double>) const;
template void Responses::of_rows(std::span<const float>, std::span<float>, std::int64_t) const;
template void Responses::of_rows(std::span<const double>, std::span<double>, std::int64_t) const;

}  // namespace shoal
