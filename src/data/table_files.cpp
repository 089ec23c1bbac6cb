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

/// The folders in front that are there as they are written, whatever characters their names hold.
fs::path fixed_folder(const fs::path& path) {
  fs::path folder;
  for (const fs::path& part : path) {
    if (part.native().find_first_of(pattern_characters) != std::string::npos && !is_there(folder / part))
      break;
    folder /= part;
  }
  return folder;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (pattern_characters.find(c) != std::string_view::npos || c == ']' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

bool is_pattern(const std::string& path) {
  return path.find_first_of(pattern_characters) != std::string::npos && !is_there(path);
}

}  // namespace

std::vector<std::string> table_files(const std::string& path) {
  if (!is_pattern(path)) return {path};
  const fs::path folder = fixed_folder(path);
  const std::string open = path.substr(folder.native().size());
  glob_t matches{};
  const int result = ::glob((escaped(folder.native()) + open).c_str(), GLOB_NOSORT, nullptr, &matches);
  std::vector<std::string> files;
  for (std::size_t i = 0; result == 0 && i < matches.gl_pathc; ++i) files.emplace_back(matches.gl_pathv[i]);
  ::globfree(&matches);
  if (result == GLOB_NOSPACE)
    throw ResourceError(printable(path) + ": no memory for the files of the pattern");
  if (files.empty()) throw DataError(printable(path) + ": no file fits the pattern");
  std::sort(files.begin(), files.end());
  return files;
}

std::string table_file_name(const std::string& path, const std::string& file) {
  const fs::path name = fs::path(file).filename();
  if (!is_pattern(path)) return name.string();
  const fs::path inside = fs::path(file).lexically_relative(fixed_folder(path));
  return (inside.empty() || *inside.begin() == ".." ? name : inside).generic_string();
}

}  // namespace shoal
