// SPDX-License-Identifier: Apache-2.0
// Meta-learning algorithms as plain structs (contract.md 1). Each is lowered to an InnerPlan by its own file
// in src/core/algorithms/; a new algorithm is one struct here, one line in the variant, and one such file.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

namespace shoal {

/// Which inner learning rates are meta-learned, and at what grain.
enum class LearnedRate { none, layer, layer_step, parameter };
std::string_view to_string(LearnedRate rate);
LearnedRate learned_rate_from_string(std::string_view name);

/// The inner loop phi_{k+1} = phi_k - alpha o g_k(phi_k), k = 0 .. steps - 1.
struct InnerLoop {
  int steps = 1;                ///< K >= 0; 0 gives the plain gradient at theta
  double learning_rate = 0.01;  ///< alpha, or where learned rates start
  LearnedRate learned_rate = LearnedRate::none;
  std::vector<double> step_weights = {};  ///< multi-step loss: w_1 .. w_K, sum 1; empty = last step only
  double max_move = 0.0;                  ///< status 4 above this largest |phi - theta|; 0 = off

  bool operator==(const InnerLoop&) const = default;
};

/// Exact second-order MAML (Finn et al. 2017); with learned rates per layer and step and step weights:
/// MAML++.
struct Maml {
  InnerLoop inner;
  bool operator==(const Maml&) const = default;
};
/// First-order MAML: mean query gradient at phi_K.
struct Fomaml {
  InnerLoop inner;
  bool operator==(const Fomaml&) const = default;
};
/// Reptile (Nichol et al. 2018): mean of theta - phi_K, not divided by the rate.
struct Reptile {
  InnerLoop inner;
  bool operator==(const Reptile&) const = default;
};
/// ANIL (Raghu et al. 2020): only the head moves in the inner loop.
struct Anil {
  InnerLoop inner;
  bool operator==(const Anil&) const = default;
};
/// BOIL (Oh et al. 2021): everything but the head moves.
struct Boil {
  InnerLoop inner;
  bool operator==(const Boil&) const = default;
};
/// Meta-SGD (Li et al. 2017): MAML with a learned rate for every parameter.
struct MetaSgd {
  InnerLoop inner;
  bool operator==(const MetaSgd&) const = default;
};
/// No inner steps in training, loss over support and query together; at test `inner` is the fine-tuning.
struct Pooled {
  InnerLoop inner;
  bool operator==(const Pooled&) const = default;
};

using Algorithm = std::variant<Maml, Fomaml, Reptile, Anil, Boil, MetaSgd, Pooled>;

std::string_view name_of(const Algorithm& algorithm);
const InnerLoop& inner_loop_of(const Algorithm& algorithm);
/// Throws InvalidArgument with the list of known names.
Algorithm make_algorithm(std::string_view name, const InnerLoop& inner);
/// Throws InvalidArgument: negative steps, weights that do not fit, learned rates where they are an error.
void validate(const Algorithm& algorithm);

}  // namespace shoal
