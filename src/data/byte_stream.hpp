// SPDX-License-Identifier: Apache-2.0
// ByteStream: the content of a table's file, decompressed while it is read when it is gzip or zstd.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/input_file.hpp"

namespace shoal {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to `count` bytes, at least one unless the content ends. Throws DataError for damaged or suspicious
  /// compressed data, ResourceError when the file system fails.
  virtual std::size_t read(char* to, std::size_t count) = 0;
  /// Bytes of the content, when they are known before they are read.
  virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
  /// Its file, as messages show it.
  virtual const std::string& shown() const = 0;
};

/// Opens a file by what it holds, not by its name: gzip and zstd are recognised by their first bytes, and so
/// are the formats that are no tables to Shoal (Parquet, spreadsheets, ...), which are refused with what to
/// do.
std::unique_ptr<ByteStream> open_bytes(const std::string& path);

/// Decompressing streams over a file that has been opened and of which nothing has been read, but `start`
/// bytes. A build without the library refuses the file.
std::unique_ptr<ByteStream> open_gzip(std::unique_ptr<InputFile> file, std::string start);
std::unique_ptr<ByteStream> open_zstd(std::unique_ptr<InputFile> file, std::string start);

/// Refuses content that grows without measure: more than 1 GiB at more than 1000 : 1.
class ExpansionLimit {
 public:
  explicit ExpansionLimit(std::uint64_t harmless = std::uint64_t{1} << 30) : harmless_(harmless) {}
  /// Throws DataError once `written` bytes have come out of `read` bytes.
  void check(const std::string& file, std::uint64_t read, std::uint64_t written) const;

 private:
  std::uint64_t harmless_;
};

}  // namespace shoal
