// SPDX-License-Identifier: Apache-2.0
// Protects input files from being overwritten.
//
// Example:
//
//   if (shoal::is_one_of("out.csv", {"tasks-*.csv"})) throw shoal::InvalidArgument("out.csv is an input");
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shoal {

/// Whether `out` exists and is one of the files that `inputs` name. `inputs` are paths, or patterns as
/// tasks.path takes them; empty ones are ignored. Throws DataError for a pattern that matches no file.
bool is_one_of(const std::filesystem::path& out, const std::vector<std::string>& inputs);

}  // namespace shoal
