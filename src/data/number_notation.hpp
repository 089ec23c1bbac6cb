// SPDX-License-Identifier: Apache-2.0
// NumberNotation: decides whether a field is a number, a missing value, an infinity or text, and reads
// numbers.
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
  infinite,  ///< inf or infinity in any case, or a number beyond the range of double (1e400)
  text
};

class NumberNotation {
 public:
  explicit NumberNotation(const TableFormat& format);

  /// Reads a field of a numeric column: decimal or scientific notation with the format's separators; units
  /// are stripped. `missing` are an empty field, a missing word, a number listed as one, and every spelling
  /// of NaN.
  FieldKind read(std::string_view text, double& value) const;
  /// Whether a field of a text column is missing: it is empty or a missing word.
  bool is_missing_text(std::string_view text) const;
  /// Whether a number is listed as a missing word.
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
  /// fields can be read as they are: the format has no units and no separators but the point
  bool plain_ = true;
};

}  // namespace shoal
