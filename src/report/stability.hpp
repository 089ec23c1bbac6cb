// SPDX-License-Identifier: Apache-2.0
// Stability: how far inputs and scores have moved from the meta-train rows to the evaluated ones, by the
// population stability index.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <shoal/task_batch.hpp>

#include "run/opened_data.hpp"

namespace shoal::report {

struct Drift {
  std::string name;
  double index = 0.0;  ///< population_stability_index
};

struct StabilityFacts {
  std::string why_not;             ///< why there is none; empty: there is
  std::string what;                ///< which rows are compared, a sentence
  std::int64_t then = 0, now = 0;  ///< rows
  std::vector<Drift> features, scores;
};

/// The inputs of the query rows of tasks, a row of a table that several tasks share once: [rows, inputs].
std::vector<double> inputs_of_query(const OpenedData& data, const TaskBatch64& tasks);

/// The index of every column of values [rows, names]. Columns without a finite value on either side are left
/// out.
std::vector<Drift> drifts(std::span<const std::string> names, std::span<const double> then,
                          std::span<const double> now);

/// From the meta-train tasks (support and query rows) to the query rows of `tasks`.
StabilityFacts feature_stability(const OpenedData& data, const TaskBatch64& tasks, std::int64_t generated);

}  // namespace shoal::report
