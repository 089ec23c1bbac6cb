// SPDX-License-Identifier: Apache-2.0
#include "cli/session.hpp"

#include <cstdio>

#include <shoal/counted.hpp>
#include <shoal/error.hpp>
#include <shoal/failed_tasks.hpp>
#include <shoal/output_file.hpp>
#include <shoal/program_environment.hpp>
#include <shoal/version.hpp>

namespace shoal::cli {

std::string version() {
  return SHOAL_VERSION;
}

Notify notices(const CommonOptions& options) {
  return [quiet = options.quiet](const Notice& notice) {
    if (notice.kind == Notice::Kind::warning)
      std::fprintf(stderr, "shoal: warning: %s\n", notice.text.c_str());
    else if (!quiet)
      std::fprintf(stderr, "shoal: %s\n", notice.text.c_str());
  };
}

RunOptions run_options(const CommonOptions& options) {
  RunOptions run;
  run.config = options.config;
  run.overrides = overrides_of(options, Base::run);
  run.context = with_environment({});
  run.notify = notices(options);
  return run;
}

Run open_run(const CommandOptions& options) {
  return Run::open(options.run, run_options(options.common));
}

Context make_context(const RunConfig& config) {
  return Context(context_options(config, with_environment({})));
}

Phase phase_from_string(const std::string& name, const char* others) {
  for (const Phase phase : {Phase::train, Phase::validation, Phase::test, Phase::held_out})
    if (name == to_string(phase)) return phase;
  throw InvalidArgument("--phase " + name + ": known: train, validation, test, held-out" + others);
}

void require_parent_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (!std::filesystem::is_directory(folder))
    throw ResourceError(file.string() + ": there is no folder " + folder.string());
}

void require_other_file(const std::filesystem::path& out, const std::vector<std::string>& inputs) {
  if (is_one_of(out, inputs))
    throw InvalidArgument("--out " + out.string() + ": the command reads this file");
}

std::optional<int> steps_asked(const CommandOptions& options) {
  if (options.steps.empty()) return std::nullopt;
  return options.steps.front();
}

std::string failure_text(const TaskReport& report) {
  return shoal::failure_text(static_cast<std::int64_t>(report.failures.size()), report.tasks,
                             report.failures);
}

std::string without_support_line(const TaskReport& report) {
  if (report.without_support == 0) return "";
  return counted(report.without_support, "task has no support row and keeps",
                 "tasks have no support rows and keep") +
         " the trained model\n";
}

void require_any_good(const TaskReport& report) {
  if (report.good == 0) throw NumericError(failure_text(report));
}

}  // namespace shoal::cli
