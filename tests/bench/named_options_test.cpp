// SPDX-License-Identifier: Apache-2.0
// Options, numbers and exit codes of the small programs of bench/.
#include "bench/named_options.hpp"

#include <gtest/gtest.h>

#include <new>

#include <shoal/error.hpp>

namespace shoal::bench {
namespace {

/// The message of the error that use_options() throws, or "".
std::string refusal(std::vector<std::string> words, const OptionUses& uses) {
  words.insert(words.begin(), "program");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  try {
    use_options(static_cast<int>(argv.size()), argv.data(), uses);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

TEST(NamedOptions, GoWhereTheirNameSays) {
  std::vector<std::string> shapes;
  std::int64_t tasks = 0;
  const OptionUses uses = {{"--shapes", [&](const auto& list) { shapes = parts_of(list); }},
                           {"--tasks", [&](const auto& n) { tasks = whole_number("--tasks", n, 1); }}};
  EXPECT_EQ(refusal({"--shapes=a,b=c", "--tasks=16"}, uses), "");
  EXPECT_EQ(shapes, (std::vector<std::string>{"a", "b=c"}));
  EXPECT_EQ(tasks, 16);
  EXPECT_EQ(refusal({"--shape=a"}, uses),
            "\"--shape=a\" is not one of the options --shapes=..., --tasks=...");
  EXPECT_EQ(refusal({"--tasks"}, uses), "\"--tasks\" is not one of the options --shapes=..., --tasks=...");
  for (const char* text : {"", "0", "-1", "1.5", "16x", " 16", "99999999999999999999", "2147483648"})
    EXPECT_EQ(refusal({std::string("--tasks=") + text}, uses),
              "--tasks takes a whole number from 1 to 2147483647, not \"" + std::string(text) + "\"");
  EXPECT_EQ(tasks, 16);
}

TEST(NamedOptions, ErrorsBecomeExitCodes) {
  EXPECT_EQ(run_program("p", [] {}), 0);
  EXPECT_EQ(run_program("p", [] { throw InvalidArgument("no"); }), 2);
  EXPECT_EQ(run_program("p", [] { throw NumericError("no"); }), NumericError("").exit_code());
  EXPECT_EQ(run_program("p", [] { throw std::bad_alloc(); }), 6);
}

}  // namespace
}  // namespace shoal::bench
