// SPDX-License-Identifier: Apache-2.0
// ScratchFolder: a private temporary folder that its destructor removes.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <shoal/error.hpp>

namespace shoal::finance {

class ScratchFolder {
 public:
  /// Throws ResourceError when the temporary folder of the system cannot be written.
  ScratchFolder() {
    std::error_code error;
    std::filesystem::path base = std::filesystem::temp_directory_path(error);
    if (!error) base = std::filesystem::absolute(base, error);
    if (error) throw ResourceError("no temporary directory: " + error.message());
    std::string name = (base / "shoal-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw ResourceError("cannot make a temporary folder in " + base.string() + ": " +
                          std::generic_category().message(errno));
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace shoal::finance
