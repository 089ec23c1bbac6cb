// SPDX-License-Identifier: Apache-2.0
// Shoal's own files in a run folder. Folders travel between people: a link in one would make a run write, or
// read, somewhere else.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/error.hpp>

namespace shoal {

/// What is said of an own file that is a link, or no regular file.
ResourceError not_own_file(const std::filesystem::path& file, bool is_link);

/// Throws ResourceError when one of the names that Shoal writes in `run` or in its checkpoints is taken by a
/// link, a pipe, a device or a folder.
void require_own_files(const std::filesystem::path& run);

/// Removes what a kill left of files that were being written. Only for the holder of the run's lock.
void remove_temporaries(const std::filesystem::path& run);

}  // namespace shoal
