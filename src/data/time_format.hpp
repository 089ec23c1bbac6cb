// SPDX-License-Identifier: Apache-2.0
// Times in a layout that the user names: tasks.time_format.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/time_value.hpp"

namespace shoal {

/// A format in the letters of strptime, read in the C locale: %Y %y %m %d %e %j %b %B %h %a %A %G %V %u, %H
/// %I %p %M %S (with a fraction of up to nine digits) %z, %F %D %T %R, %n %t %%.
class TimeFormat {
 public:
  /// Throws InvalidArgument, naming the key, for a letter that is not known and for a format that does not
  /// say which instant or period is meant.
  explicit TimeFormat(const std::string& format);

  /// Reads a text that is a time of this format, the whole of it.
  TimeReading read(std::string_view text) const;

 private:
  Time read_instant(std::string text) const;

  std::string shown_;                ///< as the user wrote it
  std::vector<std::string> pieces_;  ///< the format where it is cut at its seconds and offset
  std::string cuts_;                 ///< which of the two stands between pieces: S, z
  std::string completion_;           ///< appended to a text whose format names no day: the first
  TimeKind kind_ = TimeKind::day;
};

}  // namespace shoal
