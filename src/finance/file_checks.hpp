// SPDX-License-Identifier: Apache-2.0
// Size and hash of a file against those that the catalogue of data sets fixes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

namespace shoal::finance {

/// Throws ResourceError when the file cannot be looked at, DataError when its size is another. `what`: its
/// content in words.
inline void check_bytes(const std::filesystem::path& file, std::string_view what, std::uint64_t bytes) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) throw ResourceError(file.string() + ": " + error.message());
  if (size != bytes)
    throw DataError(file.string() + ": " + std::string(what) + " has " + std::to_string(size) +
                    " bytes, expected " + std::to_string(bytes));
}

inline void check_hash(const std::filesystem::path& file, std::string_view what, std::string_view expected) {
  const std::string actual = sha256_of_file(file);
  if (actual != expected)
    throw DataError(file.string() + ": " + std::string(what) + " has SHA-256 " + actual + ", expected " +
                    std::string(expected));
}

}  // namespace shoal::finance
