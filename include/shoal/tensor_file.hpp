// SPDX-License-Identifier: Apache-2.0
// safetensors files. The reader accepts only what the format allows and checks every size against the file
// before it allocates. Writes are crash-safe.
//
// Example:
//
//   const std::vector<float> values = {1, 2, 3, 4, 5, 6};
//   shoal::TensorFile content;
//   content.tensors["weight"] = shoal::Tensor::of({2, 3}, values.data());
//   shoal::write_tensor_file("weights.safetensors", content);
//   const auto weight = shoal::read_tensor_file("weights.safetensors").tensors.at("weight").values<float>();
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
  std::vector<T> values() const;  ///< converts f32 <-> f64; throws ModelError for any other type
};

struct TensorFile {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Reads a file. Throws ModelError, naming the file and the byte or tensor, for a bad header length, bad
/// JSON, holes, overlaps, unknown dtypes, content that differs from the hash in its metadata, a pipe or a
/// device. Throws ResourceError when reading fails.
TensorFile read_tensor_file(const std::filesystem::path& file, Links links = Links::followed);
/// The same of a file's bytes in memory; `name`: what errors call it.
TensorFile parse_tensor_file(std::span<const std::byte> bytes, const std::string& name);
/// The bytes of the file that write_tensor_file writes.
std::vector<std::byte> tensor_file_bytes(const TensorFile& content);
/// Writes tensors in order of name after a header that is padded to 8 bytes. It writes a temporary file,
/// calls fsync, renames the file, and calls fsync for the folder.
void write_tensor_file(const std::filesystem::path& file, const TensorFile& content,
                       Links links = Links::followed);

/// Metadata entry with the content hash, in checkpoints, models and adapted models: the SHA-256 of the file
/// that the same content gives without this entry.
inline constexpr const char* content_hash_key = "content_sha256";
/// `content` with its hash in the metadata.
TensorFile with_content_hash(TensorFile content);
/// Writes `content` with its hash.
void write_hashed_file(const std::filesystem::path& file, TensorFile content, Links links = Links::followed);
/// Throws ModelError when the metadata has no hash: then read_tensor_file could not have noticed damage.
void require_content_hash(const std::filesystem::path& file, const TensorFile& content);

/// Writes text or bytes in the same crash-safe way. Follows symbolic links unless `links` refuses them;
/// writes directly into pipes and devices. Throws ResourceError.
void write_file(const std::filesystem::path& file, std::span<const std::byte> bytes,
                Links links = Links::followed);
void write_file(const std::filesystem::path& file, const std::string& text, Links links = Links::followed);
/// Writes a text that is not in memory as a whole: calls `produce` once, which hands over piece after piece.
/// If `produce` throws, the old file stays as it is.
using PutText = std::function<void(std::string_view)>;
using ProduceText = std::function<void(const PutText&)>;
void write_file(const std::filesystem::path& file, const ProduceText& produce, Links links = Links::followed);

/// SHA-256 as 64 lower-case hex digits.
std::string sha256(std::span<const std::byte> bytes);
std::string sha256(const std::string& text);
/// Throws ResourceError for a file that is not regular or cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace shoal
