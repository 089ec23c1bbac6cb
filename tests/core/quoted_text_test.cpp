// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

TEST(QuotedText, OrdinaryTextIsShownAsItIs) {
  EXPECT_EQ(quoted_text("12.5 %"), "\"12.5 %\"");
  EXPECT_EQ(quoted_text("Müller €"), "\"Müller €\"");
  EXPECT_EQ(quoted_text(""), "\"\"");
  EXPECT_EQ(printable("a.csv"), "a.csv");
}

TEST(QuotedText, NothingReachesATerminalThatItObeys) {
  EXPECT_EQ(quoted_text("a\n\tb\r"), "\"a\\n\\tb\\r\"");
  EXPECT_EQ(quoted_text("\x1b[31m"), "\"\\x1b[31m\"");
  EXPECT_EQ(quoted_text(std::string_view("\0\x7f", 2)), "\"\\x00\\x7f\"");
  EXPECT_EQ(quoted_text("\xc2\x9b"), "\"\\u{9b}\"");          // the C1 form of ESC [
  EXPECT_EQ(quoted_text("a\xe2\x80\xae"), "\"a\\u{202e}\"");  // right-to-left override
}

TEST(QuotedText, BytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(quoted_text("M\xfcller"), "\"M\\xfcller\"");
  EXPECT_EQ(quoted_text("\xc0\xaf"), "\"\\xc0\\xaf\"");
  EXPECT_EQ(quoted_text("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");
  EXPECT_EQ(quoted_text("\xe2\x82"), "\"\\xe2\\x82\"");
}

TEST(QuotedText, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(quoted_text(std::string(100, 'x')), '"' + std::string(100, 'x') + '"');
  EXPECT_EQ(quoted_text(std::string(101, 'x')), '"' + std::string(100, 'x') + "...\"");
  EXPECT_EQ(quoted_text("€€€", 2), "\"€€...\"");
}

TEST(QuotedText, TomlTextHasTheEscapesOfToml) {
  EXPECT_EQ(toml_text("n/a"), "\"n/a\"");
  EXPECT_EQ(toml_text(""), "\"\"");
  EXPECT_EQ(toml_text("say \"none\""), "\"say \\\"none\\\"\"");
  EXPECT_EQ(toml_text("C:\\N"), "\"C:\\\\N\"");
  EXPECT_EQ(toml_text("a\tb\n\x7f"), "\"a\\u0009b\\u000a\\u007f\"");
  EXPECT_EQ(toml_text("\xe2\x80\xae"), "\"\\u202e\"");  // right-to-left override
  EXPECT_EQ(toml_text("M\xc3\xbcller"), "\"M\xc3\xbcller\"");
}

TEST(QuotedText, JsonForATerminalSaysTheSame) {
  const std::string layout = "{\n  \"a\": \"M\xc3\xbcller \\n \xf0\x9f\x90\x9f\"\n}";
  EXPECT_EQ(printable_json(layout), layout);
  EXPECT_EQ(printable_json("\"\xe2\x80\xae\x7f\xc2\x9b\""), "\"\\u202e\\u007f\\u009b\"");
}

}  // namespace
}  // namespace shoal
