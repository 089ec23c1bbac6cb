// SPDX-License-Identifier: Apache-2.0
// Runs another program with a list of arguments. No shell is involved, so nothing needs quoting.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shoal::finance {

struct ChildResult {
  int exit_code = 0;   ///< exit code; 128 + signal when a signal ended the program
  std::string output;  ///< stdout and stderr together; the last 64 KiB
};

/// Runs arguments[0] (looked up in PATH) in `folder`, waits for it, and collects its output. Standard input
/// is empty. `folder` should belong to the caller, because programs may load code from it. Throws
/// ResourceError when the program cannot be started.
ChildResult run_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

/// Runs a Python interpreter in isolated mode (-I), so that it loads no code from `folder`, PYTHONPATH or the
/// user's site folder.
ChildResult run_python(const std::string& python, const std::vector<std::string>& arguments,
                       const std::filesystem::path& folder);

/// The last `lines` non-empty lines of `output`, joined by " | ", for messages about a failed program.
std::string last_words(const std::string& output, int lines = 2);

}  // namespace shoal::finance
