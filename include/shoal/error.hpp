// SPDX-License-Identifier: Apache-2.0
// The errors of the library. Each class stands for one kind of cause and one exit code of the `shoal`
// program.
//
// Example:
//
//   #include <cstdio>
//
//   try {
//     throw shoal::DataError("prices.csv:7: column \"close\": \"n/a\" is not a number");
//   } catch (const shoal::Error& error) {
//     std::fprintf(stderr, "%s (exit code %d)\n", error.what(), error.exit_code());
//   }
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace shoal {

/// Base of everything that the library throws. The message names the place (file, row, tensor, task). It may
/// quote text from files, so the constructor makes it safe for a terminal and a log: it replaces control
/// characters and bytes that are not UTF-8 by escapes (\n, \x1b), and leaves out the middle of a text that is
/// longer than `longest_message` bytes.
class Error : public std::runtime_error {
 public:
  static constexpr std::size_t longest_message = 480;

  explicit Error(const std::string& message);
  /// Exit code of the command line for this cause (1 = internal).
  virtual int exit_code() const noexcept { return 1; }
};

/// An argument, option or configuration value is invalid (exit code 2).
class InvalidArgument : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 2; }
};

/// Data are malformed or inconsistent (exit code 3).
class DataError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 3; }
};

/// A model, parameter or checkpoint file is unreadable or does not fit (exit code 4).
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

/// A resource is missing or exhausted: file system, memory, instruction set, GPU (exit code 6).
class ResourceError : public Error {
 public:
  using Error::Error;
  int exit_code() const noexcept override { return 6; }
};

}  // namespace shoal
