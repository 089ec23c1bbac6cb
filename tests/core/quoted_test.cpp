// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include <shoal/quoted.hpp>

namespace shoal {
namespace {

TEST(Quoted, OrdinaryTextIsShownAsItIs) {
  EXPECT_EQ(quoted("12.5 %"), "\"12.5 %\"");
  EXPECT_EQ(quoted("Müller €"), "\"Müller €\"");
  EXPECT_EQ(quoted(""), "\"\"");
  EXPECT_EQ(printable("a.csv"), "a.csv");
}

TEST(Quoted, NothingReachesATerminalThatItObeys) {
  EXPECT_EQ(quoted("a\n\tb\r"), "\"a\\n\\tb\\r\"");
  EXPECT_EQ(quoted("\x1b[31m"), "\"\\x1b[31m\"");
  EXPECT_EQ(quoted(std::string_view("\0\x7f", 2)), "\"\\x00\\x7f\"");
  EXPECT_EQ(quoted("\xc2\x9b"), "\"\\u{9b}\"");          // the C1 form of ESC [
  EXPECT_EQ(quoted("a\xe2\x80\xae"), "\"a\\u{202e}\"");  // right-to-left override
}

TEST(Quoted, BytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(quoted("M\xfcller"), "\"M\\xfcller\"");
  EXPECT_EQ(quoted("\xc0\xaf"), "\"\\xc0\\xaf\"");
  EXPECT_EQ(quoted("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");
  EXPECT_EQ(quoted("\xe2\x82"), "\"\\xe2\\x82\"");
}

TEST(Quoted, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(quoted(std::string(100, 'x')), '"' + std::string(100, 'x') + '"');
  EXPECT_EQ(quoted(std::string(101, 'x')), '"' + std::string(100, 'x') + "...\"");
  EXPECT_EQ(quoted("€€€", 2), "\"€€...\"");
}

}  // namespace
}  // namespace shoal
