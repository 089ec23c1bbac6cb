// SPDX-License-Identifier: Apache-2.0
// Reads and writes safetensors files: the length of a JSON header as u64, the header, the bytes of the
// tensors. Files may be hostile, so every size is checked against the rest of the file before memory is
// allocated.
#include <shoal/tensor_file.hpp>

#include <algorithm>
#include <cstring>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "core/float_environment.hpp"
#include "io/sha256.hpp"
#include "io/tensor_header.hpp"

namespace shoal {
namespace {

constexpr std::uint64_t largest_header = 100'000'000;

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  if constexpr (std::is_same_v<T, double>) return DType::f64;
  if constexpr (std::is_same_v<T, std::int64_t>) return DType::i64;
  if constexpr (std::is_same_v<T, std::int32_t>) return DType::i32;
  return DType::u8;
}

void put_length(std::span<std::byte> to, std::uint64_t length) {
  for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<std::byte>(length >> 8 * i);
}

std::string content_hash(const TensorFile& content) {
  const std::string header = tensor_header_text(content, content_hash_key);
  std::byte length[8];
  put_length(length, header.size());
  Sha256 hash;
  hash.add(length);
  hash.add(header);
  for (const auto& [name, tensor] : content.tensors) hash.add(tensor.bytes);
  return hash.digest();
}

}  // namespace

std::int64_t Tensor::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

template <class T>
Tensor Tensor::of(std::vector<std::int64_t> shape, const T* values) {
  Tensor tensor;
  tensor.dtype = dtype_of<T>();
  tensor.shape = std::move(shape);
  tensor.bytes.resize(static_cast<std::size_t>(tensor.elements()) * sizeof(T));
  if (!tensor.bytes.empty()) std::memcpy(tensor.bytes.data(), values, tensor.bytes.size());
  return tensor;
}

template <class T>
std::vector<T> Tensor::values() const {
  const FloatEnvironment environment;
  const auto count = static_cast<std::size_t>(elements());
  const auto as = [&]<class From>(From) {
    std::vector<From> raw(count);
    if (count > 0) std::memcpy(raw.data(), bytes.data(), count * sizeof(From));
    return raw;
  };
  if (dtype == dtype_of<T>()) return as(T{});
  if constexpr (std::is_floating_point_v<T>) {
    std::vector<T> result(count);
    const auto convert = [&](const auto& raw) {
      std::transform(raw.begin(), raw.end(), result.begin(), [](auto v) { return static_cast<T>(v); });
      return result;
    };
    if (dtype == DType::f32) return convert(as(float{}));
    if (dtype == DType::f64) return convert(as(double{}));
  }
  throw ModelError(std::string("tensor is ") + type_of(dtype).name + ", expected " +
                   type_of(dtype_of<T>()).name);
}

#define SHOAL_TENSOR_OF(T)                                            \
  template Tensor Tensor::of<T>(std::vector<std::int64_t>, const T*); \
  template std::vector<T> Tensor::values<T>() const;
SHOAL_TENSOR_OF(float)
SHOAL_TENSOR_OF(double)
SHOAL_TENSOR_OF(std::int64_t)
SHOAL_TENSOR_OF(std::int32_t)
SHOAL_TENSOR_OF(std::uint8_t)
#undef SHOAL_TENSOR_OF

namespace {

/// Reads `size` bytes of which `take(to, count)` gives the next and returns how many there were.
template <class Take>
TensorFile read_content(const std::string& file, std::uint64_t file_size, Take take) {
  const auto read = [&](void* to, std::uint64_t count, const char* what, const std::string* name) {
    if (take(to, count) != count)
      throw ModelError(file + ": ends inside " + what + (name ? " " + quoted_text(*name) : ""));
  };
  unsigned char length_bytes[8];
  if (const std::size_t count = take(length_bytes, 8); count < 8)
    throw ModelError(file + ": " + std::to_string(count) + " bytes are too few for a header length");
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | length_bytes[i];
  if (length > largest_header || file_size < 8 || length > file_size - 8)
    throw ModelError(file + ": header length " + std::to_string(length) + " at byte 0 exceeds the file or " +
                     std::to_string(largest_header));
  std::string text(length, '\0');
  read(text.data(), length, "the header", nullptr);
  TensorHeader header = read_tensor_header(file, text, file_size - 8 - length);
  text = {};
  for (const TensorExtent& extent : header.extents) {
    extent.tensor->bytes.resize(extent.end - extent.begin);
    read(extent.tensor->bytes.data(), extent.tensor->bytes.size(), "tensor", extent.name);
  }
  const auto hash = header.content.metadata.find(content_hash_key);
  if (hash != header.content.metadata.end() && hash->second != content_hash(header.content))
    throw ModelError(file + ": is damaged: its content is not that of the hash in its metadata (" +
                     content_hash_key + ")");
  return std::move(header.content);
}

}  // namespace

TensorFile read_tensor_file(const std::filesystem::path& path, Links links) {
  InputFile input = InputFile::open<ModelError>(path, links);
  return read_content(path.string(), input.size(),
                      [&](void* to, std::uint64_t count) { return input.read(to, count); });
}

TensorFile parse_tensor_file(std::span<const std::byte> bytes, const std::string& name) {
  return read_content(name, bytes.size(), [left = bytes](void* to, std::uint64_t count) mutable {
    const std::size_t taken = std::min<std::uint64_t>(count, left.size());
    if (taken > 0) std::memcpy(to, left.data(), taken);
    left = left.subspan(taken);
    return taken;
  });
}

std::vector<std::byte> tensor_file_bytes(const TensorFile& content) {
  const std::string text = tensor_header_text(content);
  std::size_t size = 8 + text.size();
  for (const auto& [name, tensor] : content.tensors) size += tensor.bytes.size();
  std::vector<std::byte> bytes(size);
  put_length(std::span(bytes).first(8), text.size());
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  std::size_t to = 8 + text.size();
  for (const auto& [name, tensor] : content.tensors) {
    if (!tensor.bytes.empty()) std::memcpy(bytes.data() + to, tensor.bytes.data(), tensor.bytes.size());
    to += tensor.bytes.size();
  }
  return bytes;
}

void write_tensor_file(const std::filesystem::path& file, const TensorFile& content, Links links) {
  write_file(file, tensor_file_bytes(content), links);
}

TensorFile with_content_hash(TensorFile content) {
  content.metadata[content_hash_key] = content_hash(content);
  return content;
}

void write_hashed_file(const std::filesystem::path& file, TensorFile content, Links links) {
  write_tensor_file(file, with_content_hash(std::move(content)), links);
}

void require_content_hash(const std::filesystem::path& file, const TensorFile& content) {
  if (!content.metadata.contains(content_hash_key))
    throw ModelError(file.string() + ": has no hash of its content in its metadata (" + content_hash_key +
                     "): it is damaged, or an earlier version wrote it (see `shoal inspect model --out`)");
}

}  // namespace shoal
