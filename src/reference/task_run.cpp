// SPDX-License-Identifier: Apache-2.0
#include "reference/task_run.hpp"

#include <algorithm>

namespace shoal::reference {
namespace {

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool all_finite(const std::vector<Row>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const Row& row) {
    return all_finite(row.x) && all_finite(row.offset) && all_finite(row.target.y);
  });
}

}  // namespace

TaskRun::TaskRun(const Network& net, const InnerPlan& plan, const MetaParameters<double>& parameters,
                 std::vector<Row> support, std::vector<Row> query)
    : net_(net),
      plan_(plan),
      parameters_(parameters),
      support_(std::move(support)),
      query_(std::move(query)) {
  trajectory_.push_back(parameters.theta);
  if (!all_finite(support_) || !all_finite(query_)) fail(TaskStatus::non_finite_input, -1);
}

void TaskRun::adapt(int steps) {
  for (int k = static_cast<int>(trajectory_.size()) - 1; k < steps && good(); ++k) {
    const std::vector<double>& phi = trajectory_.back();
    if (support_.empty()) {
      gradients_.emplace_back(phi.size(), 0.0);
      trajectory_.push_back(std::vector<double>(phi));
      continue;
    }
    auto [loss, gradient] = loss_and_gradient<double>(net_, phi, support_);
    const std::vector<double> alpha = rates_at<double>(net_, plan_, parameters_.rates, k);
    std::vector<double> next = inner_step<double>(phi, alpha, gradient);
    double moved = 0.0;
    for (std::size_t p = 0; p < next.size(); ++p)
      moved = std::max(moved, std::abs(next[p] - parameters_.theta[p]));
    if (!std::isfinite(loss) || !all_finite(next)) fail(TaskStatus::non_finite_inner, k);
    if (plan_.max_move > 0.0 && moved > plan_.max_move) fail(TaskStatus::moved_too_far, k);
    gradients_.push_back(std::move(gradient));
    trajectory_.push_back(std::move(next));
  }
}

double TaskRun::weight(int k) const {
  if (plan_.step_weights.empty()) return k == plan_.steps ? 1.0 : 0.0;
  return k == 0 ? 0.0 : plan_.step_weights[static_cast<std::size_t>(k - 1)];
}

MetaParameters<double> TaskRun::meta_gradient() {
  MetaParameters<double> result{std::vector<double>(net_.layout.size(), 0.0),
                                std::vector<double>(parameters_.rates.size(), 0.0)};
  std::vector<double>& lambda = result.theta;
  if (plan_.rule == OuterRule::parameter_move) {
    for (std::size_t p = 0; p < lambda.size(); ++p) lambda[p] = parameters_.theta[p] - phi(plan_.steps)[p];
  } else {
    for (int k = plan_.steps; k >= 0; --k) {
      if (k < plan_.steps && plan_.rule == OuterRule::exact && !support_.empty())
        backward_through_step(k, lambda, result.rates);
      const double w = plan_.steps == 0 ? 1.0 : weight(k);
      if (w == 0.0) continue;
      const auto [loss, gradient] = loss_and_gradient<double>(net_, phi(k), query_);
      require_small(loss);
      for (std::size_t p = 0; p < lambda.size(); ++p) lambda[p] += w * gradient[p];
    }
  }
  for (const auto* part : {&result.theta, &result.rates})
    for (const double value : *part) require_small(value);
  return result;
}

// lambda_k = lambda_{k+1} - H_k (alpha o lambda_{k+1});  d alpha -= g_k o lambda_{k+1}
void TaskRun::backward_through_step(int k, std::vector<double>& lambda,
                                    std::vector<double>& rate_gradient) const {
  const std::vector<double>& gradient = gradients_[static_cast<std::size_t>(k)];
  std::vector<double> u = rates_at<double>(net_, plan_, parameters_.rates, k);
  for (std::size_t t = 0; t < net_.layout.tensors().size(); ++t) {
    const TensorSpec& tensor = net_.layout.tensors()[t];
    for (std::size_t p = tensor.offset; p < tensor.offset + tensor.size && plan_.adapts[t]; ++p)
      if (plan_.learned_rate != LearnedRate::none)
        rate_gradient[rate_index(plan_, tensor, p, k)] -= gradient[p] * lambda[p];
  }
  for (std::size_t p = 0; p < u.size(); ++p) u[p] *= lambda[p];
  const std::vector<double> hv = hessian_vector(net_, phi(k), u, support_);
  for (std::size_t p = 0; p < lambda.size(); ++p) lambda[p] -= hv[p];
}

}  // namespace shoal::reference
