// SPDX-License-Identifier: Apache-2.0
#include "data/number_notation.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace shoal {
namespace {

constexpr std::string_view usual_missing_words[] = {"",     "NA",   "N/A",  "n/a",  "#N/A",
                                                    "<NA>", "NaN",  "nan",  "NAN",  "-nan",
                                                    "-NaN", "NULL", "Null", "null", "None"};
constexpr std::string_view minus_sign = "\xe2\x88\x92";  // U+2212

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Removes a leading sign and returns it: '+', '-', or 0 without one.
char take_sign(std::string_view& text) {
  if (text.starts_with('+') || text.starts_with('-')) {
    const char sign = text.front();
    text.remove_prefix(1);
    return sign;
  }
  if (!text.starts_with(minus_sign)) return 0;
  text.remove_prefix(minus_sign.size());
  return '-';
}

/// Recognises inf, infinity, nan, nan(...) in any case and with a sign, and the words of Microsoft's C
/// library: 1.#INF, 1.#IND, ...
FieldKind kind_of_word(std::string_view text) {
  take_sign(text);
  std::string lower;
  for (const char c : text.substr(0, 64)) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower == "inf" || lower == "infinity" || lower == "1.#inf") return FieldKind::infinite;
  if (lower == "1.#ind" || lower == "1.#qnan" || lower == "1.#snan") return FieldKind::missing;
  if (!lower.starts_with("nan")) return FieldKind::text;
  if (text.size() == 3) return FieldKind::missing;
  if (text[3] != '(' || text.back() != ')') return FieldKind::text;
  const std::string_view payload = text.substr(4, text.size() - 5);
  const bool word = std::all_of(payload.begin(), payload.end(), [](char c) {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  return word ? FieldKind::missing : FieldKind::text;
}

/// Whether a number that double cannot represent (digits, a point, an exponent) is too large rather than too
/// small. The power of ten of its first nonzero digit decides.
bool is_too_large(std::string_view plain) {
  const std::size_t exponent_at = plain.find_first_of("eE");
  const std::string_view digits = plain.substr(0, exponent_at);
  const std::size_t first = digits.find_first_of("123456789");
  const std::size_t point = std::min(digits.find('.'), digits.size());
  if (first == std::string_view::npos) return false;
  long long exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view text = plain.substr(exponent_at + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (parsed.ec == std::errc::result_out_of_range) return !text.starts_with('-');
  }
  return exponent + static_cast<long long>(point) - static_cast<long long>(first) > 0;
}

/// Reads a number without a sign, in the notation of std::from_chars.
FieldKind read_plain(std::string_view digits, bool negative, double& value) {
  if (digits.empty() || !(is_digit(digits[0]) || digits[0] == '.')) return FieldKind::text;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (at != end) return FieldKind::text;
  if (error == std::errc::result_out_of_range) {
    if (is_too_large(digits)) return FieldKind::infinite;
    value = 0.0;
  } else if (error != std::errc()) {
    return FieldKind::text;
  }
  if (negative) value = -value;
  return FieldKind::number;
}

}  // namespace

NumberNotation::NumberNotation(const TableFormat& format)
    : decimal_(format.decimal),
      thousands_(format.thousands),
      units_(format.units),
      plain_(format.decimal == "." && format.thousands.empty() && format.units.empty()) {
  std::sort(units_.begin(), units_.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  missing_words_.insert(std::begin(usual_missing_words), std::end(usual_missing_words));
  for (const std::string& listed : format.missing_words) {
    const std::string word(trimmed(listed));
    double value = 0.0;
    if (read_number(word, value) == FieldKind::number) missing_numbers_.push_back(value);
    missing_words_.insert(word);
  }
  std::sort(missing_numbers_.begin(), missing_numbers_.end());
}

bool NumberNotation::is_missing_text(std::string_view text) const {
  return text.empty() || missing_words_.contains(text);
}

bool NumberNotation::is_missing_number(double value) const {
  return std::binary_search(missing_numbers_.begin(), missing_numbers_.end(), value);
}

FieldKind NumberNotation::read(std::string_view text, double& value) const {
  const FieldKind kind = read_number(text, value);
  if (kind == FieldKind::number) return is_missing_number(value) ? FieldKind::missing : FieldKind::number;
  if (is_missing_text(text)) return FieldKind::missing;
  return kind == FieldKind::infinite ? kind : kind_of_word(text);
}

FieldKind NumberNotation::read_number(std::string_view text, double& value) const {
  if (plain_) {
    const bool negative = take_sign(text) == '-';
    return read_plain(text, negative, value);
  }
  std::string plain;
  if (!in_plain_digits(text, plain)) return FieldKind::text;
  const bool negative = plain.starts_with('-');
  return read_plain(std::string_view(plain).substr(negative ? 1 : 0), negative, value);
}

bool NumberNotation::strip_in_front(std::string_view& text) const {
  for (const std::string& unit : units_)
    if (text.starts_with(unit)) {
      text = trimmed(text.substr(unit.size()));
      return true;
    }
  return false;
}

void NumberNotation::strip_behind(std::string_view& text) const {
  for (const std::string& unit : units_)
    if (text.ends_with(unit)) {
      text = trimmed(text.substr(0, text.size() - unit.size()));
      return;
    }
}

/// Writes the number in C's notation, with a '-' in front when it is negative. Returns false when the text is
/// not a number in the format's notation. Groups of the whole part must have three digits (inner groups may
/// have two, as in India), so that a decimal sign is never taken for a separator of thousands.
bool NumberNotation::in_plain_digits(std::string_view text, std::string& plain) const {
  // The unit may stand on either side of the sign: $-5, -$5.
  const bool unit_first = strip_in_front(text);
  const bool negative = take_sign(text) == '-';
  if (!unit_first) strip_in_front(text);
  strip_behind(text);
  if (negative) plain += '-';
  const std::size_t begin = plain.size();
  std::size_t group = 0, separators = 0;  // digits of the current group
  while (!text.empty()) {
    if (is_digit(text.front())) {
      plain += text.front();
      ++group;
      text.remove_prefix(1);
    } else if (!thousands_.empty() && text.starts_with(thousands_)) {
      if (group < (separators == 0 ? 1 : 2) || group > 3) return false;
      ++separators;
      group = 0;
      text.remove_prefix(thousands_.size());
    } else {
      break;
    }
  }
  if (separators > 0 && (group != 3 || plain[begin] == '0')) return false;
  if (text.starts_with(decimal_)) {
    plain += '.';
    text.remove_prefix(decimal_.size());
    while (!text.empty() && is_digit(text.front())) {
      plain += text.front();
      text.remove_prefix(1);
    }
  }
  if (!text.empty() && text.front() != 'e' && text.front() != 'E') return false;
  plain += text;
  return true;
}

}  // namespace shoal
