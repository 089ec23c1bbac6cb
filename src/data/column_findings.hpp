// SPDX-License-Identifier: Apache-2.0
// ColumnFindings: counts the kinds of values in a column, and remembers where each kind occurred first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <shoal/table_source.hpp>

#include "data/number_notation.hpp"

namespace shoal {

class ColumnFindings {
 public:
  /// Counts `count` equal values; location() says where the first one is. Call it in the order of the rows.
  template <class Place>
  void note(FieldKind kind, std::string_view value, Place location, std::size_t count = 1) {
    if (kind == FieldKind::number) numbers_.note(value, location, count);
    if (kind == FieldKind::text) texts_.note(value, location, count);
    if (kind == FieldKind::infinite) infinities_.note(value, location, count);
  }
  /// Whether the column is numeric: it has numbers, or it has neither numbers nor text.
  bool is_numeric() const { return texts_.count == 0 || numbers_.count > 0; }
  /// Throws DataError, naming the first offending value: text in a column of numbers or a number in a column
  /// of text (the rarer kind is the offending one), or an infinity in a column of numbers. With
  /// `numbers_wanted`, text is an error even when there are no numbers.
  void refuse_odd_values(const std::string& column, bool numbers_wanted, const TableFormat& format) const;

 private:
  struct First {
    std::size_t count = 0;
    std::string location, value;

    template <class Place>
    void note(std::string_view text, Place where, std::size_t values) {
      if (count == 0) {
        location = where();
        value = text;
      }
      count += values;
    }
  };
  First numbers_, texts_, infinities_;
};

/// Advice, for the end of a message, for a text that should have been a number.
std::string advice_for_text(std::string_view text, const TableFormat& format);

}  // namespace shoal
