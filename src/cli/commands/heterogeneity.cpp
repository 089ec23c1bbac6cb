// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>

#include <shoal/baselines.hpp>
#include <shoal/counted.hpp>
#include <shoal/error.hpp>

#include "cli/gate_text.hpp"
#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {
namespace {

void print_text(const Heterogeneity& h) {
  const auto show = [](double value) { return std::isnan(value) ? std::string("-") : std::to_string(value); };
  const auto p_of = [](const std::optional<double>& p) {
    char text[32] = "-";
    if (p) std::snprintf(text, sizeof text, "%.3g", *p);
    return std::string(text);
  };
  std::printf("meta-train tasks          %lld, %s\n", static_cast<long long>(h.tasks),
              counted(h.rows, "row", "rows").c_str());
  if (h.dispersion != 1.0) std::printf("dispersion                %.6g\n", h.dispersion);
  std::printf("bias    q %.6g on %lld df, p %s, tau2 %s\n", h.bias.q, static_cast<long long>(h.bias.df),
              p_of(h.bias.p).c_str(), show(h.bias.tau2.value_or(NAN)).c_str());
  std::printf("slopes  z %s, p %s, tau2 %s (%s)\n", show(h.slopes.z.value_or(NAN)).c_str(),
              p_of(h.slopes.p).c_str(), show(h.slopes.tau2.value_or(NAN)).c_str(),
              counted(h.slopes.tasks, "task", "tasks").c_str());
  std::printf("advice  %s: %s\n", std::string(to_string(h.advice)).c_str(), h.reason.c_str());
}

/// Of a run; warns where its data have changed since the training.
RunConfig config_of_run(const CommandOptions& options) {
  const Run run = open_run(options);
  run.tell_changed_data();
  return run.config();
}

}  // namespace

int run_heterogeneity(const CommandOptions& options) {
  if (options.run.empty() && options.common.config.empty())
    throw InvalidArgument("heterogeneity: --config C.toml or a RUN is needed");
  const RunConfig config = options.run.empty() ? resolve_config(options.common) : config_of_run(options);
  const HeterogeneityReport report = measure_heterogeneity(config, notices(options.common));
  if (!options.common.json) {
    print_text(report.statistics);
    return 0;
  }
  auto json = nlohmann::ordered_json::parse(to_json(report.statistics));
  json["data"] = report.data.file;
  json["left_out"] = left_out_json(report.data);
  json["linear"] = linear_json(report.linear, report.inputs);
  print_json(json);
  return 0;
}

}  // namespace shoal::cli
