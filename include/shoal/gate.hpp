// SPDX-License-Identifier: Apache-2.0
// The gate: whether a trained model adapts to a task at all, and with what. First, it does no harm.
//
// Example:
//
//   const shoal::RunConfig config = shoal::load_config("clients.toml");  // algorithm.gate = "auto"
//   const shoal::TrainReport report = shoal::train_run(config, "runs/clients");
//   if (report.gate) std::printf("%s\n", report.gate->reason.c_str());
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <shoal/error.hpp>
#include <shoal/heterogeneity.hpp>

namespace shoal {

/// `off`: every task adapts as the algorithm says. `automatic`: the heterogeneity of the meta-train tasks and
/// a trial on the validation tasks decide.
enum class Gate { off, automatic };
inline std::string_view to_string(Gate gate) {
  return gate == Gate::off ? "off" : "auto";
}
/// "off" or "auto"; throws InvalidArgument for anything else.
inline Gate gate_from_string(std::string_view name) {
  for (const Gate gate : {Gate::off, Gate::automatic})
    if (name == to_string(gate)) return gate;
  throw InvalidArgument("unknown gate \"" + std::string(name) + "\"; known: off, auto");
}

/// Adaptation of all parameters against that of the intercept alone, on the validation tasks.
struct GateTrial {
  int steps = 0;                           ///< of the adaptation
  std::int64_t tasks = 0;                  ///< that are good in both
  std::int64_t failed = 0;                 ///< that fail when they adapt
  double bias_loss = 0.0, all_loss = 0.0;  ///< means over `tasks`, in the user's units
  std::optional<double> t, p;  ///< paired; P(T > t): that adaptation only looks better than the intercept
};

struct GateReport {
  Advice decision = Advice::pooled;
  std::string reason;               ///< a sentence
  double intercept_variance = 0.0;  ///< of the prior of a task's intercept: tau2, but not below 0
  Heterogeneity heterogeneity;
  std::optional<GateTrial> trial;  ///< where the coefficients differ and there are validation tasks
};

inline constexpr double gate_level = 0.05;  ///< the largest p of a trial that `all` passes with

/// JSON objects, as the metadata of models and `--json` hold them.
std::string to_json(const Heterogeneity& heterogeneity);
std::string to_json(const GateReport& gate);
/// Throws ModelError when the text is not what to_json wrote.
GateReport gate_from_json(const std::string& text);

}  // namespace shoal
