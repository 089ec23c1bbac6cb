// SPDX-License-Identifier: Apache-2.0
// Files as input. What is read as a file is a regular file: opening never waits for another process, and a
// pipe or a device is refused by name. A read that the system fails is an error (ResourceError), never an
// early end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace shoal {

/// Whether the last part of a path may be a symbolic link. Shoal's own files in a run folder never are.
enum class Links { followed, refused };

/// A regular file, open for reading from its start.
class InputFile {
 public:
  /// Throws Refusal (an Error of the caller's choice) when the path names nothing, a folder, a pipe or a
  /// device; ResourceError for a refused link and for what the system refuses (permissions, descriptors, the
  /// device).
  template <class Refusal>
  static InputFile open(const std::filesystem::path& path, Links links = Links::followed) {
    std::string problem;
    InputFile file(path, links, problem);
    if (!problem.empty()) throw Refusal(problem);
    return file;
  }
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;

  /// As it was named.
  const std::string& name() const { return name_; }
  /// Bytes at the time of opening.
  std::uint64_t size() const { return size_; }
  /// Reads up to `count` bytes; fewer only at the end of the file. Throws ResourceError.
  std::size_t read(void* to, std::size_t count);
  /// All that is left. Throws ResourceError, also above `limit` bytes.
  std::string rest(std::uint64_t limit = UINT64_MAX);

 private:
  InputFile(const std::filesystem::path& path, Links links, std::string& problem);
  std::string look(Links links);

  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// All bytes of a regular file. Throws as InputFile does.
template <class Refusal>
std::string read_file(const std::filesystem::path& path, Links links = Links::followed) {
  return InputFile::open<Refusal>(path, links).rest();
}

/// A text that a person names on the command line: also a pipe, a terminal or a device, up to `limit` bytes;
/// a pipe that nobody opens for writing within a second is refused. `missing` says that nothing is there (or
/// a folder), and the text is empty. Throws ResourceError.
std::string read_text_or_pipe(const std::filesystem::path& path, std::uint64_t limit, bool& missing);

}  // namespace shoal
