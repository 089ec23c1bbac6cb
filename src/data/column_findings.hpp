// SPDX-License-Identifier: Apache-2.0
// ColumnFindings: what the values of a column turn out to be, and where the first of every kind stands.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <shoal/table_source.hpp>

#include "data/number_notation.hpp"
#include "data/row_reader.hpp"

namespace shoal {

class ColumnFindings {
 public:
  void note(FieldKind kind, const RowReader& reader, std::string_view value);
  /// Numbers, unless there is text and no number.
  bool is_numeric() const { return texts_.count == 0 || numbers_.count > 0; }
  /// Throws DataError naming the first value that the column cannot have: text between numbers or the other
  /// way round (of the rarer kind), an infinity between numbers. `numbers_wanted`: text is refused without
  /// numbers beside it, too.
  void refuse_odd_values(const std::string& column, bool numbers_wanted, const TableFormat& format) const;

 private:
  struct First {
    std::size_t count = 0;
    std::string place, value;
    void note(const RowReader& reader, std::string_view text);
  };
  First numbers_, texts_, infinities_;
};

/// What to write when a text should have been a number, to append to a message.
std::string advice_for_text(std::string_view text, const TableFormat& format);

}  // namespace shoal
