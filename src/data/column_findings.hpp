// SPDX-License-Identifier: Apache-2.0
// ColumnFindings: what the values of a column turn out to be, and where the first of every kind stands.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <shoal/table_source.hpp>

#include "data/number_notation.hpp"

namespace shoal {

class ColumnFindings {
 public:
  /// Takes in `count` values of a kind, all written alike, whose first stands at place(); in order of that.
  template <class Place>
  void note(FieldKind kind, std::string_view value, Place location, std::size_t count = 1) {
    if (kind == FieldKind::number) numbers_.note(value, location, count);
    if (kind == FieldKind::text) texts_.note(value, location, count);
    if (kind == FieldKind::infinite) infinities_.note(value, location, count);
  }
  /// Numbers, unless there is text and no number.
  bool is_numeric() const { return texts_.count == 0 || numbers_.count > 0; }
  /// Throws DataError naming the first value that the column cannot have: text between numbers or the other
  /// way round (of the rarer kind), an infinity between numbers. `numbers_wanted`: text is refused without
  /// numbers beside it, too.
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

/// What to write when a text should have been a number, to append to a message.
std::string advice_for_text(std::string_view text, const TableFormat& format);

}  // namespace shoal
