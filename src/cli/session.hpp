// SPDX-License-Identifier: Apache-2.0
// What the commands share: options as the library takes them, notices on standard error, files to write.
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

/// Notices on standard error: warnings always, notes unless --quiet.
Notify notices(const CommonOptions& options);
/// The run of a command, with the command's configuration over its own.
Run open_run(const CommandOptions& options);

Context make_context(const RunConfig& config);

/// --phase. Throws InvalidArgument, which names the phases and `others`, what the command takes besides them.
Phase phase_from_string(const std::string& name, const char* others = "");
/// Refuses an --out that lies in no folder, before anything is computed.
void require_parent_folder(const std::filesystem::path& file);
/// Refuses an --out that is a file which the command reads; empty names are none.
void require_other_file(const std::filesystem::path& out, const std::vector<std::string>& inputs);
std::string version();

/// --steps of a command that takes one number of them.
std::optional<int> steps_asked(const CommandOptions& options);
std::string failure_text(const TaskReport& report);
/// Throws NumericError with the first tasks and reasons when no task is good.
void require_any_good(const TaskReport& report);

}  // namespace shoal::cli
