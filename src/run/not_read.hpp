// SPDX-License-Identifier: Apache-2.0
// Refuses to overwrite a file that is an input of the same call.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <shoal/error.hpp>
#include <shoal/output_file.hpp>

namespace shoal {

/// Throws InvalidArgument when `file` is one of `inputs`.
inline void require_not_read(const std::filesystem::path& file, const std::vector<std::string>& inputs) {
  if (is_one_of(file, inputs))
    throw InvalidArgument(file.string() + ": is read to make the output; write to another file");
}

}  // namespace shoal
