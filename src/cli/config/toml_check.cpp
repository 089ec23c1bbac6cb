// SPDX-License-Identifier: Apache-2.0
#include "cli/config/toml_check.hpp"

#include <algorithm>
#include <array>

namespace shoal::cli {
namespace {

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '"' || c == '\'';
}

/// Walks over TOML: comments and texts are stepped over, brackets counted, so that it knows where a statement
/// begins.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // byte-order mark
  }

  std::optional<TomlFault> find() {
    bool statement_begins = true;
    int depth = 0;  // of lists and inline tables
    int parts = 1;  // of the name at hand, which points separate
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) >= 0x80)
        return fault("a character outside ASCII; keys with such characters, and texts, stand in quotes");
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        if (stands_in_word()) return fault("a quote in the middle of a word");
        step_over_text(c);
        statement_begins = false;
      } else if (c == '\n') {
        statement_begins = depth == 0;
        parts = 1;
        ++at_;
      } else if (c == '[' && statement_begins) {
        step_over_opening();
        if (at_ < text_.size() && text_[at_] != ']' && static_cast<unsigned char>(text_[at_]) < 0x80 &&
            !begins_name(text_[at_]))
          return fault("the name of a table was expected after [");
        statement_begins = false;
      } else {
        if (c == '[' || c == '{') ++depth;
        if (depth > most_levels)
          return fault("lists and tables stand in each other more than 64 levels deep");
        if (c == '.' && ++parts > most_levels) return fault("a name has more than 64 parts");
        if (c == '=' || c == ',') parts = 1;
        if ((c == ']' || c == '}') && depth > 0) --depth;
        if (c != ' ' && c != '\t' && c != '\r') statement_begins = false;
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  static constexpr int most_levels = 64;  // the parser calls itself for each

  /// Whether the quote at hand follows a character of a word. The parser takes the word of a value to its
  /// end, quotes and all; a point parts the words of a name, but not those of a number.
  bool stands_in_word() const {
    if (at_ == 0) return false;
    constexpr std::string_view in_front = " \t\r\n=[{,";
    if (in_front.find(text_[at_ - 1]) != std::string_view::npos) return false;
    if (text_[at_ - 1] != '.') return text_.substr(0, at_) != "\xef\xbb\xbf";
    const std::size_t before = text_.find_last_of(in_front, at_ - 1);
    const char first = text_[before == std::string_view::npos ? 0 : before + 1];
    return (first >= '0' && first <= '9') || first == '+' || first == '-' || first == '.';
  }

  TomlFault fault(std::string what) const {
    const std::string_view before = text_.substr(0, at_);
    const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t newline = before.rfind('\n');
    return {lines + 1, newline == std::string_view::npos ? at_ + 1 : at_ - newline, std::move(what)};
  }

  /// "[" or "[[" and blanks.
  void step_over_opening() {
    const auto blanks = [&] {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    };
    ++at_;
    blanks();
    if (at_ < text_.size() && text_[at_] == '[') ++at_;
    blanks();
  }

  /// A text in one or three quotes. One that is never closed ends with its line, or with the file.
  void step_over_text(char quote) {
    const std::array<char, 3> three = {quote, quote, quote};
    const std::string_view triple(three.data(), three.size());
    const bool many_lines = text_.substr(at_).starts_with(triple);
    const std::string_view end = many_lines ? triple : triple.substr(0, 1);
    at_ += end.size();
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with(end)) {
        at_ += end.size();
        // Up to two quotes may stand before the three that close.
        for (int more = 0; many_lines && more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) ++at_;
        return;
      }
      if (!many_lines && text_[at_] == '\n') return;
      at_ += text_[at_] == '\\' && quote == '"' ? 2 : 1;
    }
    at_ = std::min(at_, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<TomlFault> find_toml_fault(std::string_view text) {
  return Walk(text).find();
}

}  // namespace shoal::cli
