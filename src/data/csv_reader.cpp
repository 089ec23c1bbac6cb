// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>

#include <shoal/error.hpp>

#include "data/row_reader.hpp"
#include "data/utf8.hpp"

namespace shoal {
namespace {

constexpr std::size_t buffer_bytes = 1 << 18;
constexpr std::size_t longest_row = 1 << 26;

class CsvReader final : public RowReader {
 public:
  explicit CsvReader(const std::string& path)
      : path_(path), stream_(path, std::ios::binary), buffer_(buffer_bytes) {
    if (!stream_) throw DataError(path + ": cannot be opened for reading");
    if (peek() == 0xef) {  // byte-order mark
      for (const int expected : {0xef, 0xbb, 0xbf})
        if (take() != expected) throw DataError(path_ + ":1: a byte-order mark that is not UTF-8");
    }
    if (!read_row())
      throw DataError(path_ + ":1: the file is empty; a header line with column names was expected");
    for (std::size_t i = 0; i < fields(); ++i) {
      const std::string name(text(i));
      if (name.empty()) throw DataError(place() + ": column " + std::to_string(i + 1) + " has no name");
      if (std::find(names_.begin(), names_.end(), name) != names_.end())
        throw DataError(place() + ": column \"" + name + "\" occurs twice");
      names_.push_back(name);
    }
    header_line_ = row_line_;
  }

  const std::vector<std::string>& names() const override { return names_; }
  std::string header_place() const override { return path_ + ":" + std::to_string(header_line_); }

  bool next() override {
    if (!read_row()) return false;
    if (fields() != names_.size())
      throw DataError(place() + ": " + std::to_string(fields()) + " fields, the header has " +
                      std::to_string(names_.size()) +
                      (fields() < names_.size() ? " (column \"" + names_[fields()] + "\" is missing)" : ""));
    return true;
  }

  std::string_view text(std::size_t column) override {
    std::string_view value = field(column);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    return value;
  }

  std::string place() const override { return path_ + ":" + std::to_string(row_line_); }

 private:
  std::size_t fields() const { return ends_.size(); }
  std::string_view field(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(row_).substr(begin, ends_[i] - begin);
  }

  int peek() {
    if (at_ == filled_) {
      stream_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
      filled_ = static_cast<std::size_t>(stream_.gcount());
      at_ = 0;
      if (stream_.bad()) throw DataError(path_ + ": reading failed at line " + std::to_string(line_));
      if (filled_ == 0) return -1;
    }
    return static_cast<unsigned char>(buffer_[at_]);
  }
  int take() {
    const int c = peek();
    if (c >= 0) ++at_;
    return c;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(path_ + ":" + std::to_string(line_) + ": " + what);
  }

  /// One record into row_ and ends_; blank lines are skipped. False at the end of the file.
  bool read_row() {
    while (peek() == '\n' || peek() == '\r') end_of_line(take());
    if (peek() < 0) return false;
    row_.clear();
    ends_.clear();
    ascii_ = true;
    row_line_ = line_;
    for (;;) {
      if (peek() == '"')
        read_quoted();
      else
        read_plain();
      ends_.push_back(row_.size());
      const int c = take();
      if (c == ',') continue;
      if (!ascii_) check_encoding();
      if (c >= 0) end_of_line(c);
      return true;
    }
  }

  void check_encoding() const {
    for (std::size_t i = 0; i < fields(); ++i)
      if (!is_utf8(field(i)))
        throw DataError(place() + ": column " + std::to_string(i + 1) +
                        (i < names_.size() ? " (\"" + names_[i] + "\")" : "") + " is not UTF-8");
  }

  void end_of_line(int c) {
    if (c == '\r' && take() != '\n') fail("a carriage return that no line feed follows");
    ++line_;
  }

  void read_plain() {
    for (int c = peek(); c >= 0 && c != ',' && c != '\n' && c != '\r'; c = peek()) {
      if (c == '"')
        fail("a quote inside an unquoted field (column " + std::to_string(ends_.size() + 1) + ")");
      append(static_cast<char>(take()));
    }
  }

  void read_quoted() {
    const std::int64_t opened = line_;
    take();
    for (;;) {
      const int c = take();
      if (c < 0) {
        line_ = opened;
        fail("a quoted field (column " + std::to_string(ends_.size() + 1) + ") that is never closed");
      }
      if (c == '"') {
        if (peek() != '"') break;
        take();
      }
      if (c == '\n') ++line_;
      append(static_cast<char>(c));
    }
    const int after = peek();
    if (after >= 0 && after != ',' && after != '\n' && after != '\r')
      fail("text after the closing quote (column " + std::to_string(ends_.size() + 1) + ")");
  }

  void append(char c) {
    if (c == '\0')
      fail("a zero byte (column " + std::to_string(ends_.size() + 1) + "): is this a text file?");
    if (row_.size() >= longest_row) fail("a row longer than " + std::to_string(longest_row) + " bytes");
    ascii_ = ascii_ && static_cast<unsigned char>(c) < 0x80;
    row_ += c;
  }

  std::string path_;
  std::ifstream stream_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, filled_ = 0;
  std::int64_t line_ = 1, row_line_ = 1, header_line_ = 1;
  std::vector<std::string> names_;
  std::string row_;                ///< the fields of the current row, one after another
  std::vector<std::size_t> ends_;  ///< where each of them ends
  bool ascii_ = true;              ///< the current row holds no byte above 0x7f
};

}  // namespace

std::unique_ptr<RowReader> open_csv(const std::string& path) {
  return std::make_unique<CsvReader>(path);
}

}  // namespace shoal
