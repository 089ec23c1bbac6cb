// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/gradient_file.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/quoted_text.hpp>

#include "cli/print_json.hpp"
#include "cli/session.hpp"
#include "cli/summary_table.hpp"

namespace shoal::cli {

int run_gradient(const CommandOptions& options) {
  const RunConfig config = resolve_config(options.common);
  if (config.tasks.source != TaskSourceKind::file)
    throw InvalidArgument("gradient: --tasks T.safetensors is needed");
  if (options.out.empty()) throw InvalidArgument("gradient: --out G.safetensors is needed");
  require_parent_folder(options.out);
  require_other_file(options.out, {config.tasks.table.path, options.parameters, options.common.config});
  GradientOptions gradient;
  gradient.context = with_environment({});
  gradient.parameters = options.parameters;
  gradient.fast_weights = options.fast_weights;
  const GradientReport report = write_gradient(config, options.out, gradient);
  if (options.common.json)
    print_json({{"out", options.out},
                {"backend", report.backend},
                {"tasks", report.tasks},
                {"good", report.good},
                {"mean_query_loss_before", report.mean_query_loss_before},
                {"mean_query_loss", report.mean_query_loss},
                {"failures", json_failures(report.failures)}});
  else if (!options.common.quiet)
    std::fprintf(stderr, "%s: meta-gradient over %lld of %s, mean query loss %.6g -> %.6g\n",
                 printable(options.out).c_str(), static_cast<long long>(report.good),
                 counted(report.tasks, "task", "tasks").c_str(), report.mean_query_loss_before,
                 report.mean_query_loss);
  if (report.good == 0) throw NumericError(shoal::failure_text(report.tasks, report.tasks, report.failures));
  return 0;
}

}  // namespace shoal::cli
