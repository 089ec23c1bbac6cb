// SPDX-License-Identifier: Apache-2.0
// Functions that several commands need: options in the library's form, notices, checks of files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <shoal/context.hpp>
#include <shoal/notice.hpp>
#include <shoal/run.hpp>
#include <shoal/run_config.hpp>
#include <shoal/task_source.hpp>

#include "cli/options.hpp"

namespace shoal::cli {

/// Prints notices on standard error: warnings always, notes unless --quiet.
Notify notices(const CommonOptions& options);
/// The options that a command opens a run with. Its configuration replaces values of the run's own.
RunOptions run_options(const CommonOptions& options);
/// Opens the run of a command. The command's configuration replaces values of the run's own.
Run open_run(const CommandOptions& options);

Context make_context(const RunConfig& config);

/// Parses --phase. Throws InvalidArgument with the list of phases, followed by `others`: what the command
/// accepts besides them.
Phase phase_from_string(const std::string& name, const char* others = "");
/// Throws when the folder of an --out does not exist, before anything is computed.
void require_parent_folder(const std::filesystem::path& file);
/// Throws InvalidArgument when `out` is one of `inputs`, files that the command reads; empty names are
/// ignored.
void require_other_file(const std::filesystem::path& out, const std::vector<std::string>& inputs);
std::string version();

/// The value of --steps for a command that takes a single number; empty when it is not given.
std::optional<int> steps_asked(const CommandOptions& options);
std::string failure_text(const TaskReport& report);
/// A line about tasks that have nothing to adapt on; empty when there is none.
std::string without_support_line(const TaskReport& report);
/// Throws NumericError, naming the first tasks with reasons, when no task is good.
void require_any_good(const TaskReport& report);

}  // namespace shoal::cli
