// SPDX-License-Identifier: Apache-2.0
#include "data/time_scanner.hpp"

#include <cstdint>

namespace shoal {

std::size_t TimeScanner::digits() const {
  std::size_t count = 0;
  while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
  return count;
}

char TimeScanner::peek(std::size_t ahead) const {
  if (ahead >= rest_.size()) return '\0';
  const char c = rest_[ahead];
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool TimeScanner::take(char c) {
  if (at_end() || peek() != c) return false;
  rest_.remove_prefix(1);
  return true;
}

int TimeScanner::number(std::size_t count) {
  require(digits() >= count);
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) value = 10 * value + (rest_[i] - '0');
  rest_.remove_prefix(count);
  return value;
}

int TimeScanner::whole_number(std::size_t least, std::size_t most) {
  const std::size_t count = digits();
  require(count >= least && count <= most);
  return number(count);
}

std::chrono::nanoseconds TimeScanner::fraction_of_second() {
  if (!take('.') && !take(',')) return std::chrono::nanoseconds(0);
  constexpr std::size_t most = 9;
  const std::size_t count = digits();
  if (count > most) throw NotATime{"has more than nine digits of a second; nanoseconds are the finest"};
  std::int64_t fraction = whole_number(1, most);
  for (std::size_t i = count; i < most; ++i) fraction *= 10;
  return std::chrono::nanoseconds(fraction);
}

std::chrono::minutes TimeScanner::offset_from_utc() {
  if (take('Z')) return std::chrono::minutes(0);
  const bool west = take('-');
  require(west || take('+'));
  const int hours = number(2);
  const int rest = take(':') || digits() > 0 ? whole_number(2, 2) : 0;
  if (hours > 23 || rest > 59) throw NotATime{"has an offset beyond 23:59"};
  return std::chrono::minutes((west ? -1 : 1) * (60 * hours + rest));
}

void TimeScanner::require(bool fits) {
  if (!fits) throw NotATime{};
}

}  // namespace shoal
