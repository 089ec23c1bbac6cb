// SPDX-License-Identifier: Apache-2.0
#include <glob.h>

#include <algorithm>
#include <filesystem>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>
#include <shoal/table_source.hpp>

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view pattern_characters = "*?[";

bool is_there(const fs::path& path) {
  std::error_code none;
  return fs::exists(fs::symlink_status(path, none));
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (pattern_characters.find(c) != std::string_view::npos || c == ']' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// A path as a pattern. Leading parts that exist exactly as written are not patterns, whatever characters
/// their names contain.
struct Pattern {
  fs::path folder;    ///< the leading parts that exist as written
  fs::path to_match;  ///< the pattern for glob()
  bool open = false;  ///< whether the pattern may match several names

  explicit Pattern(const fs::path& path) {
    for (const fs::path& part : path) {
      open = open || (part.native().find_first_of(pattern_characters) != std::string::npos &&
                      !is_there(folder / part));
      to_match /= open ? part : fs::path(escaped(part.native()));
      if (!open) folder /= part;
    }
  }
};

}  // namespace

std::vector<std::string> table_files(const std::string& path) {
  const Pattern pattern(path);
  if (!pattern.open) return {path};
  glob_t matches{};
  const int result = ::glob(pattern.to_match.c_str(), GLOB_NOSORT, nullptr, &matches);
  std::vector<std::string> files;
  for (std::size_t i = 0; result == 0 && i < matches.gl_pathc; ++i) files.emplace_back(matches.gl_pathv[i]);
  ::globfree(&matches);
  if (result == GLOB_NOSPACE)
    throw ResourceError(printable(path) + ": out of memory while listing the files of the pattern");
  if (files.empty()) throw DataError(printable(path) + ": no file matches the pattern");
  std::sort(files.begin(), files.end());
  return files;
}

std::string table_file_name(const std::string& path, const std::string& file) {
  const fs::path name = fs::path(file).filename();
  const Pattern pattern(path);
  if (!pattern.open) return name.string();
  const fs::path inside = fs::path(file).lexically_relative(pattern.folder);
  return (inside.empty() || *inside.begin() == ".." ? name : inside).generic_string();
}

}  // namespace shoal
