// SPDX-License-Identifier: Apache-2.0
#include <shoal/report.hpp>

#include <cstdio>

#include "cli/print_json.hpp"
#include "cli/session.hpp"

namespace shoal::cli {

int run_report(const CommandOptions& options) {
  const Report report = write_report(options.run, options.out, run_options(options.common));
  const std::string json = report_json_file(options.out).string();
  if (options.common.json)
    print_json({{"source", options.run},
                {"page", options.out},
                {"json", json},
                {"verdict", report.verdict},
                {"sections", report.sections}});
  else
    std::printf("%s\n", report.verdict.c_str());
  if (!options.common.quiet && !options.common.json)
    std::fprintf(stderr, "shoal: wrote %s and %s\n", options.out.c_str(), json.c_str());
  return 0;
}

}  // namespace shoal::cli
