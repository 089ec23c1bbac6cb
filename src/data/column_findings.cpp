// SPDX-License-Identifier: Apache-2.0
#include "data/column_findings.hpp"

#include <shoal/error.hpp>
#include <shoal/quoted_text.hpp>

#include "data/other_notation.hpp"

namespace shoal {

std::string advice_for_text(std::string_view text, const TableFormat& format) {
  if (const auto other = other_notation(text, format)) return "; if it is one: " + other->advice;
  constexpr std::size_t longest_word = 40;
  if (text.size() > longest_word) return "";
  return "; if it means that there is none: set tasks.missing_words = [" + toml_text(text) + "]";
}

void ColumnFindings::refuse_odd_values(const std::string& column, bool numbers_wanted,
                                       const TableFormat& format) const {
  const auto refuse = [&](const First& first, const std::string& what) {
    throw DataError(first.location + ": column " + quoted_text(column) + ": " + quoted_text(first.value) +
                    what);
  };
  constexpr const char* list_it = "; a feature that is a category: list it in tasks.categorical";
  if (texts_.count > 0 && (numbers_.count > 0 || numbers_wanted)) {
    if (texts_.count <= numbers_.count || numbers_wanted) {
      const bool many = !numbers_wanted && texts_.count * 10 >= numbers_.count;
      refuse(texts_, " is not a number" +
                         (numbers_.count == 0 ? std::string()
                                              : ", " + std::to_string(numbers_.count) + " other values are") +
                         advice_for_text(texts_.value, format) + (many ? list_it : ""));
    }
    refuse(numbers_, " is a number, " + std::to_string(texts_.count) + " other values are text, such as " +
                         quoted_text(texts_.value, 40) +
                         (other_notation(texts_.value, format) ? advice_for_text(texts_.value, format)
                                                               : std::string()) +
                         list_it);
  }
  if (infinities_.count > 0 && is_numeric())
    refuse(infinities_,
           " is infinite, which is not allowed; to read it as missing: set tasks.missing_words = [" +
               toml_text(infinities_.value) + "]");
}

}  // namespace shoal
