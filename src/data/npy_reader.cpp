// SPDX-License-Identifier: Apache-2.0
// Reads .npy files of versions 1 to 3: magic bytes, version, header length, a Python dictionary, the array.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include <shoal/error.hpp>

#include "data/row_reader.hpp"

namespace shoal {
namespace {

class NpyReader final : public RowReader {
 public:
  explicit NpyReader(std::unique_ptr<ByteStream> bytes) : stream_(std::move(bytes)), path_(stream_->shown()) {
    std::array<char, 8> start{};
    read(start.data(), start.size(), "the magic string");
    if (std::memcmp(start.data(), "\x93NUMPY", 6) != 0) throw DataError(path_ + ": byte 0: not an .npy file");
    const int version = static_cast<unsigned char>(start[6]);
    if (version < 1 || version > 3)
      throw DataError(path_ + ": byte 6: version " + std::to_string(version) + " of the format is not known");
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    std::array<unsigned char, 4> digits{};
    read(digits.data(), length_bytes, "the header length");
    const std::uint64_t length =
        digits[0] | digits[1] << 8 | digits[2] << 16 | std::uint64_t{digits[3]} << 24;
    const std::optional<std::uint64_t> file_size = stream_->size();
    if (length > 1 << 20 || (file_size && length > *file_size - 8 - length_bytes))
      throw DataError(path_ + ": byte 8: header length " + std::to_string(length) +
                      " exceeds the file or 2^20");
    header_.resize(length);
    read(header_.data(), length, "the header");
    data_begin_ = 8 + length_bytes + length;
    parse_header();
    std::uint64_t size = 0;
    if (__builtin_mul_overflow(rows_, static_cast<std::uint64_t>(columns_), &size) ||
        __builtin_mul_overflow(size, static_cast<std::uint64_t>(item_size_), &size) ||
        (file_size && size != *file_size - data_begin_))
      throw DataError(path_ + ": byte " + std::to_string(data_begin_) + ": " +
                      (file_size ? std::to_string(*file_size - data_begin_) + " bytes of data" : "the data") +
                      " do not fit the shape (" + std::to_string(rows_) + ", " + std::to_string(columns_) +
                      ")");
    for (std::uint64_t c = 0; c < columns_; ++c) names_.push_back("c" + std::to_string(c));
    row_.resize(columns_ * item_size_);
  }

  const std::vector<std::string>& names() const override { return names_; }
  std::string header_location() const override { return path_ + ": byte 10: header"; }

  bool next() override {
    if (row_index_ == rows_) {
      if (!stream_->size() && fill())
        throw DataError(path_ + ": byte " + std::to_string(position_) + ": more data than the shape (" +
                        std::to_string(rows_) + ", " + std::to_string(columns_) + ") says");
      return false;
    }
    read(row_.data(), row_.size(), "row " + std::to_string(row_index_));
    ++row_index_;
    return true;
  }

  std::string_view text(std::size_t column) override {
    const char* from = row_.data() + column * item_size_;
    const auto as = [&]<class T>(T) {
      T value;
      std::memcpy(&value, from, sizeof value);
      if constexpr (std::is_floating_point_v<T>)
        if (std::isnan(value)) return std::string_view("NaN");
      const auto [end, error] = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value);
      return std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()));
    };
    switch (kind_) {
      case 'f':
        return item_size_ == 4 ? as(float{}) : as(double{});
      case 'u':
        if (item_size_ == 1) return as(std::uint8_t{});
        if (item_size_ == 2) return as(std::uint16_t{});
        return item_size_ == 4 ? as(std::uint32_t{}) : as(std::uint64_t{});
      default:
        if (item_size_ == 1) return as(std::int8_t{});
        if (item_size_ == 2) return as(std::int16_t{});
        return item_size_ == 4 ? as(std::int32_t{}) : as(std::int64_t{});
    }
  }

  std::string location() const override {
    return path_ + ": byte " + std::to_string(data_begin_ + (row_index_ - 1) * columns_ * item_size_) +
           " (row " + std::to_string(row_index_ - 1) + ")";
  }
  bool stores_numbers() const override { return true; }

 private:
  void read(void* to, std::size_t count, const std::string& what) {
    const std::uint64_t begin = position_;
    for (std::size_t filled = 0; filled < count;) {
      if (!fill())
        throw DataError(path_ + ": byte " + std::to_string(begin) + ": the file ends inside " + what);
      const std::size_t part = std::min(count - filled, filled_ - at_);
      std::memcpy(static_cast<char*>(to) + filled, buffer_.data() + at_, part);
      at_ += part;
      filled += part;
      position_ += part;
    }
  }
  /// Reads the next piece; returns false at the end of the file.
  bool fill() {
    if (at_ < filled_) return true;
    at_ = 0;
    filled_ = stream_->read(buffer_.data(), buffer_.size());
    return filled_ > 0;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(path_ + ": byte 10: header: " + what);
  }

  /// The value of a key in the header's dictionary: the text up to its comma (or bracket).
  std::string value_of(const std::string& key) const {
    const std::size_t at = header_.find("'" + key + "'");
    if (at == std::string::npos) fail("has no '" + key + "'");
    std::size_t begin = header_.find(':', at);
    if (begin == std::string::npos) fail("no value for '" + key + "'");
    begin = header_.find_first_not_of(' ', begin + 1);
    if (begin == std::string::npos) fail("no value for '" + key + "'");
    const std::size_t end =
        header_[begin] == '(' ? header_.find(')', begin) : header_.find_first_of(",}", begin);
    if (end == std::string::npos) fail("no end of the value for '" + key + "'");
    return header_.substr(begin, end - begin + (header_[begin] == '(' ? 1 : 0));
  }

  void parse_header() {
    const std::string type = value_of("descr"), order = value_of("fortran_order"), shape = value_of("shape");
    if (type.size() != 5 || type[0] != '\'' || type[4] != '\'' ||
        std::string("<|").find(type[1]) == std::string::npos ||
        std::string("fiu").find(type[2]) == std::string::npos)
      fail("descr " + type + " is not a little-endian float or integer type");
    kind_ = type[2];
    item_size_ = static_cast<std::size_t>(type[3] - '0');
    const bool known = kind_ == 'f'
                           ? item_size_ == 4 || item_size_ == 8
                           : item_size_ == 1 || item_size_ == 2 || item_size_ == 4 || item_size_ == 8;
    if (!known) fail("descr " + type + " has an item size that is not known");
    if (order != "False")
      fail("fortran_order is " + order + "; only C order is read (numpy.ascontiguousarray)");
    const char* at = shape.data() + 1;
    const char* end = shape.data() + shape.size();
    std::vector<std::uint64_t> extents;
    for (;;) {
      while (at < end && (*at == ' ' || *at == ',')) ++at;
      if (at >= end || *at == ')') break;
      std::uint64_t extent = 0;
      const auto [after, error] = std::from_chars(at, end, extent);
      if (error != std::errc()) fail("shape " + shape + " is not a tuple of numbers");
      extents.push_back(extent);
      at = after;
    }
    if (extents.size() != 2) fail("shape " + shape + " is not two-dimensional");
    rows_ = extents[0];
    columns_ = extents[1];
    if (columns_ < 1 || columns_ > 1 << 20) fail("shape " + shape + " has no columns or too many");
  }

  std::unique_ptr<ByteStream> stream_;
  std::string path_;
  std::vector<char> buffer_ = std::vector<char>(1 << 18);
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t position_ = 0;  ///< number of bytes that have been consumed
  std::string header_;
  std::uint64_t data_begin_ = 0, rows_ = 0, columns_ = 0, row_index_ = 0;
  std::size_t item_size_ = 0;
  char kind_ = 'f';
  std::vector<std::string> names_;
  std::vector<char> row_;
  std::array<char, 64> digits_{};
};

}  // namespace

std::unique_ptr<RowReader> open_npy(std::unique_ptr<ByteStream> bytes) {
  return std::make_unique<NpyReader>(std::move(bytes));
}

}  // namespace shoal
