// SPDX-License-Identifier: Apache-2.0
// Names of enumerators are part of the configuration format (docs/configuration.md), so each is written out.
// Covers cluster, nearest_name, task_status.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <shoal/algorithm.hpp>
#include <shoal/cluster.hpp>
#include <shoal/context.hpp>
#include <shoal/counted.hpp>
#include <shoal/loss.hpp>
#include <shoal/model.hpp>
#include <shoal/nearest_name.hpp>
#include <shoal/optimizer.hpp>
#include <shoal/task_status.hpp>

#include "expect_error.hpp"

namespace shoal::testing {
namespace {

template <class Enum>
void expect_names(Enum (*parse)(std::string_view), const std::vector<std::pair<Enum, std::string>>& names) {
  for (const auto& [value, name] : names) {
    EXPECT_EQ(to_string(value), name);
    EXPECT_EQ(parse(name), value) << name;
  }
}

TEST(Names, OfTheModel) {
  expect_names<Activation>(activation_from_string, {{Activation::identity, "identity"},
                                                    {Activation::relu, "relu"},
                                                    {Activation::tanh, "tanh"},
                                                    {Activation::sigmoid, "sigmoid"},
                                                    {Activation::softplus, "softplus"},
                                                    {Activation::silu, "silu"},
                                                    {Activation::gelu, "gelu"}});
  expect_names<Initializer>(initializer_from_string, {{Initializer::glorot, "glorot"},
                                                      {Initializer::he, "he"},
                                                      {Initializer::truncated_normal, "truncated-normal"}});
}

TEST(Names, OfTheEvaluation) {
  expect_names<Cluster>(cluster_from_string,
                        {{Cluster::automatic, "auto"}, {Cluster::task, "task"}, {Cluster::time, "time"}});
}

TEST(Names, OfTheLoss) {
  expect_names<LossKind>(loss_from_string, {{LossKind::mse, "mse"},
                                            {LossKind::huber, "huber"},
                                            {LossKind::bce, "bce"},
                                            {LossKind::softmax, "softmax"},
                                            {LossKind::pinball, "pinball"},
                                            {LossKind::gaussian_nll, "gaussian-nll"},
                                            {LossKind::qlike, "qlike"}});
}

/// For all kinds of the lists, so that new ones are covered.
TEST(Names, OfEveryKindReadBack) {
  for (const Activation kind : Activations::all) EXPECT_EQ(activation_from_string(to_string(kind)), kind);
  for (const LossKind kind : LossKinds::all) EXPECT_EQ(loss_from_string(to_string(kind)), kind);
}

TEST(Names, OfTheAlgorithm) {
  expect_names<LearnedRate>(learned_rate_from_string, {{LearnedRate::none, "none"},
                                                       {LearnedRate::layer, "layer"},
                                                       {LearnedRate::layer_step, "layer-step"},
                                                       {LearnedRate::parameter, "parameter"}});
  const AlgorithmOptions options{.steps = 3, .learning_rate = 0.25, .max_move = 2.0};
  for (const std::string_view name : {"maml", "fomaml", "reptile", "anil", "boil", "meta-sgd", "pooled"}) {
    const Algorithm algorithm = make_algorithm(name, options);
    EXPECT_EQ(name_of(algorithm), name);
    EXPECT_EQ(algorithm_names()[algorithm.index()], name);
    EXPECT_EQ(inner_loop_of(algorithm), (InnerLoop{3, 0.25, 2.0})) << name;
    EXPECT_EQ(options_of(algorithm), options) << name;
  }
  EXPECT_EQ(algorithm_names().size(), 7u);
  EXPECT_TRUE(std::holds_alternative<MetaSgd>(make_algorithm("meta-sgd", options)));
}

TEST(Names, OfTheOptimizer) {
  expect_names<OptimizerKind>(optimizer_from_string, {{OptimizerKind::sgd, "sgd"},
                                                      {OptimizerKind::momentum, "momentum"},
                                                      {OptimizerKind::adam, "adam"},
                                                      {OptimizerKind::adamw, "adamw"}});
  expect_names<Schedule>(schedule_from_string,
                         {{Schedule::constant, "constant"}, {Schedule::cosine, "cosine"}});
}

TEST(Names, OfTheContext) {
  expect_names<Math>(math_from_string, {{Math::exact, "exact"}, {Math::fast, "fast"}});
  expect_names<BackendKind>(backend_from_string, {{BackendKind::automatic, "auto"},
                                                  {BackendKind::reference, "reference"},
                                                  {BackendKind::cpu, "cpu"},
                                                  {BackendKind::cuda, "cuda"}});
  expect_names<Isa>(
      isa_from_string,
      {{Isa::automatic, "auto"}, {Isa::scalar, "scalar"}, {Isa::avx2, "avx2"}, {Isa::avx512, "avx512"}});
}

TEST(Names, UnknownOnesListTheKnown) {
  std::string losses;
  for (const LossKind kind : LossKinds::all)
    losses += (losses.empty() ? "" : ", ") + std::string(to_string(kind));
  EXPECT_TRUE(losses.starts_with("mse, huber, bce, softmax, pinball, gaussian-nll, qlike")) << losses;
  expect_error<InvalidArgument>([] { loss_from_string("mae"); }, "unknown loss \"mae\"; known: " + losses);
  expect_error<InvalidArgument>(
      [] { make_algorithm("maml++", {}); },
      "unknown algorithm \"maml++\"; known: maml, fomaml, reptile, anil, boil, meta-sgd, pooled");
  expect_error<InvalidArgument>([] { schedule_from_string(""); },
                                "unknown schedule \"\"; known: constant, cosine");
  expect_error<InvalidArgument>([] { isa_from_string("AVX2"); },
                                "unknown instruction set \"AVX2\"; known: auto, scalar, avx2, avx512");
}

TEST(Names, ANearNameIsProposed) {
  const std::vector<std::string> names = {"train.lr", "train.clip", "algorithm.name", "seed"};
  EXPECT_EQ(nearest_name("sed", names), "seed");
  EXPECT_EQ(nearest_name("train.lrr", names), "train.lr");
  EXPECT_EQ(nearest_name("algorithm.lr", names), "train.lr") << "the right key in the wrong table";
  EXPECT_EQ(nearest_name("nothing.like.it", names), "");
  EXPECT_EQ(nearest_name("seed", {}), "");
  EXPECT_EQ(did_you_mean("sed", names), " (did you mean \"seed\"?)");
  EXPECT_EQ(did_you_mean("volatility", names), "");
  const std::vector<std::string> columns = {"a", "c1"};
  EXPECT_EQ(nearest_name("c4", columns), "c1");
  EXPECT_EQ(nearest_name("b", columns), "") << "every letter would have to change";
}

TEST(Names, CountsHaveTheirNouns) {
  EXPECT_EQ(counted(1, "row is", "rows are"), "1 row is");
  EXPECT_EQ(counted(0, "row is", "rows are"), "0 rows are");
  EXPECT_EQ(counted(1000, "task", "tasks"), "1000 tasks");
}

TEST(Names, EveryStatusHasItsOwnSentence) {
  std::vector<std::string_view> sentences;
  for (int status = 0; status <= 4; ++status) sentences.push_back(describe(static_cast<TaskStatus>(status)));
  std::sort(sentences.begin(), sentences.end());
  EXPECT_EQ(std::adjacent_find(sentences.begin(), sentences.end()), sentences.end());
  EXPECT_EQ(describe(static_cast<TaskStatus>(9)), "unknown status");
}

}  // namespace
}  // namespace shoal::testing
