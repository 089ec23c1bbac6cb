// SPDX-License-Identifier: Apache-2.0
// A file that is about to be written, and files that are read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace shoal {

/// Whether `out` is there and is one of the files that `inputs` name: paths, and patterns of tables; an empty
/// name is none. Throws DataError for a pattern that no file fits.
bool is_one_of(const std::filesystem::path& out, const std::vector<std::string>& inputs);

}  // namespace shoal
