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

#include <shoal/input_file.hpp>

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

/// Throws ModelError naming file, byte or tensor: bad header length, JSON, holes, overlaps, unknown dtypes, a
/// content that is not that of the hash in its metadata, a pipe or device; ResourceError when reading fails.
TensorFile read_tensor_file(const std::filesystem::path& file, Links links = Links::followed);
/// Tensors in order of name, offsets 8-byte aligned header; temporary file, fsync, rename, fsync of the
/// folder.
void write_tensor_file(const std::filesystem::path& file, const TensorFile& content,
                       Links links = Links::followed);

/// Metadata entry of checkpoints, models and adapted models: SHA-256 of the file that the content makes
/// without this entry.
inline constexpr const char* content_hash_key = "content_sha256";
/// Writes `content` with its hash.
void write_hashed_file(const std::filesystem::path& file, TensorFile content, Links links = Links::followed);
/// Throws ModelError when the metadata has no hash: read_tensor_file could not see damage.
void require_content_hash(const std::filesystem::path& file, const TensorFile& content);

/// Writes text or bytes in the same crash-safe way. Symbolic links are followed, unless refused; pipes and
/// devices are written into. Throws ResourceError.
void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes,
                Links links = Links::followed);
void write_file(const std::filesystem::path& file, const std::string& text, Links links = Links::followed);
/// The same for what is not in memory at once: `produce` is called once and hands over piece after piece.
/// What it throws leaves the old file as it is.
using PutText = std::function<void(std::string_view)>;
using ProduceText = std::function<void(const PutText&)>;
void write_file(const std::filesystem::path& file, const ProduceText& produce, Links links = Links::followed);

/// SHA-256 as 64 lower-case hex digits.
std::string sha256(std::span<const std::byte> bytes);
std::string sha256(const std::string& text);
/// Throws ResourceError for what is no regular file, or cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace shoal
