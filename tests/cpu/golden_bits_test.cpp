// SPDX-License-Identifier: Apache-2.0
// Hashes of results, so that a change of the numerical contract (docs/numerics.md) is a decision and not an
// accident: comparisons of instruction sets or backends do not notice a change that all of them share.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <map>

#include "support/cpu_contexts.hpp"
#include "support/random_case.hpp"

namespace shoal::testing {
namespace {

/// FNV-1a over words.
class Hash {
 public:
  void add(std::uint64_t word) { value_ = (value_ ^ word) * 0x100000001b3u; }
  void add(const std::vector<float>& values) {
    for (const float v : values) add(std::bit_cast<std::uint32_t>(v));
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

TEST(GoldenBits, OfEveryAlgorithm) {
  const std::map<std::string, std::uint64_t> expected = {
      {"maml", 0x7b991d584b31a2b6u},
      {"fomaml", 0x1056f18265fe44eau},
      {"reptile", 0xca96800ece8af5ebu},
      {"anil", 0xd09ffce7b2b1e632u},
      {"boil", 0xa19aa6dfb86c1089u},
      {"meta-sgd", 0x40ce01f114069765u},
      {"pooled", 0x2bf9fededbd00064u},
      {"maml-layer", 0x730b9feae9b4e056u},
      {"maml-layer-step", 0xbff26e699fec40d7u},
      {"maml-multi-step", 0xdfc92c869c9284eeu},
  };
  for (const LayoutContext& layout : contexts_of_both_layouts({1}))
    for (const std::string& algorithm : algorithm_names()) {
      std::mt19937_64 random(31);
      Hash hash;
      for (const LossKind loss : {LossKind::mse, LossKind::huber, LossKind::bce, LossKind::softmax,
                                  LossKind::pinball, LossKind::gaussian_nll, LossKind::qlike})
        for (const Activation activation :
             {Activation::identity, Activation::relu, Activation::tanh, Activation::sigmoid,
              Activation::softplus, Activation::silu, Activation::gelu}) {
          const RandomCase c =
              random_case(random, algorithm, loss, activation, {.most_tasks = 5, .most_rows = 8});
          const auto g = learner_for<float>(layout.context, c).meta_gradient(c.tasks, KeepFastWeights::yes);
          for (const auto& part : {g.theta, g.rates, g.query_loss_before, g.query_loss, g.fast_weights})
            hash.add(part);
          for (const TaskStatus status : g.status) hash.add(static_cast<std::uint64_t>(status));
        }
      EXPECT_EQ(hash.value(), expected.at(algorithm)) << algorithm << ", " << layout.name;
    }
}

}  // namespace
}  // namespace shoal::testing
