// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/baselines.hpp>
#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/gate_text.hpp"
#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {
namespace {

nlohmann::ordered_json parameters_json(const std::vector<KeyParameters>& parameters) {
  auto list = nlohmann::ordered_json::array();
  for (const KeyParameters& key : parameters) {
    const GarchParameters& p = key.fit.parameters;
    list.push_back({{"key", key.key},
                    {"rows", key.fit.rows},
                    {"omega", p.omega},
                    {"alpha", p.alpha},
                    {"gamma", p.gamma},
                    {"beta", p.beta},
                    {"loglikelihood", key.fit.loglikelihood}});
  }
  return list;
}

}  // namespace

int run_baseline(const CommandOptions& options) {
  require_parent_folder(options.out);
  const RunConfig config = resolve_config(options.common);
  require_other_file(options.out, {config.tasks.table.path, options.common.config});
  const BaselineReport report =
      write_baseline(config, {options.name, options.until, options.out, notices(options.common)});
  if (options.common.json) {
    nlohmann::ordered_json json = {{"baseline", options.name}, {"out", options.out}, {"rows", report.rows}};
    if (report.linear) json["linear"] = linear_json(*report.linear, report.inputs);
    if (!report.parameters.empty()) {
      json["parameters"] = parameters_json(report.parameters);
      json["unfitted"] = nlohmann::ordered_json::array();
      for (const UnfittedKey& key : report.unfitted)
        json["unfitted"].push_back({{"key", key.key}, {"reason", key.reason}});
    }
    print_json(json);
  } else if (!options.common.quiet) {
    std::fprintf(stderr, "%s: %s forecast by %s\n", printable(options.out).c_str(),
                 counted(report.rows, "row", "rows").c_str(), options.name.c_str());
  }
  return 0;
}

}  // namespace shoal::cli
