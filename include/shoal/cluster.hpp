// SPDX-License-Identifier: Apache-2.0
// Cluster: what counts as independent when the interval of a mean loss is made.
//
// Example:
//
//   shoal::EvaluateConfig evaluate;
//   evaluate.cluster = shoal::Cluster::time;
#pragma once

#include <string_view>

namespace shoal {

/// Tasks (Student's t), or times, which depend on their neighbours (Newey and West). automatic: times where
/// the split is by time, else tasks.
enum class Cluster { automatic, task, time };
/// "auto", "task", "time".
std::string_view to_string(Cluster cluster);
/// Throws InvalidArgument with the list of known names.
Cluster cluster_from_string(std::string_view name);

}  // namespace shoal
