// SPDX-License-Identifier: Apache-2.0
#include "run/gate.hpp"

#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>

#include <shoal/distributions.hpp>

namespace shoal {
namespace {

using nlohmann::ordered_json;

ordered_json optional_json(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? ordered_json(*value) : ordered_json(nullptr);
}
std::optional<double> optional_of(const ordered_json& json) {
  return json.is_null() ? std::nullopt : std::optional<double>(json.get<double>());
}

ordered_json json_of(const Heterogeneity& h) {
  return {{"tasks", h.tasks},
          {"rows", h.rows},
          {"dispersion", h.dispersion},
          {"bias",
           {{"q", h.bias.q},
            {"df", h.bias.df},
            {"p", optional_json(h.bias.p)},
            {"tau2", optional_json(h.bias.tau2)}}},
          {"slopes",
           {{"tasks", h.slopes.tasks},
            {"z", optional_json(h.slopes.z)},
            {"p", optional_json(h.slopes.p)},
            {"tau2", optional_json(h.slopes.tau2)}}},
          {"advice", to_string(h.advice)},
          {"reason", h.reason}};
}

Advice advice_of(const std::string& name) {
  for (const Advice advice : {Advice::pooled, Advice::bias, Advice::all})
    if (name == to_string(advice)) return advice;
  throw ModelError("gate: there is no decision \"" + name + "\"");
}

Heterogeneity heterogeneity_in(const ordered_json& json) {
  Heterogeneity h;
  h.tasks = json.at("tasks").get<std::int64_t>();
  h.rows = json.at("rows").get<std::int64_t>();
  h.dispersion = json.at("dispersion").get<double>();
  const ordered_json &bias = json.at("bias"), &slopes = json.at("slopes");
  h.bias = {bias.at("q").get<double>(), bias.at("df").get<std::int64_t>(), optional_of(bias.at("p")),
            optional_of(bias.at("tau2"))};
  h.slopes = {slopes.at("tasks").get<std::int64_t>(), optional_of(slopes.at("z")),
              optional_of(slopes.at("p")), optional_of(slopes.at("tau2"))};
  h.advice = advice_of(json.at("advice").get<std::string>());
  h.reason = json.at("reason").get<std::string>();
  return h;
}

/// What the trial says about `all`; empty where it passes.
std::string objection(const GateReport& gate, double max_failed_share) {
  if (!gate.trial) return "there are no validation tasks, or no adaptation steps, to try adaptation on";
  const GateTrial& trial = *gate.trial;
  const auto failed = static_cast<double>(trial.failed);
  if (failed > max_failed_share * static_cast<double>(trial.tasks + trial.failed))
    return std::to_string(trial.failed) + " validation tasks fail when they adapt";
  if (trial.p && *trial.p < gate_level) return "";
  char text[160];
  std::snprintf(
      text, sizeof text,
      "adaptation is not better than an intercept on %lld validation tasks (%.5g, intercept %.5g, p = %.2g)",
      static_cast<long long>(trial.tasks), trial.all_loss, trial.bias_loss, trial.p.value_or(1.0));
  return text;
}

}  // namespace

GateTrial trial_of(const StepLosses<double>& bias, const StepLosses<double>& all) {
  GateTrial trial;
  std::vector<double> gains;
  for (std::size_t t = 0; t < all.loss.size(); ++t) {
    if (bias.status[t] != TaskStatus::good) continue;
    if (all.status[t] != TaskStatus::good) {
      ++trial.failed;
      continue;
    }
    trial.bias_loss += bias.loss[t];
    trial.all_loss += all.loss[t];
    gains.push_back(bias.loss[t] - all.loss[t]);
  }
  trial.tasks = std::ssize(gains);
  const auto n = static_cast<double>(gains.size());
  if (gains.empty()) return trial;
  trial.bias_loss /= n;
  trial.all_loss /= n;
  double mean = 0.0, squares = 0.0;
  for (const double gain : gains) mean += gain / n;
  for (const double gain : gains) squares += (gain - mean) * (gain - mean);
  if (gains.size() < 2 || !(squares > 0.0)) return trial;
  trial.t = mean / std::sqrt(squares / (n - 1.0) / n);
  const double both_sides = student_t_two_sided_p(*trial.t, std::ssize(gains) - 1);
  trial.p = *trial.t > 0.0 ? 0.5 * both_sides : 1.0 - 0.5 * both_sides;
  return trial;
}

void decide(GateReport& gate, double max_failed_share) {
  const Heterogeneity& found = gate.heterogeneity;
  gate.decision = found.advice;
  gate.reason = found.reason;
  if (found.advice != Advice::all) return;
  const std::string against = objection(gate, max_failed_share);
  if (against.empty()) {
    char text[96];
    std::snprintf(text, sizeof text, "; adaptation is better than an intercept (p = %.2g)", *gate.trial->p);
    gate.reason += text;
    return;
  }
  const bool levels = found.bias.p && *found.bias.p < heterogeneity_level;
  gate.decision = levels && gate.intercept_variance > 0.0 ? Advice::bias : Advice::pooled;
  gate.reason += "; but " + against;
}

std::string to_json(const Heterogeneity& heterogeneity) {
  return json_of(heterogeneity).dump();
}

std::string to_json(const GateReport& gate) {
  ordered_json json = {{"decision", to_string(gate.decision)},
                       {"reason", gate.reason},
                       {"intercept_variance", gate.intercept_variance},
                       {"heterogeneity", json_of(gate.heterogeneity)},
                       {"trial", nullptr}};
  if (const auto& trial = gate.trial)
    json["trial"] = {{"steps", trial->steps},       {"tasks", trial->tasks},
                     {"failed", trial->failed},     {"bias_loss", trial->bias_loss},
                     {"all_loss", trial->all_loss}, {"t", optional_json(trial->t)},
                     {"p", optional_json(trial->p)}};
  return json.dump();
}

GateReport gate_from_json(const std::string& text) {
  try {
    const ordered_json json = ordered_json::parse(text);
    GateReport gate;
    gate.decision = advice_of(json.at("decision").get<std::string>());
    gate.reason = json.at("reason").get<std::string>();
    gate.intercept_variance = json.at("intercept_variance").get<double>();
    gate.heterogeneity = heterogeneity_in(json.at("heterogeneity"));
    if (const ordered_json& trial = json.at("trial"); !trial.is_null())
      gate.trial = {trial.at("steps").get<int>(),
                    trial.at("tasks").get<std::int64_t>(),
                    trial.at("failed").get<std::int64_t>(),
                    trial.at("bias_loss").get<double>(),
                    trial.at("all_loss").get<double>(),
                    optional_of(trial.at("t")),
                    optional_of(trial.at("p"))};
    if (!(gate.intercept_variance >= 0.0 && gate.heterogeneity.dispersion > 0.0))
      throw ModelError("gate: a variance is not positive");
    return gate;
  } catch (const nlohmann::json::exception&) {
    throw ModelError("gate: it is not what shoal train writes");
  }
}

}  // namespace shoal
