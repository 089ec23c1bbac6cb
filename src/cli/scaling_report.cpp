// SPDX-License-Identifier: Apache-2.0
#include "cli/scaling_report.hpp"

#include <cstdio>

#include <shoal/quoted_text.hpp>

namespace shoal::cli {

void report_scaling(const OpenedData& data, const CommonOptions& options) {
  if (options.quiet || !data.table) return;
  const Preprocessing& p = data.table->preprocessing();
  const TargetUnits& units = p.target_units;
  for (std::size_t t = 0; t < units.deviation.size(); ++t)
    std::fprintf(stderr,
                 "shoal: %s: target %s is scaled by its mean %.6g and deviation %.6g "
                 "(tasks.scale_targets); losses and predictions are in its own units\n",
                 printable(data.file).c_str(), quoted_text(p.options.targets[t]).c_str(), units.mean[t],
                 units.deviation[t]);
  if (p.constant.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < p.constant.size() && i < 5; ++i)
    names += (i > 0 ? ", " : "") + quoted_text(p.constant[i]);
  std::fprintf(stderr, "shoal: %s: %zu features are constant over the meta-train rows and not scaled: %s%s\n",
               printable(data.file).c_str(), p.constant.size(), names.c_str(),
               p.constant.size() > 5 ? ", ..." : "");
}

nlohmann::ordered_json scaling_json(const OpenedData& data) {
  if (!data.table) return nullptr;
  const Preprocessing& p = data.table->preprocessing();
  nlohmann::ordered_json json;
  for (std::size_t t = 0; t < p.target_units.deviation.size(); ++t)
    json["targets"][p.options.targets[t]] = {{"mean", p.target_units.mean[t]},
                                             {"deviation", p.target_units.deviation[t]}};
  if (!p.constant.empty()) json["constant"] = p.constant;
  return json;
}

}  // namespace shoal::cli
