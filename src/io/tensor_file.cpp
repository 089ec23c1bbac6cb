// SPDX-License-Identifier: Apache-2.0
// safetensors: u64 length of a JSON header, the header, the tensors' bytes. Files are hostile: every size is
// checked against what is left of the file before anything is allocated.
#include <shoal/tensor_file.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>

#include "core/float_environment.hpp"

namespace shoal {
namespace {

using nlohmann::json;

constexpr std::uint64_t largest_header = 100'000'000;

struct TypeName {
  DType dtype;
  const char* name;
  std::size_t size;
};
constexpr TypeName types[] = {{DType::f32, "F32", 4},
                              {DType::f64, "F64", 8},
                              {DType::i64, "I64", 8},
                              {DType::i32, "I32", 4},
                              {DType::u8, "U8", 1}};

const TypeName& type_of(DType dtype) {
  return *std::find_if(std::begin(types), std::end(types),
                       [&](const TypeName& type) { return type.dtype == dtype; });
}

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>) return DType::f32;
  if constexpr (std::is_same_v<T, double>) return DType::f64;
  if constexpr (std::is_same_v<T, std::int64_t>) return DType::i64;
  if constexpr (std::is_same_v<T, std::int32_t>) return DType::i32;
  return DType::u8;
}

/// Parses the header and refuses what nlohmann would let pass: a key twice in one object, deep nesting.
json parse_header(const std::string& file, const std::string& text) {
  std::vector<std::set<std::string>> keys;
  std::string twice;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second &&
        twice.empty())
      twice = parsed.get<std::string>();
    if (depth > 4) throw ModelError(file + ": header: nested too deeply");
    return true;
  };
  try {
    json header = json::parse(text, watch);
    if (!twice.empty()) throw ModelError(file + ": header: key \"" + twice + "\" occurs twice");
    if (!header.is_object()) throw ModelError(file + ": header: not a JSON object");
    return header;
  } catch (const json::parse_error& error) {
    throw ModelError(file + ": header, byte " + std::to_string(8 + error.byte) + ": not valid JSON");
  } catch (const json::exception& error) {  // a number beyond double
    throw ModelError(file + ": header: " + error.what());
  }
}

/// A non-negative integer of the header.
std::uint64_t integer(const std::string& where, const json& value) {
  if (!value.is_number_unsigned()) throw ModelError(where + ": not a non-negative integer");
  return value.get<std::uint64_t>();
}

struct Place {
  std::string name;
  std::uint64_t begin = 0, end = 0;
};

Place read_entry(const std::string& file, const std::string& name, const json& entry, std::uint64_t data_size,
                 Tensor& tensor) {
  const std::string where = file + ": tensor \"" + name + "\"";
  if (!entry.is_object()) throw ModelError(where + ": not a JSON object");
  for (const auto& [key, value] : entry.items())
    if (key != "dtype" && key != "shape" && key != "data_offsets")
      throw ModelError(where + ": unknown key \"" + key + "\"");
  for (const char* key : {"dtype", "shape", "data_offsets"})
    if (!entry.contains(key)) throw ModelError(where + ": has no " + key);
  const json &dtype = entry["dtype"], &shape = entry["shape"], &offsets = entry["data_offsets"];
  const auto* type = std::find_if(std::begin(types), std::end(types), [&](const TypeName& known) {
    return dtype.is_string() && dtype == known.name;
  });
  if (type == std::end(types))
    throw ModelError(where + ": dtype " + dtype.dump() + " is not one of F32, F64, I64, I32, U8");
  tensor.dtype = type->dtype;
  if (!shape.is_array() || shape.size() > 8)
    throw ModelError(where + ": shape is not a list of at most 8 extents");
  std::uint64_t size = type->size;
  for (const json& extent : shape) {
    const std::uint64_t value = integer(where + ": shape", extent);
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ||
        __builtin_mul_overflow(size, value, &size))
      throw ModelError(where + ": shape is too large");
    tensor.shape.push_back(static_cast<std::int64_t>(value));
  }
  if (!offsets.is_array() || offsets.size() != 2) throw ModelError(where + ": data_offsets is not a pair");
  Place place{name, integer(where + ": data_offsets", offsets[0]),
              integer(where + ": data_offsets", offsets[1])};
  if (place.begin > place.end || place.end > data_size)
    throw ModelError(where + ": data_offsets [" + std::to_string(place.begin) + ", " +
                     std::to_string(place.end) + "] lie outside of the " + std::to_string(data_size) +
                     " bytes of data");
  if (place.end - place.begin != size)
    throw ModelError(where + ": " + std::to_string(place.end - place.begin) + " bytes for a shape of " +
                     std::to_string(size));
  return place;
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

TensorFile read_tensor_file(const std::filesystem::path& path) {
  const std::string file = path.string();
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path))
    throw ModelError(file + ": cannot be opened for reading");
  stream.seekg(0, std::ios::end);
  const auto file_size = static_cast<std::uint64_t>(stream.tellg());
  stream.seekg(0);
  const auto read = [&](void* to, std::uint64_t count, const std::string& what) {
    stream.read(static_cast<char*>(to), static_cast<std::streamsize>(count));
    if (static_cast<std::uint64_t>(stream.gcount()) != count)
      throw ModelError(file + ": ends inside " + what);
  };
  if (file_size < 8)
    throw ModelError(file + ": " + std::to_string(file_size) + " bytes are too few for a header length");
  unsigned char length_bytes[8];
  read(length_bytes, 8, "the header length");
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | length_bytes[i];
  if (length > largest_header || length > file_size - 8)
    throw ModelError(file + ": header length " + std::to_string(length) + " at byte 0 exceeds the file or " +
                     std::to_string(largest_header));
  std::string text(length, '\0');
  read(text.data(), length, "the header");
  const json header = parse_header(file, text);
  const std::uint64_t data_size = file_size - 8 - length;

  TensorFile content;
  std::vector<Place> places;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      if (!entry.is_object()) throw ModelError(file + ": __metadata__ is not a JSON object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) throw ModelError(file + ": metadata \"" + key + "\" is not a string");
        content.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    places.push_back(read_entry(file, name, entry, data_size, content.tensors[name]));
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Place& place : places) {
    if (place.begin != at)
      throw ModelError(file + ": tensor \"" + place.name + "\" begins at data byte " +
                       std::to_string(place.begin) +
                       (place.begin > at ? ", leaving a hole from " : ", overlapping the one that ends at ") +
                       std::to_string(at));
    at = place.end;
  }
  if (at != data_size)
    throw ModelError(file + ": " + std::to_string(data_size - at) +
                     " bytes after the last tensor, from byte " + std::to_string(8 + length + at));
  for (const Place& place : places) {
    auto& bytes = content.tensors[place.name].bytes;
    bytes.resize(place.end - place.begin);
    read(bytes.data(), bytes.size(), "tensor \"" + place.name + "\"");
  }
  return content;
}

void write_tensor_file(const std::filesystem::path& file, const TensorFile& content) {
  json header = json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : content.tensors) {
    header[name] = {{"dtype", type_of(tensor.dtype).name},
                    {"shape", tensor.shape},
                    {"data_offsets", {at, at + tensor.bytes.size()}}};
    at += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  std::vector<std::byte> bytes(8 + text.size() + at);
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(text.size() >> 8 * i);
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  std::size_t to = 8 + text.size();
  for (const auto& [name, tensor] : content.tensors) {
    if (!tensor.bytes.empty()) std::memcpy(bytes.data() + to, tensor.bytes.data(), tensor.bytes.size());
    to += tensor.bytes.size();
  }
  write_file(file, bytes);
}

}  // namespace shoal
