// SPDX-License-Identifier: Apache-2.0
// ByteStream: the content of a table's file. gzip and zstd are decompressed while they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <shoal/input_file.hpp>

namespace shoal {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Reads up to `count` bytes; returns at least 1 unless the content has ended. Throws DataError for damaged
  /// or suspicious compressed data, and ResourceError when the file system fails.
  virtual std::size_t read(char* to, std::size_t count) = 0;
  /// Size of the content in bytes, if it is known without reading.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
  /// The path of the file, as messages show it.
  virtual const std::string& shown() const = 0;
};

/// Opens a file. Its first bytes decide its format, not its name: gzip and zstd are decompressed; formats
/// that Shoal does not read (Parquet, spreadsheets, ...) throw DataError with advice.
std::unique_ptr<ByteStream> open_bytes(const std::string& path);

/// Decompresses a file of which only the bytes `start` have been read. Throws DataError when the build does
/// not have the library.
std::unique_ptr<ByteStream> open_gzip(std::unique_ptr<InputFile> file, std::string start);
std::unique_ptr<ByteStream> open_zstd(std::unique_ptr<InputFile> file, std::string start);

/// Refuses content that may be a decompression bomb: more than 1 GiB at a ratio above 1000 : 1.
class ExpansionLimit {
 public:
  explicit ExpansionLimit(std::uint64_t harmless = std::uint64_t{1} << 30) : harmless_(harmless) {}
  /// Throws DataError when `written` bytes from `read` compressed bytes are above both limits.
  void check(const std::string& file, std::uint64_t read, std::uint64_t written) const;

 private:
  std::uint64_t harmless_;
};

}  // namespace shoal
