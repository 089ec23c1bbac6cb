// SPDX-License-Identifier: Apache-2.0
#include "support/hand_computed.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace shoal::testing {
namespace {

struct TaskRows {
  std::vector<float> support_x, support_y, query_x, query_y;
};

RandomCase problem_of(std::vector<int> hidden, const std::vector<float>& theta,
                      const std::vector<TaskRows>& tasks) {
  RandomCase c;
  c.model = {.inputs = 1, .hidden = std::move(hidden), .outputs = 1, .activation = Activation::relu};
  c.parameters.theta = theta;
  TaskSetStorage<float> support, query;
  std::vector<std::int64_t> ids;
  const auto add = [](TaskSetStorage<float>& set, const std::vector<float>& x, const std::vector<float>& y) {
    set.x.insert(set.x.end(), x.begin(), x.end());
    set.y.insert(set.y.end(), y.begin(), y.end());
    set.row_starts.push_back(static_cast<std::int64_t>(set.x.size()));
  };
  for (const TaskRows& task : tasks) {
    add(support, task.support_x, task.support_y);
    add(query, task.query_x, task.query_y);
    ids.push_back(static_cast<std::int64_t>(ids.size()));
  }
  c.tasks = TaskBatch::own({1, 1, 0}, std::move(support), std::move(query), std::move(ids));
  return c;
}

HandComputed with(RandomCase problem, const Algorithm& algorithm, HandComputed expected,
                  std::vector<float> rates = {}) {
  problem.algorithm = algorithm;
  problem.parameters.rates = std::move(rates);
  expected.problem = std::move(problem);
  return expected;
}

// The 1-1 net: o = w x + b at theta = (w, b) = (1, 0), squared error, alpha = 1/8.
//
// Task A, support (x, y) = (2, 1), query (1, -3/4). With d = o - y: gradient 2 d (x, 1), Hessian
// 2 (x^2, x; x, 1) = (8, 4; 4, 2), the same everywhere.
//   at theta: d = 2 - 1 = 1, g_0 = (4, 2), phi_1 = (1 - 4/8, 0 - 2/8) = (1/2, -1/4)
//   query at theta: d = 1 + 3/4 = 7/4, gradient (7/2, 7/2)
//   query at phi_1: d = 1/4 + 3/4 = 1, loss 1, lambda_1 = (2, 2)
//   I - alpha H = (0, -1/2; -1/2, 3/4), so lambda_0 = (-1, -1 + 3/2) = (-1, 1/2)
//   -g_0 o lambda_1 = (-8, -4), of the layer's one rate -12
// A second step:
//   at phi_1: d = 1 - 1/4 - 1 = -1/4, g_1 = (-1, -1/2), phi_2 = (1/2 + 1/8, -1/4 + 1/16) = (5/8, -3/16)
//   query at phi_2: d = 10/16 - 3/16 + 12/16 = 19/16, loss 361/256, lambda_2 = (19/8, 19/8)
//   lambda_1 = (-19/16, 19/8 (3/4 - 1/2)) = (-19/16, 19/32)
//   lambda_0 = (-19/64, 19/32 + 57/128) = (-19/64, 133/128)
// With step weights (1/4, 3/4):
//   lambda_2 = 3/4 (19/8, 19/8) = (57/32, 57/32)
//   lambda_1 = (-57/64, 57/128) + 1/4 (2, 2) = (-25/64, 121/128)
//   lambda_0 = (-121/256, 25/128 + 363/512) = (-121/256, 463/512)
//
// Task B, support (1, 0) and (-1, 0), query (4, 1). The Hessian is the mean of (2, 2; 2, 2) and
// (2, -2; -2, 2), that is (2, 0; 0, 2).
//   at theta: d = 1 and -1, g_0 = ((2 + 2) / 2, (2 - 2) / 2) = (2, 0), phi_1 = (3/4, 0)
//   query at theta: d = 4 - 1 = 3, gradient (24, 6)
//   query at phi_1: d = 3 - 1 = 2, loss 4, lambda_1 = (16, 4)
//   lambda_0 = 3/4 lambda_1 = (12, 3);  -g_0 o lambda_1 = (-32, 0), of the layer -32
void add_net_1_1(std::vector<HandComputed>& cases) {
  const TaskRows a{{2.0f}, {1.0f}, {1.0f}, {-0.75f}}, b{{1.0f, -1.0f}, {0.0f, 0.0f}, {4.0f}, {1.0f}};
  const RandomCase both = problem_of({}, {1.0f, 0.0f}, {a, b}), a_alone = problem_of({}, {1.0f, 0.0f}, {a});
  const InnerLoop none{.steps = 0}, one{.steps = 1, .learning_rate = 0.125},
      two{.steps = 2, .learning_rate = 0.125};
  const std::vector<double> phi = {1.0 / 2, -1.0 / 4, 3.0 / 4, 0.0}, loss = {1.0, 4.0};
  // Means over A and B.
  cases.push_back(with(both, Maml{none},
                       {"1-1 net, no step",
                        {},
                        {(7.0 / 2 + 24) / 2, (7.0 / 2 + 6) / 2},
                        {},
                        {1.0, 0.0, 1.0, 0.0},
                        {49.0 / 16, 9.0}}));
  cases.push_back(
      with(both, Maml{one}, {"1-1 net, MAML", {}, {(-1.0 + 12) / 2, (1.0 / 2 + 3) / 2}, {}, phi, loss}));
  cases.push_back(
      with(both, Fomaml{one}, {"1-1 net, FOMAML", {}, {(2.0 + 16) / 2, (2.0 + 4) / 2}, {}, phi, loss}));
  cases.push_back(
      with(both, Reptile{one},
           {"1-1 net, Reptile", {}, {(1.0 / 2 + 1.0 / 4) / 2, (1.0 / 4 + 0) / 2}, {}, phi, loss}));
  cases.push_back(with(
      both, Maml{.inner = one, .learned_rate = LearnedRate::layer},
      {"1-1 net, a rate per layer", {}, {(-1.0 + 12) / 2, (1.0 / 2 + 3) / 2}, {(-12.0 - 32) / 2}, phi, loss},
      {0.125f}));
  cases.push_back(with(both, MetaSgd{one},
                       {"1-1 net, Meta-SGD",
                        {},
                        {(-1.0 + 12) / 2, (1.0 / 2 + 3) / 2},
                        {(-8.0 - 32) / 2, (-4.0 + 0) / 2},
                        phi,
                        loss},
                       {0.125f, 0.125f}));
  const std::vector<double> phi_2 = {5.0 / 8, -3.0 / 16}, loss_2 = {361.0 / 256};
  cases.push_back(
      with(a_alone, Maml{two}, {"1-1 net, two steps", {}, {-19.0 / 64, 133.0 / 128}, {}, phi_2, loss_2}));
  cases.push_back(with(a_alone, Maml{.inner = two, .step_weights = {0.25, 0.75}},
                       {"1-1 net, multi-step loss", {}, {-121.0 / 256, 463.0 / 512}, {}, phi_2, loss_2}));
}

// The 1-2-1 net: o = v1 relu(a1 x + c1) + v2 relu(a2 x + c2) + e, squared error, alpha = 1/4, at
//   theta = (a1, a2, c1, c2, v1, v2, e) = (1, -1, 0, 2, 1, 1/2, 0).
// Support (x, y) = (1, 1/2), query (3, -1). J is the gradient of o, H u = 2 J (J u) + 2 d (second derivative
// of o) u; the latter has a_i v_i = x and c_i v_i = 1, no more.
//
// Support at theta: both units give 1, o = 3/2, d = 1, J = (1, 1/2, 1, 1/2, 1, 1, 1), g_0 = 2 J.
//   phi_1 = theta - J / 2 = (1/2, -5/4, -1/2, 7/4, 1/2, 0, -1/2)
// Query at phi_1: z = 3/2 - 1/2 = 1 and -15/4 + 7/4 = -2 (off), o = 1/2 - 1/2 = 0, d = 1, loss 1:
//   lambda_1 = 2 d (v1 x, 0, v1, 0, 1, 0, 1) = (3, 0, 1, 0, 2, 0, 2)
// J lambda_1 = 3 + 1 + 2 + 2 = 8; second derivative: a1, c1 from v1: 2, 2; v1 from a1 x + c1: 3 + 1 = 4.
//   H lambda_1 = 16 J + 2 (2, 0, 2, 0, 4, 0, 0) = (20, 8, 20, 8, 24, 16, 16)
//   lambda_0 = lambda_1 - H lambda_1 / 4 = (-2, -2, -4, -2, -4, -4, -2)
//   -g_0 o lambda_1 = (-6, 0, -2, 0, -4, 0, -4), of the layers -8 and -8
//
// ANIL moves v and e alone: phi_1 = (1, -1, 0, 2, 1/2, 0, -1/2).
// Query: z = 3 and -1 (off), o = 3/2 - 1/2 = 1, d = 2, loss 4:
//   lambda_1 = 4 (v1 x, 0, v1, 0, 3, 0, 1) = (6, 0, 2, 0, 12, 0, 4)
// u = (0, 0, 0, 0, 12, 0, 4), J u = 16, second derivative: a1 and c1 from v1: 12, 12.
//   H u = 32 J + 2 (12, 0, 12, 0, 0, 0, 0) = (56, 16, 56, 16, 32, 32, 32)
//   lambda_0 = (6 - 14, -4, 2 - 14, -4, 12 - 8, -8, 4 - 8) = (-8, -4, -12, -4, 4, -8, -4)
//
// BOIL moves a and c alone: phi_1 = (1/2, -5/4, -1/2, 7/4, 1, 1/2, 0).
// Query: z = 1 and -2 (off), o = 1, d = 2, loss 4:
//   lambda_1 = 4 (v1 x, 0, v1, 0, 1, 0, 1) = (12, 0, 4, 0, 4, 0, 4)
// u = (12, 0, 4, 0, 0, 0, 0), J u = 16, second derivative: v1 from a1 x + c1: 16.
//   H u = 32 J + 2 (0, 0, 0, 0, 16, 0, 0) = (32, 16, 32, 16, 64, 32, 32)
//   lambda_0 = (12 - 8, -4, 4 - 8, -4, 4 - 16, -8, 4 - 8) = (4, -4, -4, -4, -12, -8, -4)
void add_net_1_2_1(std::vector<HandComputed>& cases) {
  const RandomCase problem =
      problem_of({2}, {1.0f, -1.0f, 0.0f, 2.0f, 1.0f, 0.5f, 0.0f}, {{{1.0f}, {0.5f}, {3.0f}, {-1.0f}}});
  const InnerLoop one{.steps = 1, .learning_rate = 0.25};
  const std::vector<double> phi = {1.0 / 2, -5.0 / 4, -1.0 / 2, 7.0 / 4, 1.0 / 2, 0.0, -1.0 / 2};
  const std::vector<double> exact = {-2, -2, -4, -2, -4, -4, -2};
  cases.push_back(with(problem, Maml{one}, {"1-2-1 net, MAML", {}, exact, {}, phi, {1.0}}));
  cases.push_back(
      with(problem, Fomaml{one}, {"1-2-1 net, FOMAML", {}, {3, 0, 1, 0, 2, 0, 2}, {}, phi, {1.0}}));
  cases.push_back(with(problem, Reptile{one},
                       {"1-2-1 net, Reptile",
                        {},
                        {1.0 / 2, 1.0 / 4, 1.0 / 2, 1.0 / 4, 1.0 / 2, 1.0 / 2, 1.0 / 2},
                        {},
                        phi,
                        {1.0}}));
  cases.push_back(with(problem, Anil{one},
                       {"1-2-1 net, ANIL",
                        {},
                        {-8, -4, -12, -4, 4, -8, -4},
                        {},
                        {1.0, -1.0, 0.0, 2.0, 1.0 / 2, 0.0, -1.0 / 2},
                        {4.0}}));
  cases.push_back(with(problem, Boil{one},
                       {"1-2-1 net, BOIL",
                        {},
                        {4, -4, -4, -4, -12, -8, -4},
                        {},
                        {1.0 / 2, -5.0 / 4, -1.0 / 2, 7.0 / 4, 1.0, 1.0 / 2, 0.0},
                        {4.0}}));
  cases.push_back(with(problem, Maml{.inner = one, .learned_rate = LearnedRate::layer_step},
                       {"1-2-1 net, a rate per layer and step", {}, exact, {-8, -8}, phi, {1.0}},
                       {0.25f, 0.25f}));
  cases.push_back(with(problem, MetaSgd{one},
                       {"1-2-1 net, Meta-SGD", {}, exact, {-6, 0, -2, 0, -4, 0, -4}, phi, {1.0}},
                       std::vector<float>(7, 0.25f)));
}

template <class Real>
std::vector<double> wide(const std::vector<Real>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

const std::vector<HandComputed>& hand_computed() {
  static const std::vector<HandComputed> cases = [] {
    std::vector<HandComputed> all;
    add_net_1_1(all);
    add_net_1_2_1(all);
    return all;
  }();
  return cases;
}

template <class Real>
void expect_hand_computed(const Context& context, const std::string& name) {
  for (const HandComputed& expected : hand_computed()) {
    SCOPED_TRACE(name + ", " + expected.name);
    const auto learner = learner_for<Real>(context, expected.problem);
    const auto got = [&] {
      if constexpr (std::is_same_v<Real, double>)
        return learner.meta_gradient(widen(expected.problem.tasks), KeepFastWeights::yes);
      else
        return learner.meta_gradient(expected.problem.tasks, KeepFastWeights::yes);
    }();
    EXPECT_EQ(got.good, expected.problem.tasks.size());
    EXPECT_EQ(wide(got.theta), expected.theta);
    EXPECT_EQ(wide(got.rates), expected.rates);
    EXPECT_EQ(wide(got.fast_weights), expected.fast_weights);
    EXPECT_EQ(wide(got.query_loss), expected.query_loss);
  }
}

template void expect_hand_computed<float>(const Context&, const std::string&);
template void expect_hand_computed<double>(const Context&, const std::string&);

}  // namespace shoal::testing
