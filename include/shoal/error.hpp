// SPDX-License-Identifier: Apache-2.0
// The errors of the library. Each class is one cause and one exit code of the `shoal` program.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace shoal {

/// Base of everything the library throws. The message names the place (file, row, tensor, task). It often
/// quotes what somebody else wrote, so it is made fit for a terminal and a log: control characters and bytes
/// that are not UTF-8 become escapes (\n, \x1b), and of a text longer than `longest_message` bytes the middle
/// is left out.
class Error : public std::runtime_error {
 public:
  static constexpr std::size_t longest_message = 480;

  explicit Error(const std::string& message);
  /// Exit code of the command line for this cause (1 = internal).
  virtual int exit_code() const noexcept { return 1; }
};

/// A bad argument, option or configuration value (exit code 2).
class InvalidArgument : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 2; }
};

/// Malformed or inconsistent data (exit code 3).
class DataError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 3; }
};

/// A model, parameter or checkpoint file that is unreadable or does not fit (exit code 4).
class ModelError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 4; }
};

/// Too many tasks failed numerically (exit code 5).
class NumericError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 5; }
};

/// A missing or exhausted resource: file system, memory, instruction set, GPU (exit code 6).
class ResourceError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 6; }
};

}  // namespace shoal
