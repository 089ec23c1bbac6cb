// SPDX-License-Identifier: Apache-2.0
#include "config/toml_check.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace shoal::config {
namespace {

bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '"' || c == '\'';
}

/// Scans TOML: skips comments and strings, and tracks lists, tables and equals signs to know whether a name
/// or a value is expected. Refuses text that is not TOML where the parser would continue into a string: the
/// parser reads a value that is a bare word to its end, including quotes, brackets and equals signs.
class TomlScanner {
 public:
  explicit TomlScanner(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;  // byte-order mark
  }

  std::optional<TomlFault> find() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) >= 0x80)
        return fault("a character outside ASCII; write texts, and keys with such characters, in quotes");
      const char* what = nullptr;
      if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else if (c == '\n')
        end_line();
      else if (c == ' ' || c == '\t' || c == '\r')
        ++at_;
      else if (c == '[' && statement_begins_)
        what = skip_header_opening();
      else
        what = part_ == Part::name ? step_in_name(c) : step_in_value(c);
      if (what) return fault(what);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t most_levels = 64;  // the parser recurses once per level

  enum class Part {
    name,         ///< in the name of a key or a table
    value_opens,  ///< before a value
    value         ///< in a value or after it
  };

  void end_line() {
    ++at_;
    if (!open_.empty()) return;
    statement_begins_ = true;
    begin_name();
  }

  void begin_name() {
    part_ = Part::name;
    name_parts_ = 1;
  }

  const char* step_in_name(char c) {
    statement_begins_ = false;
    if (c == '"' || c == '\'') {
      constexpr std::string_view in_front = " \t\r\n[{,.";
      if (at_ > 0 && in_front.find(text_[at_ - 1]) == std::string_view::npos && !is_behind_mark())
        return "a quote in the middle of a word";
      return skip_text(c);
    }
    if (c == '.' && ++name_parts_ > most_levels) return "a name has more than 64 parts";
    if (c == '=') part_ = Part::value_opens;
    if (c == '}') return close('{');
    ++at_;
    return nullptr;
  }

  const char* step_in_value(char c) {
    const bool opens = part_ == Part::value_opens;
    switch (c) {
      case '"':
      case '\'':
        if (!opens) return "a quote in the middle of a word, or behind a value";
        part_ = Part::value;
        return skip_text(c);
      case '[':
      case '{':
        if (!opens) return "a bracket in the middle of a word, or behind a value";
        if (open_.size() == most_levels) return "lists and tables are nested more than 64 levels deep";
        open_ += c;
        if (c == '{') begin_name();
        break;
      case ']':
        return close('[');
      case '}':
        return close('{');
      case ',':
        if (open_.empty()) return "a comma outside of a list";
        part_ = Part::value_opens;
        if (open_.back() == '{') begin_name();
        break;
      case '=':
        return "a second = behind a name";
      default:
        part_ = Part::value;
    }
    ++at_;
    return nullptr;
  }

  const char* close(char opening) {
    if (open_.empty() || open_.back() != opening) return "a bracket that closes nothing";
    open_.pop_back();
    part_ = Part::value;
    ++at_;
    return nullptr;
  }

  bool is_behind_mark() const { return text_.substr(0, at_) == "\xef\xbb\xbf"; }

  TomlFault fault(std::string what) const {
    const std::string_view before = text_.substr(0, at_);
    const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t newline = before.rfind('\n');
    return {lines + 1, newline == std::string_view::npos ? at_ + 1 : at_ - newline, std::move(what)};
  }

  /// Skips "[" or "[[" and blanks. Returns what is wrong with the following character, or null.
  const char* skip_header_opening() {
    statement_begins_ = false;
    const auto blanks = [&] {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    };
    ++at_;
    blanks();
    if (at_ < text_.size() && text_[at_] == '[') ++at_;
    blanks();
    const bool is_wrong = at_ < text_.size() && text_[at_] != ']' &&
                          static_cast<unsigned char>(text_[at_]) < 0x80 && !begins_name(text_[at_]);
    return is_wrong ? "the name of a table was expected after [" : nullptr;
  }

  /// Skips a string in single or triple quotes. A string that is never closed ends with its line, or with the
  /// file. Returns a fault when a non-ASCII character follows a backslash, directly or after the line break
  /// that the backslash escapes; else null.
  const char* skip_text(char quote) {
    const std::array<char, 3> three = {quote, quote, quote};
    const std::string_view triple(three.data(), three.size());
    const bool many_lines = text_.substr(at_).starts_with(triple);
    const std::string_view end = many_lines ? triple : triple.substr(0, 1);
    at_ += end.size();
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with(end)) {
        at_ += end.size();
        // Up to two quotes may precede the closing three.
        for (int more = 0; many_lines && more < 2 && at_ < text_.size() && text_[at_] == quote; ++more) ++at_;
        return nullptr;
      }
      if (!many_lines && text_[at_] == '\n') return nullptr;
      if (text_[at_] == '\\' && quote == '"') {
        const std::size_t next = text_.find_first_not_of(many_lines ? " \t\r\n" : "", at_ + 1);
        if (next < text_.size() && static_cast<unsigned char>(text_[next]) >= 0x80) {
          at_ = next;
          return "a character outside ASCII behind a backslash";
        }
        ++at_;
      }
      ++at_;
    }
    at_ = std::min(at_, text_.size());
    return nullptr;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool statement_begins_ = true;
  Part part_ = Part::name;
  std::size_t name_parts_ = 1;
  std::string open_;  ///< lists ('[') and inline tables ('{') that are still open
};

}  // namespace

std::optional<TomlFault> find_toml_fault(std::string_view text) {
  return TomlScanner(text).find();
}

}  // namespace shoal::config
