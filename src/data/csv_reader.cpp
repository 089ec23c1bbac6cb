// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/row_reader.hpp"
#include "data/utf8.hpp"

namespace shoal {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t buffer_bytes = 1 << 18;
constexpr std::size_t longest_row = 1 << 26;

class CsvReader final : public RowReader {
 public:
  CsvReader(std::unique_ptr<ByteStream> bytes, const TableFormat& format)
      : bytes_(std::move(bytes)),
        path_(bytes_->shown()),
        delimiter_(format.delimiter.empty() ? ',' : format.delimiter[0]),
        comment_(format.comment),
        buffer_(buffer_bytes) {
    refuse_other_encodings();
    if (ahead("\xef\xbb\xbf"sv)) at_ += 3;  // byte-order mark
    for (int skipped = 0; skipped < format.skip_rows; ++skipped)
      if (!skip_line())
        throw DataError(path_ + ":" + std::to_string(line_) + ": the file ends within the " +
                        std::to_string(format.skip_rows) + " lines to skip (tasks.skip_rows)");
    take_separator_line();
    for (const char c : {delimiter_, '\n', '\r', '"', '\0'}) stops_[static_cast<unsigned char>(c)] = true;
    if (by_blanks()) stops_['\t'] = true;
    if (!read_row())
      throw DataError(path_ + ":1: the file is empty; a header line with column names was expected");
    for (std::size_t i = 0; i < fields(); ++i) names_.emplace_back(text(i));
    named_ = names_.size();
    while (named_ > 0 && names_[named_ - 1].empty()) --named_;
    header_line_ = row_line_;
  }

  const std::vector<std::string>& names() const override { return names_; }
  std::string header_location() const override { return path_ + ":" + std::to_string(header_line_); }

  // A row may end with a delimiter, which makes one more empty field. It may also lack the fields of trailing
  // columns that have no name.
  bool next() override {
    if (!read_row()) return false;
    if (fields() == names_.size()) return true;
    if (fields() >= named_ && fields() < names_.size()) return true;
    if (fields() == names_.size() + 1 && text(names_.size()).empty()) return true;
    throw DataError(
        location() + ": " + std::to_string(fields()) + " fields, the header has " +
        std::to_string(names_.size()) +
        (fields() < names_.size() ? " (column " + quoted_text(names_[fields()]) + " is missing)" : ""));
  }

  std::string_view text(std::size_t column) override {
    if (column >= fields()) return {};
    std::string_view value = field(column);
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    return value;
  }

  std::string location() const override { return path_ + ":" + std::to_string(row_line_); }
  bool stores_numbers() const override { return false; }

 private:
  std::size_t fields() const { return ends_.size(); }
  std::string_view field(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(row_).substr(begin, ends_[i] - begin);
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  bool separates(int c) const { return c == static_cast<unsigned char>(delimiter_); }
  static bool ends_line(int c) { return c < 0 || c == '\n' || c == '\r'; }
  bool by_blanks() const { return delimiter_ == ' '; }

  int peek() {
    if (at_ == filled_) {
      at_ = 0;
      filled_ = bytes_->read(buffer_.data(), buffer_.size());
      if (filled_ == 0) return -1;
    }
    return static_cast<unsigned char>(buffer_[at_]);
  }
  int take() {
    const int c = peek();
    if (c >= 0) ++at_;
    return c;
  }
  /// Whether these bytes come next. They must be fewer than the buffer holds.
  bool ahead(std::string_view expected) {
    if (filled_ - at_ < expected.size()) {
      std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
      filled_ -= at_;
      at_ = 0;
      while (filled_ < expected.size()) {
        const std::size_t got = bytes_->read(buffer_.data() + filled_, buffer_.size() - filled_);
        if (got == 0) return false;
        filled_ += got;
      }
    }
    return std::string_view(buffer_.data() + at_, expected.size()) == expected;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(path_ + ":" + std::to_string(line_) + ": " + what);
  }

  void refuse_other_encodings() {
    const auto refuse = [&](const std::string& encoding) {
      fail("the file is " + encoding + "; convert it: " + conversion_from(encoding));
    };
    if (ahead("\xff\xfe\0\0"sv) || ahead("\0\0\xfe\xff"sv)) refuse("UTF-32");
    if (ahead("\xff\xfe"sv) || ahead("\xfe\xff"sv)) refuse("UTF-16");
    // Without a byte-order mark, UTF-16 and UTF-32 show by their zero bytes: most characters of a table are
    // ASCII.
    if (ahead("\xef\xbb\xbf"sv) || peek() < 0 || filled_ - at_ < 4) return;
    const std::string_view start(buffer_.data() + at_, 4);
    const auto zeros = [&](std::string_view pattern) {
      for (std::size_t i = 0; i < start.size(); ++i)
        if ((start[i] == '\0') != (pattern[i] == '0')) return false;
      return true;
    };
    if (zeros("x0x0")) refuse("UTF-16LE");
    if (zeros("0x0x")) refuse("UTF-16BE");
  }

  /// Reads a first line such as `sep=;`, in which spreadsheets name the delimiter of the file.
  void take_separator_line() {
    if (!ahead("sep="sv) && !ahead("SEP="sv)) return;
    constexpr std::size_t before = 4;
    for (const std::string_view end : {"\n"sv, "\r\n"sv})
      for (const char c : {',', ';', '\t', '|'})
        if (ahead(std::string(buffer_.data() + at_, before) + c + std::string(end))) {
          delimiter_ = c;
          skip_line();
          return;
        }
  }

  /// Returns false at the end of the file.
  bool skip_line() {
    if (peek() < 0) return false;
    for (int c = take(); c >= 0 && c != '\n'; c = take()) {
    }
    ++line_;
    return true;
  }

  /// Reads one record into row_ and ends_, after blank lines and comments. Returns false at the end of the
  /// file.
  bool read_row() {
    do {
      while (peek() == '\n' || peek() == '\r' || (!comment_.empty() && ahead(comment_)))
        if (ends_line(peek())) {
          end_of_line(take());
          // a fast loop, because there may be many
          for (; at_ < filled_ && buffer_[at_] == '\n'; ++at_) ++line_;
        } else {
          skip_line();
        }
      if (peek() < 0) return false;
      row_.clear();
      ends_.clear();
      ascii_ = true;
      quoted_ = false;
      row_line_ = line_;
      read_fields();
    } while (fields() <= 1 && !quoted_ && text(0).empty());  // the line had only blanks
    return true;
  }

  void read_fields() {
    for (;;) {
      skip_blanks();
      if (peek() == '"')
        read_quoted();
      else
        read_plain();
      ends_.push_back(row_.size());
      if (by_blanks()) skip_blanks();
      if (!ends_line(peek())) {
        if (!by_blanks()) take();  // the delimiter; a run of blanks has been skipped above
        continue;
      }
      if (!ascii_) check_encoding();
      if (const int c = take(); c >= 0) end_of_line(c);
      return;
    }
  }

  /// Skips blanks that are not the delimiter. When blanks separate fields, skips all: a run of them is one
  /// delimiter.
  void skip_blanks() {
    while (peek() == ' ' || (peek() == '\t' && !separates('\t'))) ++at_;
  }

  void check_encoding() const {
    for (std::size_t i = 0; i < fields(); ++i)
      if (!is_utf8(field(i)))
        throw DataError(location() + ": column " + std::to_string(i + 1) +
                        (i < names_.size() ? " (" + quoted_text(names_[i]) + ")" : "") +
                        " is not UTF-8: " + quoted_text(field(i), 40) +
                        "; if it is in a Western encoding: " + conversion_from("WINDOWS-1252"));
  }
  std::string conversion_from(const std::string& encoding) const {
    const std::string unpacked = bytes_->size() ? "" : "decompress it, then ";
    return unpacked + "iconv -f " + encoding + " -t UTF-8 '" + path_ + "' > '" + path_ + ".utf8.csv'";
  }

  void end_of_line(int c) {
    if (c == '\r' && take() != '\n') fail("a carriage return that no line feed follows");
    ++line_;
  }

  void read_plain() {
    for (int c = peek(); !stops_plain(c); c = peek()) {
      const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
                 filled = buffer_.begin() + static_cast<std::ptrdiff_t>(filled_);
      const auto end =
          std::find_if(begin, filled, [&](char byte) { return stops_[static_cast<unsigned char>(byte)]; });
      if (row_.size() + static_cast<std::size_t>(end - begin) > longest_row) fail_too_long();
      ascii_ =
          ascii_ && std::all_of(begin, end, [](char byte) { return static_cast<signed char>(byte) >= 0; });
      row_.append(begin, end);
      at_ += static_cast<std::size_t>(end - begin);
    }
    if (peek() == '"') fail_at_quote("a quote inside an unquoted field");
    if (peek() == '\0') fail_zero_byte();
  }
  bool stops_plain(int c) const { return c < 0 || stops_[static_cast<std::size_t>(c)]; }

  void read_quoted() {
    const std::int64_t opened = line_;
    quoted_ = true;
    take();
    for (;;) {
      const int c = take();
      if (c < 0) {
        line_ = opened;
        fail("a quoted field (column " + std::to_string(fields() + 1) + ") that is never closed");
      }
      if (c == '"') {
        if (peek() != '"') break;
        take();
      }
      if (c == '\n') ++line_;
      append(static_cast<char>(c));
    }
    const bool blank_follows = peek() == ' ' || peek() == '\t';
    skip_blanks();
    if (!ends_line(peek()) && !separates(peek()) && !(by_blanks() && blank_follows))
      fail_at_quote("text after the closing quote");
  }

  void append(char c) {
    if (c == '\0') fail_zero_byte();
    if (row_.size() >= longest_row) fail_too_long();
    ascii_ = ascii_ && static_cast<unsigned char>(c) < 0x80;
    row_ += c;
  }

  [[noreturn]] void fail_at_quote(const std::string& what) const {
    throw QuoteError(path_ + ":" + std::to_string(line_) + ": " + what + " (column " +
                     std::to_string(fields() + 1) + ")");
  }
  [[noreturn]] void fail_zero_byte() const {
    fail("a zero byte (column " + std::to_string(fields() + 1) + "): is this a text file?");
  }
  [[noreturn]] void fail_too_long() const {
    fail("a row longer than " + std::to_string(longest_row) + " bytes");
  }

  std::unique_ptr<ByteStream> bytes_;
  std::string path_;
  char delimiter_;
  std::string comment_;
  std::array<bool, 256> stops_{};  ///< bytes that end an unquoted field or may not occur in it
  std::vector<char> buffer_;
  std::size_t at_ = 0, filled_ = 0;
  std::int64_t line_ = 1, row_line_ = 1, header_line_ = 1;
  std::vector<std::string> names_;
  std::size_t named_ = 0;          ///< index behind the last column that has a name
  std::string row_;                ///< the fields of the current row, concatenated
  std::vector<std::size_t> ends_;  ///< end of each field in row_
  bool ascii_ = true;              ///< the current row has no byte above 0x7f
  bool quoted_ = false;            ///< the current row has a quoted field
};

}  // namespace

std::unique_ptr<RowReader> open_csv(std::unique_ptr<ByteStream> bytes, const TableFormat& format) {
  return std::make_unique<CsvReader>(std::move(bytes), format);
}

}  // namespace shoal
