// SPDX-License-Identifier: Apache-2.0
// Input from regular files. Opening never waits for another process: a pipe or a device is an error that
// names it. When the system cannot read, that is an error too (ResourceError), and never looks like the end
// of the file.
//
// Example:
//
//   #include <shoal/error.hpp>
//
//   auto file = shoal::InputFile::open<shoal::DataError>("tasks.csv");
//   const std::string text = file.rest(1 << 20);  // at most 1 MiB
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
  /// Throws Refusal, an Error of the caller's choice, when the path names nothing, a folder, a pipe or a
  /// device. Throws ResourceError when it refuses a link, and when the system cannot open the file
  /// (permissions, descriptors, the device).
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

  /// The path as the caller wrote it.
  const std::string& name() const { return name_; }
  /// The size in bytes when the file was opened.
  std::uint64_t size() const { return size_; }
  /// Reads `count` bytes, or fewer at the end of the file, and returns how many. Throws ResourceError.
  std::size_t read(void* to, std::size_t count);
  /// Reads the rest of the file. Throws ResourceError, also when it has more than `limit` bytes.
  std::string rest(std::uint64_t limit = UINT64_MAX);

 private:
  InputFile(const std::filesystem::path& path, Links links, std::string& problem);
  std::string examine(Links links);

  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// Reads all bytes of a regular file. Throws as InputFile does.
template <class Refusal>
std::string read_file(const std::filesystem::path& path, Links links = Links::followed) {
  return InputFile::open<Refusal>(path, links).rest();
}

/// Reads a text that a user names on the command line, up to `limit` bytes. It may be a pipe, a terminal or a
/// device; a pipe that no process opens for writing within a second is an error. `missing` becomes true when
/// the path names nothing or a folder, and the text is then empty. Throws ResourceError.
std::string read_text_or_pipe(const std::filesystem::path& path, std::uint64_t limit, bool& missing);

}  // namespace shoal
