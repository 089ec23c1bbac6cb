// SPDX-License-Identifier: Apache-2.0
// A data frame out of a Debian package of R: downloaded by apt-get, unpacked by python3's own modules,
// converted to CSV by Debian's python3-rdata or by R, checked here. The package itself is never installed or
// loaded.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/dataset.hpp>

namespace shoal::finance {

/// `apt-get download` of info.package at info.version into `folder`; returns the file's path. Throws
/// ResourceError with apt-get's last words.
std::filesystem::path download_debian(const DatasetInfo& info, const std::filesystem::path& folder);

/// The data frame info.object as CSV text. Size and SHA-256 are checked of the package, of the member before
/// it is read, and of the text; both converters give the same bytes. Throws DataError naming what differs,
/// ResourceError when there is no converter or one fails.
std::string convert_frame(const DatasetInfo& info, const std::filesystem::path& package,
                          const std::string& python, const std::filesystem::path& folder);

}  // namespace shoal::finance
