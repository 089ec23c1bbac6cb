// SPDX-License-Identifier: Apache-2.0
// Refuses to write over what is read.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/output_file.hpp>

namespace shoal {

/// Throws InvalidArgument when `file` is one of the files that the caller reads to make it.
inline void require_not_read(const std::filesystem::path& file, const std::vector<std::string>& inputs) {
  if (is_one_of(file, inputs))
    throw InvalidArgument(file.string() + ": is read to make the output; write to another file");
}

}  // namespace shoal
