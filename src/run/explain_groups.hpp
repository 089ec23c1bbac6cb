// SPDX-License-Identifier: Apache-2.0
// The groups of a model's inputs that an output is divided among, and the texts of their reasons.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <shoal/run_config.hpp>
#include <shoal/table_source.hpp>

namespace shoal {

struct ExplainGroup {
  std::string name;
  std::vector<std::size_t> inputs;  ///< places among the model's inputs
  std::string reason;               ///< its text in explain.reasons, else its name
};

/// The groups of explain.groups in order of name, or one for each feature, with its indicator and its levels,
/// in order of tasks.features. The inputs of a model without `preprocessing` are features named input_0, ...
/// Throws InvalidArgument, naming the key, for more than most_explained_groups, a name that is no column, a
/// column that is in no group or in two; and DataError for a group that has no text in explain.reasons, or
/// two.
std::vector<ExplainGroup> explain_groups(const ExplainConfig& config,
                                         const std::optional<Preprocessing>& preprocessing, int inputs);

}  // namespace shoal
