// SPDX-License-Identifier: Apache-2.0
// Takes the text of a time apart from left to right.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace shoal {

/// Leaves the reading of a text: what keeps it from being a time (TimeReading::problem), or nothing when it
/// is simply written in another way.
struct NotATime {
  std::string problem;
};

class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  /// How many digits come next.
  std::size_t digits() const;
  /// The character behind `ahead` others, letters as capitals; '\0' beyond the end.
  char peek(std::size_t ahead = 0) const;
  bool take(char c);
  /// The number that the next `count` digits make, at most 9 of them.
  int number(std::size_t count);
  /// The number that all digits at this place make: from `least` to `most` of them.
  int whole_number(std::size_t least, std::size_t most);
  /// .f or ,f behind seconds, 1 to 9 digits; 0 when there is none.
  std::chrono::nanoseconds fraction_of_second();
  /// Z, +hh, +hh:mm or +hhmm; up to 23:59.
  std::chrono::minutes offset_from_utc();
  /// Throws NotATime without a problem.
  static void require(bool fits);

 private:
  std::string_view rest_;
};

}  // namespace shoal
