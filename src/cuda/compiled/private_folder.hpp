// SPDX-License-Identifier: Apache-2.0
// PrivateFolder: a folder that this user alone can write, for files that a program trusts. What lies in it is
// opened relative to the open folder, so that nobody can put another one in its place in between.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::cuda {

class PrivateFolder {
 public:
  /// Opens `path`, which is absolute. `make`: makes it, with the folders above that are missing, for this
  /// user alone. It is not usable if it is a link, belongs to another user, or others may write in it.
  PrivateFolder(const std::string& path, bool make);
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  bool usable() const { return folder_ >= 0; }
  /// Whether there is nothing at the path yet.
  bool is_missing() const { return missing_; }
  /// Why the folder is not usable, with its path; "" if it is usable or missing.
  const std::string& problem() const { return problem_; }

  // Of a usable folder; they report a failure by their results.

  /// The bytes of a regular file of this user that others cannot write; nothing if it is no such file, larger
  /// than `most` bytes, or cannot be read. Sets the time of its last change to now, by which the folder knows
  /// what was used last.
  std::optional<std::string> read(const std::string& name, std::int64_t most) const;
  /// Writes a file as a whole, or not at all: it gets its name when it is complete. `temporary` is its name
  /// until then, which no other writer may use.
  bool write(const std::string& name, const std::string& temporary,
             std::span<const std::string_view> parts) const;
  void remove(const std::string& name) const;

  struct File {
    std::string name;
    std::int64_t bytes = 0;
    timespec changed = {};
  };
  /// Regular files of the folder.
  std::vector<File> files() const;

 private:
  int folder_ = -1;
  bool missing_ = false;
  std::string problem_;
};

}  // namespace shoal::cuda
