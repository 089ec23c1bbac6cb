// SPDX-License-Identifier: Apache-2.0
// Explanations of a model's outputs by exact Shapley values (docs/definitions.md).
//
// Example:
//
//   const shoal::Run run = shoal::Run::open("runs/clients");
//   const shoal::ExplainReport report = run.write_explanations("why.csv", "new-clients.csv");
//   for (const std::string& group : report.groups) std::printf("phi_%s\n", group.c_str());
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <shoal/run_report.hpp>

namespace shoal {

/// The largest number of groups of inputs: each row takes 2^groups forward passes.
inline constexpr std::size_t most_explained_groups = 12;

/// What was explained.
struct ExplainReport {
  TaskReport tasks;
  std::string output;               ///< what is explained: "log-odds", "log-variance" or "output_0", ...
  std::vector<std::string> groups;  ///< in the order of the columns phi_GROUP
  int steps = 0;                    ///< adaptation steps
};

}  // namespace shoal
