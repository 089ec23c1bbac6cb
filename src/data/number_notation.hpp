// SPDX-License-Identifier: Apache-2.0
// NumberNotation: what the text of a field says: a number, that there is none, an infinity, or other text.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <shoal/table_source.hpp>

namespace shoal {

enum class FieldKind {
  number,
  missing,
  infinite,  ///< inf or infinity in any case, or beyond the range of double (1e400)
  text
};

class NumberNotation {
 public:
  explicit NumberNotation(const TableFormat& format);

  /// Reads a field of a column of numbers: decimal or scientific notation in the format's signs, whose units
  /// are stripped. Missing: nothing, a word for it, a number that is listed as one, every spelling of NaN.
  FieldKind read(std::string_view text, double& value) const;
  /// Whether a field of a column of text is missing: nothing, or a word for it.
  bool is_missing_text(std::string_view text) const;
  /// Whether a number is listed as a word for a missing value.
  bool is_missing_number(double value) const;

 private:
  FieldKind read_number(std::string_view text, double& value) const;
  bool in_plain_digits(std::string_view text, std::string& plain) const;
  bool strip_in_front(std::string_view& text) const;
  void strip_behind(std::string_view& text) const;

  std::string decimal_, thousands_;
  std::vector<std::string> units_;  ///< longest first
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> missing_words_;
  std::vector<double> missing_numbers_;  ///< sorted
  bool plain_ = true;                    ///< neither sign nor unit needs a closer look
};

}  // namespace shoal
