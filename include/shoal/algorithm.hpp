// SPDX-License-Identifier: Apache-2.0
// Meta-learning algorithms as plain structs (docs/definitions.md). A file of src/core/algorithms lowers each
// struct to an InnerPlan. A new algorithm needs a struct here, an entry in the variant, and such a file.
//
// Example:
//
//   const shoal::Algorithm maml = shoal::Maml{{.steps = 5, .learning_rate = 0.01}};
//   const shoal::Algorithm multi_step = shoal::Maml{.inner = {.steps = 2}, .step_weights = {0.25, 0.75}};
//   const shoal::Context context;
//   shoal::MetaLearner reptile(context, {.algorithm = shoal::Reptile{{.steps = 5}}});
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include <shoal/kinds.hpp>

namespace shoal {

std::string_view to_string(LearnedRate rate);
/// Throws InvalidArgument with the list of known names.
LearnedRate learned_rate_from_string(std::string_view name);

/// The inner loop phi_{k+1} = phi_k - alpha o g_k(phi_k), k = 0 .. steps - 1.
struct InnerLoop {
  int steps = 1;                ///< K >= 0; 0 gives the plain gradient at theta
  double learning_rate = 0.01;  ///< alpha; learned rates start at it
  double max_move = 0.0;        ///< a task with a larger |phi - theta| gets status 4; 0 = no limit

  bool operator==(const InnerLoop&) const = default;
};

// An algorithm has only the options that are its own; setting another one does not compile.
//   learned_rate: the inner learning rates that are meta-learned, with their exact gradient
//   step_weights: w_1 .. w_K of the multi-step loss, with sum 1; empty = the loss after the last step alone

/// Exact second-order MAML (Finn et al. 2017). With learned rates per layer and step, and with step weights,
/// it is MAML++.
struct Maml {
  static constexpr std::string_view name = "maml";
  InnerLoop inner = {};
  LearnedRate learned_rate = LearnedRate::none;
  std::vector<double> step_weights = {};
  bool operator==(const Maml&) const = default;
};
/// First-order MAML: the meta-gradient is the mean query gradient at phi_K.
struct Fomaml {
  static constexpr std::string_view name = "fomaml";
  InnerLoop inner = {};
  std::vector<double> step_weights = {};
  bool operator==(const Fomaml&) const = default;
};
/// Reptile (Nichol et al. 2018): the meta-gradient is the mean of theta - phi_K, not divided by the rate.
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
/// Pooled training, the baseline without meta-learning: there are no inner steps in training, and the loss
/// covers support and query rows together. An evaluation then fine-tunes each task with `inner`.
struct Pooled {
  static constexpr std::string_view name = "pooled";
  InnerLoop inner = {};
  bool operator==(const Pooled&) const = default;
};

using Algorithm = std::variant<Maml, Fomaml, Reptile, Anil, Boil, MetaSgd, Pooled>;

/// The union of the options of all algorithms, as the table [algorithm] of a configuration holds them.
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
/// The inner loop of an algorithm; all have one.
const InnerLoop& inner_loop_of(const Algorithm& algorithm);
/// The inner learning rates that the algorithm learns beside theta; Meta-SGD always learns one per parameter.
LearnedRate learned_rate_of(const Algorithm& algorithm);
/// Makes the algorithm with this name. Throws InvalidArgument, with the list of known names, for an unknown
/// name, and for an option that differs from its default although the algorithm does not have it. Meta-SGD
/// accepts learned_rate `parameter` (which it always uses) and the default `none`.
Algorithm make_algorithm(std::string_view name, const AlgorithmOptions& options);
/// The options with which make_algorithm gives this algorithm. Options that it does not have are at their
/// defaults.
AlgorithmOptions options_of(const Algorithm& algorithm);
/// Throws InvalidArgument for a negative number of steps or max_move, numbers that are not finite, or step
/// weights whose number or sum is wrong.
void validate(const Algorithm& algorithm);

}  // namespace shoal
