// SPDX-License-Identifier: Apache-2.0
// Meta-learning algorithms as plain structs (docs/definitions.md). Each is lowered to an InnerPlan by its own
// file in src/core/algorithms/; a new algorithm is one struct here, one line in the variant, and one such
// file.
//
//   shoal::Algorithm a = shoal::Maml{{.steps = 5, .learning_rate = 0.01}};
//   shoal::Algorithm b = shoal::Maml{.inner = {.steps = 2}, .step_weights = {0.25, 0.75}};
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include <shoal/kinds.hpp>

namespace shoal {

std::string_view to_string(LearnedRate rate);
LearnedRate learned_rate_from_string(std::string_view name);

/// The inner loop phi_{k+1} = phi_k - alpha o g_k(phi_k), k = 0 .. steps - 1.
struct InnerLoop {
  int steps = 1;                ///< K >= 0; 0 gives the plain gradient at theta
  double learning_rate = 0.01;  ///< alpha, or where learned rates start
  double max_move = 0.0;        ///< status 4 above this largest |phi - theta|; 0 = off

  bool operator==(const InnerLoop&) const = default;
};

// Each algorithm has the inner loop and the options that are its own; another's do not compile.
//   learned_rate: which inner learning rates are meta-learned, exactly
//   step_weights: multi-step loss, w_1 .. w_K, sum 1; empty = last step only

/// Exact second-order MAML (Finn et al. 2017); with learned rates per layer and step and step weights:
/// MAML++.
struct Maml {
  static constexpr std::string_view name = "maml";
  InnerLoop inner = {};
  LearnedRate learned_rate = LearnedRate::none;
  std::vector<double> step_weights = {};
  bool operator==(const Maml&) const = default;
};
/// First-order MAML: mean query gradient at phi_K.
struct Fomaml {
  static constexpr std::string_view name = "fomaml";
  InnerLoop inner = {};
  std::vector<double> step_weights = {};
  bool operator==(const Fomaml&) const = default;
};
/// Reptile (Nichol et al. 2018): mean of theta - phi_K, not divided by the rate.
struct Reptile {
  static constexpr std::string_view name = "reptile";
  InnerLoop inner = {};
  bool operator==(const Reptile&) const = default;
};
/// ANIL (Raghu et al. 2020): only the head moves in the inner loop.
struct Anil {
  static constexpr std::string_view name = "anil";
  InnerLoop inner = {};
  LearnedRate learned_rate = LearnedRate::none;
  std::vector<double> step_weights = {};
  bool operator==(const Anil&) const = default;
};
/// BOIL (Oh et al. 2021): everything but the head moves.
struct Boil {
  static constexpr std::string_view name = "boil";
  InnerLoop inner = {};
  LearnedRate learned_rate = LearnedRate::none;
  std::vector<double> step_weights = {};
  bool operator==(const Boil&) const = default;
};
/// Meta-SGD (Li et al. 2017): MAML with a learned rate for every parameter.
struct MetaSgd {
  static constexpr std::string_view name = "meta-sgd";
  InnerLoop inner = {};
  std::vector<double> step_weights = {};
  bool operator==(const MetaSgd&) const = default;
};
/// No inner steps in training, loss over support and query together; at test `inner` is the fine-tuning.
struct Pooled {
  static constexpr std::string_view name = "pooled";
  InnerLoop inner = {};
  bool operator==(const Pooled&) const = default;
};

using Algorithm = std::variant<Maml, Fomaml, Reptile, Anil, Boil, MetaSgd, Pooled>;

/// The options of all algorithms, as the table [algorithm] of a configuration holds them beside the name.
struct AlgorithmOptions {
  int steps = InnerLoop{}.steps;
  double learning_rate = InnerLoop{}.learning_rate;
  LearnedRate learned_rate = LearnedRate::none;
  std::vector<double> step_weights = {};
  double max_move = InnerLoop{}.max_move;

  bool operator==(const AlgorithmOptions&) const = default;
};

/// Names of the algorithms, in the order of the variant.
std::vector<std::string_view> algorithm_names();
std::string_view name_of(const Algorithm& algorithm);
const InnerLoop& inner_loop_of(const Algorithm& algorithm);
/// What is learned beside theta: Maml{}.learned_rate and its like, a rate for every parameter with Meta-SGD.
LearnedRate learned_rate_of(const Algorithm& algorithm);
/// The algorithm of a name. Throws InvalidArgument with the list of known names, and where an option is set
/// that the algorithm does not have. Meta-SGD takes both learned rates that say no other than what it does:
/// none, parameter.
Algorithm make_algorithm(std::string_view name, const AlgorithmOptions& options);
/// The options to make it with; those that it does not have as they are by default.
AlgorithmOptions options_of(const Algorithm& algorithm);
/// Throws InvalidArgument: negative steps, rates that are not finite, weights that do not fit.
void validate(const Algorithm& algorithm);

}  // namespace shoal
