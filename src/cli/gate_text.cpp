// SPDX-License-Identifier: Apache-2.0
#include "cli/gate_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

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
