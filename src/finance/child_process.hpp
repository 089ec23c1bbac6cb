// SPDX-License-Identifier: Apache-2.0
// Runs another program by its argument list: no shell, nothing to quote.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shoal::finance {

struct ChildResult {
  int exit_code = 0;   ///< 128 + signal when a signal ended it
  std::string output;  ///< stdout and stderr together; the last 64 KiB
};

/// Runs arguments[0] (looked up in PATH) in `folder`, waits for it, and collects what it says. Standard input
/// is empty. The folder should be the caller's own: programs take code from where they stand. Throws
/// ResourceError when the program cannot be started.
ChildResult run_program(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

/// Runs a Python interpreter in isolation (-I): no code of `folder`, of PYTHONPATH or of the user's site
/// runs.
ChildResult run_python(const std::string& python, const std::vector<std::string>& arguments,
                       const std::filesystem::path& folder);

/// The last `lines` non-empty lines of `output`, joined by " | ": what a failed program said.
std::string last_words(const std::string& output, int lines = 2);

}  // namespace shoal::finance
