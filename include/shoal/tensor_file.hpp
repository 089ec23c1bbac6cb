// SPDX-License-Identifier: Apache-2.0
// safetensors, read strictly and written crash-safely. Every size is checked against the file before
// allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

enum class DType { f32, f64, i64, i32, u8 };

struct Tensor {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;  ///< little-endian, row-major

  std::int64_t elements() const;
  template <class T>
  static Tensor of(std::vector<std::int64_t> shape, const T* values);  ///< float, double, int64, int32, uint8
  template <class T>
  std::vector<T> values() const;  ///< the same type, or f32 <-> f64 converted; else throws ModelError
};

struct TensorFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Throws ModelError naming file, byte or tensor: bad header length, JSON, holes, overlaps, unknown dtypes,
/// ...
TensorFile read_tensor_file(const std::filesystem::path& file);
/// Tensors in order of name, offsets 8-byte aligned header; temporary file, fsync, rename, fsync of the
/// folder.
void write_tensor_file(const std::filesystem::path& file, const TensorFile& content);
/// Writes text or bytes in the same crash-safe way. Symbolic links are followed; pipes and devices are
/// written into. Throws ResourceError.
void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& file, const std::string& text);
/// The same for what is not in memory at once: `produce` is called once and hands over piece after piece.
/// What it throws leaves the old file as it is.
using PutText = std::function<void(std::string_view)>;
using ProduceText = std::function<void(const PutText&)>;
void write_file(const std::filesystem::path& file, const ProduceText& produce);

/// SHA-256 as 64 lower-case hex digits.
std::string sha256(std::span<const std::byte> bytes);
std::string sha256(const std::string& text);
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace shoal
