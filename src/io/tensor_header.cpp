// SPDX-License-Identifier: Apache-2.0
#include "io/tensor_header.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

using nlohmann::json;

constexpr TypeName types[] = {{DType::f32, "F32", 4},
                              {DType::f64, "F64", 8},
                              {DType::i64, "I64", 8},
                              {DType::i32, "I32", 4},
                              {DType::u8, "U8", 1}};
constexpr std::string_view metadata_name = "__metadata__";
constexpr std::size_t most_extents = 8;

/// Receives the parser's events. The format has four levels: the object of tensors; a tensor or the metadata;
/// its fields; the numbers of shape and data_offsets. A value that is not allowed at its level throws at
/// once.
class HeaderReader final : public nlohmann::json_sax<json> {
 public:
  HeaderReader(const std::string& file, TensorHeader& header) : file_(file), header_(header) {}

  bool null() override { unexpected(); }
  bool boolean(bool) override { unexpected(); }
  bool number_integer(number_integer_t) override { unexpected(); }
  bool number_float(number_float_t, const string_t&) override { unexpected(); }
  bool binary(binary_t&) override { unexpected(); }

  bool number_unsigned(number_unsigned_t value) override {
    if (level_ == Level::shape) {
      if (tensor_extent().tensor->shape.size() == most_extents)
        refuse_tensor("shape has more than 8 extents");
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        refuse_tensor("shape is too large");
      tensor_extent().tensor->shape.push_back(static_cast<std::int64_t>(value));
    } else if (level_ == Level::offsets) {
      if (offsets_ == 2) refuse_tensor("data_offsets is not a pair");
      (offsets_++ == 0 ? tensor_extent().begin : tensor_extent().end) = value;
    } else {
      unexpected();
    }
    return true;
  }

  bool string(string_t& text) override {
    if (level_ == Level::metadata) {
      header_.content.metadata[field_] = std::move(text);
    } else if (level_ == Level::tensor && field_ == "dtype") {
      const auto* type = std::find_if(std::begin(types), std::end(types),
                                      [&](const TypeName& known) { return text == known.name; });
      if (type == std::end(types))
        refuse_tensor("dtype " + quoted_text(text) + " is not one of F32, F64, I64, I32, U8");
      tensor_extent().tensor->dtype = type->dtype;
    } else {
      unexpected();
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (level_ == Level::outside) {
      level_ = Level::tensors;
    } else if (level_ == Level::tensors && name_ == metadata_name) {
      level_ = Level::metadata;
    } else if (level_ == Level::tensors) {
      const auto [at, fresh] = header_.content.tensors.try_emplace(name_);
      if (!fresh) refuse_twice(name_);
      header_.extents.push_back({&at->first, &at->second, 0, 0});
      seen_ = 0;
      offsets_ = 0;
      level_ = Level::tensor;
    } else {
      unexpected();
    }
    return true;
  }

  bool key(string_t& text) override {
    if (level_ == Level::tensors) {
      if (text == metadata_name && std::exchange(metadata_seen_, true)) refuse_twice(text);
      name_ = std::move(text);
      return true;
    }
    field_ = std::move(text);
    if (level_ == Level::metadata) {
      if (header_.content.metadata.contains(field_)) refuse_twice(field_);
      return true;
    }
    const auto* known = std::find(std::begin(fields), std::end(fields), field_);
    if (known == std::end(fields)) refuse_tensor("unknown key " + quoted_text(field_));
    const unsigned bit = 1u << (known - std::begin(fields));
    if (seen_ & bit) refuse_twice(field_);
    seen_ |= bit;
    return true;
  }

  bool end_object() override {
    if (level_ == Level::tensor)
      for (std::size_t i = 0; i < std::size(fields); ++i)
        if (!(seen_ & 1u << i)) refuse_tensor("has no " + std::string(fields[i]));
    level_ = level_ == Level::tensors ? Level::end : Level::tensors;
    return true;
  }

  bool start_array(std::size_t) override {
    if (level_ != Level::tensor || (field_ != "shape" && field_ != "data_offsets")) unexpected();
    level_ = field_ == "shape" ? Level::shape : Level::offsets;
    return true;
  }

  bool end_array() override {
    if (level_ == Level::offsets && offsets_ != 2) refuse_tensor("data_offsets is not a pair");
    level_ = Level::tensor;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
    // 406 is the only error that is not about syntax.
    throw ModelError(file_ + ": header, byte " + std::to_string(8 + position) +
                     (error.id == 406 ? ": a number beyond the range of a double" : ": not valid JSON"));
  }

 private:
  enum class Level { outside, tensors, metadata, tensor, shape, offsets, end };
  static constexpr std::string_view fields[] = {"dtype", "shape", "data_offsets"};

  TensorExtent& tensor_extent() { return header_.extents.back(); }

  [[noreturn]] void refuse_tensor(const std::string& why) const {
    throw ModelError(file_ + ": tensor " + quoted_text(name_) + ": " + why);
  }
  [[noreturn]] void refuse_twice(const std::string& key) const {
    throw ModelError(file_ + ": header: key " + quoted_text(key) + " occurs twice");
  }
  /// Throws for a value that is not allowed at this level.
  [[noreturn]] void unexpected() const {
    switch (level_) {
      case Level::outside:
      case Level::end:
        throw ModelError(file_ + ": header: not a JSON object");
      case Level::tensors:
        if (name_ == metadata_name) throw ModelError(file_ + ": __metadata__ is not a JSON object");
        refuse_tensor("not a JSON object");
      case Level::metadata:
        throw ModelError(file_ + ": metadata " + quoted_text(field_) + " is not a string");
      case Level::tensor:
        refuse_tensor(field_ == "dtype"   ? "dtype is not one of F32, F64, I64, I32, U8"
                      : field_ == "shape" ? "shape is not a list of at most 8 extents"
                                          : "data_offsets is not a pair");
      case Level::shape:
        refuse_tensor("shape: not a non-negative integer");
      case Level::offsets:
        break;
    }
    refuse_tensor("data_offsets: not a non-negative integer");
  }

  const std::string& file_;
  TensorHeader& header_;
  Level level_ = Level::outside;
  std::string name_, field_;
  bool metadata_seen_ = false;
  unsigned seen_ = 0;     ///< one bit for each field of the current tensor that has been read
  unsigned offsets_ = 0;  ///< number of values read of its data_offsets
};

/// Checks that a tensor's bytes are inside the data, and that their number fits its shape.
void check_extent_of(const std::string& file, const TensorExtent& tensor_extent, std::uint64_t data_size) {
  const auto refuse = [&](const std::string& why) {
    throw ModelError(file + ": tensor " + quoted_text(*tensor_extent.name) + ": " + why);
  };
  std::uint64_t size = type_of(tensor_extent.tensor->dtype).size;
  for (const std::int64_t extent : tensor_extent.tensor->shape)
    if (__builtin_mul_overflow(size, static_cast<std::uint64_t>(extent), &size) ||
        size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      refuse("shape is too large");
  if (tensor_extent.begin > tensor_extent.end || tensor_extent.end > data_size)
    refuse("data_offsets [" + std::to_string(tensor_extent.begin) + ", " + std::to_string(tensor_extent.end) +
           "] lie outside of the " + std::to_string(data_size) + " bytes of data");
  if (tensor_extent.end - tensor_extent.begin != size)
    refuse(std::to_string(tensor_extent.end - tensor_extent.begin) + " bytes for a shape of " +
           std::to_string(size));
}

void check_extents(const std::string& file, std::vector<TensorExtent>& extents, std::uint64_t header_size,
                   std::uint64_t data_size) {
  for (const TensorExtent& tensor_extent : extents) check_extent_of(file, tensor_extent, data_size);
  std::sort(extents.begin(), extents.end(), [](const TensorExtent& a, const TensorExtent& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const TensorExtent& tensor_extent : extents) {
    if (tensor_extent.begin != at)
      throw ModelError(
          file + ": tensor " + quoted_text(*tensor_extent.name) + " begins at data byte " +
          std::to_string(tensor_extent.begin) +
          (tensor_extent.begin > at ? ", leaving a hole from " : ", overlapping the one that ends at ") +
          std::to_string(at));
    at = tensor_extent.end;
  }
  if (at != data_size)
    throw ModelError(file + ": " + std::to_string(data_size - at) +
                     " bytes after the last tensor, from byte " + std::to_string(8 + header_size + at));
}

/// Writes a JSON string; bytes that are not UTF-8 become U+FFFD.
std::string json_string(const std::string& text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

const TypeName& type_of(DType dtype) {
  return *std::find_if(std::begin(types), std::end(types),
                       [&](const TypeName& type) { return type.dtype == dtype; });
}

TensorHeader read_tensor_header(const std::string& file, std::string_view text, std::uint64_t data_size) {
  // The parser would take a zero byte for the end of the text and ignore everything after it.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    throw ModelError(file + ": header, byte " + std::to_string(8 + zero) + ": not valid JSON");
  TensorHeader header;
  HeaderReader reader(file, header);
  json::sax_parse(text, &reader);
  check_extents(file, header.extents, text.size(), data_size);
  return header;
}

std::string tensor_header_text(const TensorFile& content, std::string_view without) {
  std::string text = "{";
  const auto separate = [&] { text += text.size() > 1 ? "," : ""; };
  const auto put_metadata = [&] {
    std::string entries;
    for (const auto& [key, value] : content.metadata)
      if (without.empty() || key != without)
        entries += (entries.empty() ? "" : ",") + json_string(key) + ":" + json_string(value);
    if (entries.empty()) return;
    separate();
    text += json_string(std::string(metadata_name)) + ":{" + entries + "}";
  };
  bool metadata_done = false;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : content.tensors) {
    if (!metadata_done && name > metadata_name) {  // keys are in the order of their bytes
      put_metadata();
      metadata_done = true;
    }
    separate();
    text += json_string(name) + ":{\"data_offsets\":[" + std::to_string(at) + ",";
    at += tensor.bytes.size();
    text += std::to_string(at) + "],\"dtype\":\"" + type_of(tensor.dtype).name + "\",\"shape\":[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i)
      text += (i > 0 ? "," : "") + std::to_string(tensor.shape[i]);
    text += "]}";
  }
  if (!metadata_done) put_metadata();
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

}  // namespace shoal
