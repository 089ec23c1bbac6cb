// SPDX-License-Identifier: Apache-2.0
// Reads regular files. Opening never waits for another process: a pipe or a device is an error that names the
// path. A read that fails throws ResourceError, so that it never looks like the end of the file.
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

/// Whether the last part of a path may be a symbolic link. In run folders, Shoal refuses links for its own
/// files.
enum class Links { followed, refused };

/// A regular file, open for reading from its start.
class InputFile {
 public:
  /// Opens a file. Throws Refusal (a class of errors that the caller chooses) when the path names nothing, a
  /// folder, a pipe or a device. Throws ResourceError when the path is a link and links are refused, and when
  /// the system cannot open the file (permissions, number of descriptors, the device).
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
  /// Reads the rest of the file. Throws ResourceError when reading fails or the rest has more than `limit`
  /// bytes.
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
/// device. When the path names nothing or a folder, sets `missing` to true and returns an empty text. Throws
/// ResourceError when reading fails, when the text is too long, and when no process opens a pipe for writing
/// within a second.
std::string read_text_or_pipe(const std::filesystem::path& path, std::uint64_t limit, bool& missing);

}  // namespace shoal
