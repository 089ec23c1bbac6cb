// SPDX-License-Identifier: Apache-2.0
#include "report/evidence.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::report {

bool deals_keys(const Evidence& evidence) {
  return !evidence.folds.empty() && evidence.folds.front().from.empty();
}

const ModelLine* model_of(const Evidence& evidence) {
  const ModelLine* found = nullptr;
  for (const ModelLine& line : evidence.models)
    if (line.name == model_name && (!found || !found->selected)) found = &line;
  return found;
}

bool is_baseline(const Evidence& evidence, const ModelLine& line) {
  return line.name != model_name && std::find(evidence.combinations.begin(), evidence.combinations.end(),
                                              line.name) == evidence.combinations.end();
}

const ModelLine* best_baseline_of(const Evidence& evidence) {
  const ModelLine* best = nullptr;
  for (const ModelLine& line : evidence.models)
    if (is_baseline(evidence, line) && (!best || line.loss < best->loss)) best = &line;
  return best;
}

const ModelComparison* against(const ModelLine& model, const std::string& other) {
  for (const ModelComparison& comparison : model.against)
    if (comparison.other == other) return &comparison;
  return nullptr;
}

bool is_significant(const MeanComparison& difference) {
  return difference.t && std::fabs(*difference.t) >= 1.96 && difference.p.value_or(0.0) < 0.05;
}

}  // namespace shoal::report
