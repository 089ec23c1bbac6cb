// SPDX-License-Identifier: Apache-2.0
// Input that would be undefined behaviour in the TOML parser is refused before it, in every build, with line
// and column; texts and comments may contain any character.
#include "config/toml_check.hpp"

#include <gtest/gtest.h>

#include <shoal/error.hpp>

#include "config/config_file.hpp"

namespace shoal::config {
namespace {

std::string fault_of(const std::string& text) {
  const auto fault = find_toml_fault(text);
  return fault ? std::to_string(fault->line) + ":" + std::to_string(fault->column) : "";
}

TEST(TomlCheck, RefusesALetterOutsideAsciiWhereverOneMayBegin) {
  EXPECT_EQ(fault_of("é = 1"), "1:1");
  EXPECT_EQ(fault_of("a = 1\n\xe1\x9a\x80 = 2"), "2:1") << "a blank outside ASCII";
  EXPECT_EQ(fault_of("a = é"), "1:5");
  EXPECT_EQ(fault_of("[é]"), "1:2");
  EXPECT_EQ(fault_of("a.é = 1"), "1:3");
  EXPECT_EQ(fault_of("a = [1,\n é]"), "2:2");
  EXPECT_EQ(fault_of("a = 'x' é"), "1:9");
  EXPECT_EQ(fault_of(R"(a = "x\"" é)"), "1:11") << "an escaped quote closes nothing";
  EXPECT_EQ(fault_of("a = \"never closed\né"), "2:1");
  EXPECT_EQ(fault_of("a = \xff"), "1:5");
}

TEST(TomlCheck, RefusesAQuoteInTheMiddleOfAWord) {
  EXPECT_EQ(fault_of("a = -214\"yé\"]"), "1:9");
  EXPECT_EQ(fault_of("a = data/ca\"fé.c"), "1:12");
  EXPECT_EQ(fault_of("a = 1.'é'"), "1:7");
  EXPECT_EQ(fault_of("a = [2, +1.\"é\"]"), "1:12");
  EXPECT_EQ(fault_of("a = 'x'\"é\""), "1:8");
}

TEST(TomlCheck, RefusesABackslashBeforeALetterOutsideAscii) {
  EXPECT_EQ(fault_of("a = \"\\é\""), "1:7");
  EXPECT_EQ(fault_of("a = \"\"\"b\\é\"\"\""), "1:10");
  EXPECT_EQ(fault_of("a = \"\"\"b\\\n  é\"\"\""), "2:3");
  EXPECT_EQ(fault_of("a = '\\é'"), "") << "no escape in single quotes";
  EXPECT_EQ(fault_of("a = \"\\\\é\""), "") << "an escaped backslash";
}

TEST(TomlCheck, RefusesWhatOpensOrClosesInAValue) {
  for (const char* text : {"a = 3ks=\"é\"", "a = 3ks[\"é\"", "a = 3aw='é'", "a = 1, 'é'", "a = {b = 1]",
                           "a = 1}", "a = 1979-05-27 'é'", "a = [1 'é']"})
    EXPECT_NE(fault_of(text), "") << text;
  for (const char* text :
       {"a = 1979-05-27 07:32:00 # é\nb = [ # é\n 'é', # é\n]\nc = { d = [{e = 'é'}], f.'é' = 2 }\n[g.'é']"})
    EXPECT_EQ(fault_of(text), "") << text;
}

TEST(TomlCheck, RefusesWhatTheParserWouldGoTooDeepFor) {
  std::string name = "a", lists = "a = ";
  for (int i = 1; i < 64; ++i) name += i % 2 ? ".a" : ".'é'";
  lists += std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(fault_of(name + " = 1"), "");
  EXPECT_EQ(fault_of("[" + name + "]\n" + name + " = 1.5"), "");
  EXPECT_EQ(fault_of(lists), "");
  EXPECT_NE(fault_of(name + ".a = 1"), "");
  EXPECT_NE(fault_of("[" + name + " . a]"), "");
  EXPECT_NE(fault_of("b = {" + name + ".a = 1}"), "");
  EXPECT_NE(fault_of("a = " + std::string(65, '[')), "");
  ConfigDraft draft;
  EXPECT_THROW(override_config(std::string(100000, '.') + "=1", draft), InvalidArgument);
}

TEST(TomlCheck, LeavesTextsAndCommentsAlone) {
  for (const char* text :
       {"a.'é' = 1", "'a'.\"é\" = {b.\"é\" = 1, \"c\"=[1.5,'é',\"é\"]}", "# café", "a = 'café'",
        R"('café' = "é" # é)", "a = '''\né\n'é'\n'''", "a = \"\"\"\né \"\" \\\"\"\"\"\n",
        "a = '''é'''''\nb = 1", "\xef\xbb\xbf# a byte-order mark", ""})
    EXPECT_EQ(fault_of(text), "") << text;
}

TEST(TomlCheck, RefusesAHeaderThatBeginsWithNoName) {
  for (const char* text : {"[{", "[{a}]", "[[{", "[ [", "[[ =", "seed = 1\n  [.b]", "[\x01"}) {
    ConfigDraft draft;
    EXPECT_THROW(read_config(text, "test.toml", "", draft), InvalidArgument) << text;
  }
  EXPECT_EQ(fault_of("[{"), "1:2");
  EXPECT_EQ(fault_of("[[ {"), "1:4");
  EXPECT_EQ(fault_of("a = [\n[1], [{b = 1}],\n[2]\n]\n[t]\n[[u]]\n[ 'v' ]\n[]"), "")
      << "lists are no headers";
}

TEST(TomlCheck, ErrorsNameThePlace) {
  const auto message = [](auto act) -> std::string {
    try {
      act();
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "no error";
  };
  ConfigDraft draft;
  const std::string what =
      "not TOML: a character outside ASCII; write texts, and keys with such characters, in quotes";
  EXPECT_EQ(message([&] { read_config("seed = 1\nséed = 2", "test.toml", "", draft); }),
            "test.toml:2:2: " + what);
  EXPECT_EQ(message([&] { override_config({"séed=2", "--set "}, draft); }), "--set séed=2: " + what);
  EXPECT_EQ(message([&] {
              override_config({"seed=é", "--set "}, draft);
            }),
            "--set seed=é: seed: expected a value of type integer");
  override_config("tasks.path=café.csv", draft);
  EXPECT_EQ(draft.config.tasks.table.path, "café.csv");
}

}  // namespace
}  // namespace shoal::config
