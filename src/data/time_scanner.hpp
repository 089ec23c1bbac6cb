// SPDX-License-Identifier: Apache-2.0
// TimeScanner: reads the text of a time from left to right.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

/// Thrown when a text is not a time. `problem` says what is wrong (TimeReading::problem); it is empty when
/// the text may be a time in another format.
struct NotATime {
  std::string problem;
};

class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  /// The number of digits that come next.
  std::size_t digits() const;
  /// The character after the next `ahead` ones, with letters as capitals; '\0' after the end.
  char peek(std::size_t ahead = 0) const;
  bool take(char c);
  /// Reads the next `count` digits (at most 9) as a number.
  int number(std::size_t count);
  /// Reads all digits that come next, from `least` to `most` of them, as a number.
  int whole_number(std::size_t least, std::size_t most);
  /// Reads .f or ,f after the seconds, 1 to 9 digits; 0 when there is none.
  std::chrono::nanoseconds fraction_of_second();
  /// Reads Z, +hh, +hh:mm or +hhmm, up to 23:59.
  std::chrono::minutes offset_from_utc();
  /// Throws NotATime with an empty problem unless `fits`.
  static void require(bool fits);

 private:
  std::string_view rest_;
};

}  // namespace shoal
