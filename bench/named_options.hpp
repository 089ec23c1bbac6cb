// SPDX-License-Identifier: Apache-2.0
// What the small programs of this folder share: options like --tasks=16, errors, exit codes.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::bench {

/// What to do with an option's value; the key is the option's name with its dashes.
using OptionUses = std::map<std::string, std::function<void(const std::string& value)>, std::less<>>;

/// Every argument must be --NAME=VALUE with a name of `uses`, whose function is called with the value. Throws
/// InvalidArgument with the list of names.
void use_options(int argc, char** argv, const OptionUses& uses);

/// Reads a whole number in decimal digits, from `least` to `most`. Throws InvalidArgument, naming the option.
std::int64_t whole_number(std::string_view option, const std::string& text, std::int64_t least,
                          std::int64_t most = std::numeric_limits<int>::max());

/// Splits a list at its commas.
std::vector<std::string> parts_of(const std::string& list);

/// Runs the body of main(). Writes an error to standard error, with the program's name in front, and returns
/// its exit code.
int run_program(const char* name, const std::function<void()>& body);

}  // namespace shoal::bench
