// SPDX-License-Identifier: Apache-2.0
// TimeFormat: reads times in the format of tasks.time_format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/time_value.hpp"

namespace shoal {

/// A format with the letters of strptime, in the C locale: %Y %y %m %d %e %j %b %B %h %a %A %G %V %u, %H %I
/// %p %M %S (with a fraction of up to nine digits) %z, %F %D %T %R, %n %t %%.
class TimeFormat {
 public:
  /// Throws InvalidArgument, naming the key, for an unknown letter and for a format that does not determine
  /// an instant or a period.
  explicit TimeFormat(const std::string& format);

  /// Reads a text; all of it must be a time in this format.
  TimeReading read(std::string_view text) const;

 private:
  Time read_instant(std::string text) const;

  std::string shown_;  ///< the format as the user wrote it
  /// the format, divided at its seconds and its offset, which are read separately
  std::vector<std::string> pieces_;
  std::string cuts_;        ///< the letter between two pieces: S or z
  std::string completion_;  ///< appended to a text whose format has no day: the first day
  TimeKind kind_ = TimeKind::day;
};

}  // namespace shoal
