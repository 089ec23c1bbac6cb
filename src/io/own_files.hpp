// SPDX-License-Identifier: Apache-2.0
// The files that Shoal itself writes in a run folder must not be links. People pass such folders on, and a
// link in one would make a run read or write elsewhere.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/error.hpp>

namespace shoal {

/// The error for such a file that is a link, or not a regular file.
ResourceError not_own_file(const std::filesystem::path& file, bool is_link);

/// Throws ResourceError when a name that Shoal writes in `run` or in its checkpoints is a link, a pipe, a
/// device or a folder.
void require_own_files(const std::filesystem::path& run);

/// Removes temporary files that a killed process left. Only for the process that holds the run's lock.
void remove_temporaries(const std::filesystem::path& run);

}  // namespace shoal
