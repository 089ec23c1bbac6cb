// SPDX-License-Identifier: Apache-2.0
#include "data/table_format.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/utf8.hpp"

namespace shoal {
namespace {

bool is_one_character(std::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return !text.empty() && is_utf8(text) && std::count_if(text.begin(), text.end(), begins) == 1;
}

/// Whether a character is needed to write numbers or fields.
bool is_taken(std::string_view character) {
  return character.find_first_of("0123456789+-eE\"\r\n") != std::string_view::npos;
}

[[noreturn]] void refuse(const std::string& key, std::string_view value, const std::string& what) {
  throw InvalidArgument("tasks." + key + " = " + quoted_text(value) + ": " + what);
}

/// Whether stripping a text as a unit could change the value of a number.
bool changes_numbers(std::string_view unit) {
  constexpr std::string_view of_numbers = "0123456789+-()., ";
  return unit.find_first_not_of(of_numbers) == std::string_view::npos ||
         std::string_view("+-()").find(unit.front()) != std::string_view::npos ||
         std::string_view("+-()").find(unit.back()) != std::string_view::npos;
}

}  // namespace

void validate(const TableFormat& format) {
  const std::string& delimiter = format.delimiter;
  if (!delimiter.empty() && (delimiter.size() != 1 || static_cast<unsigned char>(delimiter[0]) > 0x7e ||
                             is_taken(delimiter) || delimiter[0] == '\0' || delimiter[0] == '.'))
    refuse("delimiter", delimiter,
           "expected one ASCII character that no number holds, e.g. \";\", \"\\t\" (a tab) or \" \"");
  if (!is_one_character(format.decimal) || is_taken(format.decimal) || format.decimal == " ")
    refuse("decimal", format.decimal, "expected one character, e.g. \",\"");
  if (!format.thousands.empty() && (!is_one_character(format.thousands) || is_taken(format.thousands)))
    refuse("thousands", format.thousands, "expected one character, e.g. \",\"");
  if (format.thousands == format.decimal)
    refuse("thousands", format.thousands, "is also the decimal sign (tasks.decimal)");
  for (const std::string& unit : format.units)
    if (unit.empty() || changes_numbers(unit))
      refuse("units", unit,
             "expected texts like \"%\" or \"months\", no signs, digits or parentheses of the numbers "
             "themselves");
  if (format.comment.find_first_of("\r\n") != std::string::npos)
    refuse("comment", format.comment, "expected the text with which comment lines begin, e.g. \"#\"");
  if (!delimiter.empty() && format.comment.starts_with(delimiter))
    refuse("comment", format.comment, "begins with the delimiter, as a line does whose first field is empty");
}

TableFormat plain_format(const TableFormat& format) {
  TableFormat plain;
  plain.missing_words = format.missing_words;
  return plain;
}

}  // namespace shoal
