// SPDX-License-Identifier: Apache-2.0
#include "data/other_notation.hpp"

#include <algorithm>
#include <vector>

#include <shoal/quoted_text.hpp>

#include "data/number_notation.hpp"

namespace shoal {
namespace {

constexpr std::size_t longest = 64;  // largest number of bytes of a text that may be a number
constexpr std::string_view no_break_space = "\xc2\xa0", narrow_space = "\xe2\x80\xaf",
                           thin_space = "\xe2\x80\x89", apostrophe = "\xe2\x80\x99",
                           minus_sign = "\xe2\x88\x92";
constexpr std::string_view separators[] = {",",          ".",        " ",       "'", "_", no_break_space,
                                           narrow_space, thin_space, apostrophe};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool all_letters(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_letter);
}

bool drop_front(std::string_view& text, std::string_view part) {
  if (!text.starts_with(part)) return false;
  text.remove_prefix(part.size());
  return true;
}
bool drop_back(std::string_view& text, std::string_view part) {
  if (!text.ends_with(part)) return false;
  text.remove_suffix(part.size());
  return true;
}
std::string_view trimmed(std::string_view text) {
  while (drop_front(text, " ") || drop_front(text, "\t") || drop_front(text, no_break_space) ||
         drop_front(text, narrow_space) || drop_front(text, thin_space)) {
  }
  while (drop_back(text, " ") || drop_back(text, "\t") || drop_back(text, no_break_space) ||
         drop_back(text, narrow_space) || drop_back(text, thin_space)) {
  }
  return text;
}

bool drop_sign(std::string_view& text) {
  return drop_front(text, "-") || drop_front(text, "+") || drop_front(text, minus_sign);
}
bool drop_sign_behind(std::string_view& text) {
  return drop_back(text, "-") || drop_back(text, "+") || drop_back(text, minus_sign);
}

/// A text divided into what precedes its digits, the digits with their separators, and what follows.
struct Parts {
  std::string_view front, body, back;
};

/// Finds the longest stretch of digits, separators and an exponent that begins with the first digit (or a
/// decimal sign before it) and ends with a digit.
Parts parts_of(std::string_view text) {
  std::size_t begin =
      static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_digit) - text.begin());
  if (begin > 0 && (text[begin - 1] == '.' || text[begin - 1] == ',') &&
      (begin == 1 || !is_letter(text[begin - 2])))
    --begin;
  std::size_t end = begin;
  for (std::size_t at = begin; at < text.size();) {
    if (is_digit(text[at])) {
      end = ++at;
      continue;
    }
    const std::string_view rest = text.substr(at);
    const auto* separator = std::find_if(std::begin(separators), std::end(separators),
                                         [&](auto s) { return rest.starts_with(s); });
    if (separator == std::end(separators)) break;
    at += separator->size();
  }
  std::string_view exponent = text.substr(end);
  if (exponent.starts_with('e') || exponent.starts_with('E')) {
    exponent.remove_prefix(1);
    drop_sign(exponent);
    std::size_t digits = 0;
    while (digits < exponent.size() && is_digit(exponent[digits])) ++digits;
    if (digits > 0) end = text.size() - exponent.size() + digits;
  }
  return {text.substr(0, begin), text.substr(begin, end - begin), text.substr(end)};
}

/// Whether the text before a number is a currency or another unit, without blanks and signs around it.
/// Letters directly before the digits are a code (`A1`, `cat7`), unless they are few and the digits many
/// (`USD500`).
bool is_unit_in_front(std::string_view unit, bool apart, std::string_view body) {
  if (unit.empty()) return true;
  if (unit.size() > 12 || unit.find_first_of("<>=~_/:-+;|&") != std::string_view::npos) return false;
  const std::string_view letters = unit.ends_with('.') ? unit.substr(0, unit.size() - 1) : unit;
  if (!all_letters(letters)) return true;
  return letters.size() <= (apart ? 4u : 3u) && (apart || (letters.size() > 1 && body.size() >= 3));
}

/// Whether the text after a number is a unit. It has no digits, except for m2 and km3.
bool is_unit_behind(std::string_view unit) {
  if (unit.size() > 24 || unit.find_first_of("-:;|&=<>") != std::string_view::npos) return false;
  if (unit.starts_with('/') && unit.size() == 1) return false;
  const auto digits = std::count_if(unit.begin(), unit.end(), is_digit);
  if (digits == 0) return true;
  return digits == 1 && unit.size() > 1 && (unit.back() == '2' || unit.back() == '3') &&
         is_letter(unit[unit.size() - 2]);
}

std::string setting(const std::string& key, std::string_view value) {
  return "tasks." + key + " = " + toml_text(value);
}

std::string list_setting(const std::string& key, const std::vector<std::string>& values) {
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ", ") + toml_text(value);
  return "tasks." + key + " = [" + list + "]";
}

/// The settings under which the digits are a number; empty when there are none. When two readings are
/// possible (1,200), returns both.
std::vector<std::string> readings(std::string_view body, const TableFormat& format) {
  struct Signs {
    std::string_view decimal, thousands;
  };
  std::vector<Signs> tried = {{format.decimal, format.thousands}, {format.decimal, ""}};
  for (const std::string_view decimal : {".", ","}) tried.push_back({decimal, ""});
  for (const std::string_view decimal : {".", ","})
    for (const std::string_view thousands : separators)
      if (thousands != decimal) tried.push_back({decimal, thousands});
  std::vector<std::string> found;
  std::vector<double> values;
  for (const Signs& signs : tried) {
    TableFormat other;
    other.decimal = signs.decimal;
    other.thousands = signs.thousands;
    double value = 0.0;
    if (NumberNotation(other).read(body, value) != FieldKind::number) continue;
    if (std::find(values.begin(), values.end(), value) != values.end()) continue;
    values.push_back(value);
    std::string settings;
    if (signs.decimal != format.decimal) settings = setting("decimal", signs.decimal);
    if (!signs.thousands.empty() && signs.thousands != format.thousands)
      settings += (settings.empty() ? "" : " and ") + setting("thousands", signs.thousands);
    found.push_back(settings);
    if (settings.empty()) break;  // the text is a number as it stands
  }
  return found;
}

/// Recognises numbers that no setting makes readable, so that the file must be changed.
std::optional<OtherNotation> unreadable(std::string_view text) {
  std::string_view digits = text;
  drop_sign(digits);
  if (drop_front(digits, "0x") || drop_front(digits, "0X")) {
    const bool hexadecimal = !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    });
    if (hexadecimal) return OtherNotation{"", "write it in decimal digits"};
  }
  const std::size_t d = text.find_first_of("dD");
  if (d != std::string_view::npos && d > 0 && d + 1 < text.size()) {
    std::string exponent(text);
    exponent[d] = 'e';
    double value = 0.0;
    if (NumberNotation(TableFormat{}).read(exponent, value) == FieldKind::number)
      return OtherNotation{"", "write its exponent with e"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<OtherNotation> other_notation(std::string_view text, const TableFormat& format) {
  if (text.size() > longest || std::none_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  if (auto found = unreadable(text)) return found;
  if (text.front() == '(' && text.back() == ')') {  // accountants write negative numbers in parentheses
    const auto inner = other_notation(text.substr(1, text.size() - 2), format);
    double value = 0.0;
    if (inner || NumberNotation(format).read(text.substr(1, text.size() - 2), value) == FieldKind::number)
      return OtherNotation{inner ? inner->unit : "", "write a number below zero with a minus sign"};
    return std::nullopt;
  }
  auto [front, body, back] = parts_of(text);
  const bool apart = front.ends_with(' ') || front.ends_with('\t') || front.ends_with(no_break_space);
  std::string_view unit_in_front = trimmed(front);
  if (!drop_sign(unit_in_front) && !apart && drop_sign_behind(unit_in_front) && !unit_in_front.empty() &&
      is_letter(unit_in_front.back()))
    return std::nullopt;  // a code such as X-7
  unit_in_front = trimmed(unit_in_front);
  std::string_view unit_behind = trimmed(back);
  const bool sign_behind = drop_sign_behind(unit_behind) && unit_behind.empty();
  if (sign_behind) return OtherNotation{"", "write its sign in front of it"};
  unit_behind = trimmed(back);
  if (!is_unit_in_front(unit_in_front, apart, body) || !is_unit_behind(unit_behind)) return std::nullopt;
  const std::vector<std::string> settings = readings(body, format);
  if (settings.empty()) return std::nullopt;

  OtherNotation other;
  std::vector<std::string> units = format.units;
  for (const std::string_view unit : {unit_in_front, unit_behind}) {
    if (!unit.empty()) other.unit += (other.unit.empty() ? "" : " ... ") + std::string(unit);
    if (!unit.empty() && std::find(units.begin(), units.end(), unit) == units.end()) units.emplace_back(unit);
  }
  const bool new_unit = units.size() > format.units.size();
  if (new_unit) other.advice = list_setting("units", units);
  if (settings.size() == 1 && settings[0].empty()) {
    if (!new_unit) return OtherNotation{"", "write it without the blanks"};
  } else {
    other.advice += other.advice.empty() ? "" : " and ";
    for (std::size_t i = 0; i < settings.size() && i < 2; ++i)
      other.advice += (i == 0 ? "" : ", or ") + settings[i];
  }
  other.advice = "set " + other.advice;
  return other;
}

}  // namespace shoal
