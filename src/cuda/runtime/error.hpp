// SPDX-License-Identifier: Apache-2.0
// DeviceError: says which call to the device failed, what the CUDA runtime reports, and where in this library
// it was.
#pragma once

#include <string>

#include <shoal/error.hpp>

namespace shoal::cuda {

/// A default argument `= SourceLocation::current()` of a function gives the location of its caller. It stands
/// in for std::source_location, which clang-tidy 14 cannot read in Debian's standard library.
class SourceLocation {
 public:
  static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                          unsigned line = __builtin_LINE()) {
    return {file, line};
  }
  const char* file_name() const { return file_; }
  unsigned line() const { return line_; }

 private:
  constexpr SourceLocation(const char* file, unsigned line) : file_(file), line_(line) {}
  const char* file_;
  unsigned line_;
};

class DeviceError : public ResourceError {
 public:
  /// `call` is the function of the CUDA runtime, with sizes; `text` is its error by name and in words.
  DeviceError(const std::string& call, const std::string& text, const SourceLocation& where);
  const std::string& call() const noexcept { return call_; }
  const SourceLocation& where() const noexcept { return where_; }

 private:
  std::string call_;
  SourceLocation where_;
};

}  // namespace shoal::cuda
