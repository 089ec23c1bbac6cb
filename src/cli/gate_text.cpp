// SPDX-License-Identifier: Apache-2.0
#include "cli/gate_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include <shoal/counted.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal::cli {
using nlohmann::ordered_json;

ordered_json gate_json(const std::optional<GateReport>& gate) {
  return gate ? ordered_json::parse(to_json(*gate)) : ordered_json(nullptr);
}

std::string gate_line(const std::optional<GateReport>& gate) {
  if (!gate) return "";
  return "gate: " + std::string(to_string(gate->decision)) + ": " + gate->reason + "\n";
}

std::string gates_line(const std::vector<FoldReport>& folds) {
  const std::string undecided = "different by seed";
  std::vector<std::pair<std::string, int>> counts;  // the most frequent decision comes first
  for (const FoldReport& fold : folds) {
    std::string decision;
    for (const FoldSeed& seed : fold.seeds) {
      if (!seed.gate) return "";
      const std::string of_seed(to_string(seed.gate->decision));
      decision = decision.empty() || decision == of_seed ? of_seed : undecided;
    }
    const auto found = std::find_if(counts.begin(), counts.end(),
                                    [&](const auto& count) { return count.first == decision; });
    if (found == counts.end())
      counts.emplace_back(decision, 1);
    else
      ++found->second;
  }
  if (counts.empty()) return "";
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text = "gate: " + counts[0].first + " in " + std::to_string(counts[0].second) + " of " +
                     counted(std::ssize(folds), "fold", "folds");
  for (std::size_t i = 1; i < counts.size(); ++i)
    text += ", " + counts[i].first + " in " + std::to_string(counts[i].second);
  return text + "\n";
}

ordered_json linear_json(const LinearModel& model, const std::vector<std::string>& inputs) {
  const auto width = static_cast<std::size_t>(model.inputs) + 1;
  auto outputs = ordered_json::array();
  for (std::size_t k = 0; k < static_cast<std::size_t>(model.outputs); ++k) {
    ordered_json coefficients = ordered_json::object();
    for (std::size_t i = 0; i + 1 < width; ++i)
      coefficients[i < inputs.size() ? inputs[i] : std::to_string(i)] = model.coefficients[k * width + i];
    outputs.push_back(
        {{"intercept", model.coefficients[k * width + width - 1]}, {"coefficients", coefficients}});
  }
  return {{"rows", model.rows},
          {"iterations", model.iterations},
          {"gradient", model.gradient},
          {"ridge", model.ridge},
          {"outputs", outputs}};
}

}  // namespace shoal::cli
