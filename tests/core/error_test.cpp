// SPDX-License-Identifier: Apache-2.0
// Messages quote foreign text: they stay short, and no byte of that text can act as a command on a terminal.
#include <shoal/error.hpp>

#include <gtest/gtest.h>

#include <random>

#include <shoal/quoted_text.hpp>

namespace shoal {
namespace {

std::string message_of(const std::string& text) {
  return DataError(text).what();
}

TEST(Error, KeepsAnOrdinaryMessage) {
  const std::string message = "preços.csv:17: column \"π\": \"12,5 €\" is not a number";
  EXPECT_EQ(message_of(message), message);
  EXPECT_EQ(InvalidArgument("a" + std::string(Error::longest_message - 1, 'b')).what(),
            "a" + std::string(Error::longest_message - 1, 'b'));
}

TEST(Error, EscapesControlCharactersAndWhatIsNotUtf8) {
  EXPECT_EQ(message_of("a\x1b[2Jb\tc\nd\re\x7f"), "a\\x1b[2Jb\\tc\\nd\\re\\x7f");
  EXPECT_EQ(message_of("\xc2\x9b"
                       "2J"),
            "\\u{9b}2J")
      << "a control character of two bytes";
  EXPECT_EQ(message_of("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(message_of("caf\xe9!"), "caf\\xe9!");
  const std::string escaped = message_of("\x01");
  EXPECT_EQ(message_of(escaped), escaped) << "a message that is passed on is escaped once";
}

TEST(Error, LeavesOutTheMiddleOfALongMessage) {
  const std::string message =
      message_of("file.csv:3: " + std::string(100000, 'x') + " is not a number; write 1");
  EXPECT_LE(message.size(), Error::longest_message);
  EXPECT_TRUE(message.starts_with("file.csv:3: xxx"));
  EXPECT_TRUE(message.ends_with("xxx is not a number; write 1"));
  EXPECT_NE(message.find("x ... x"), std::string::npos);
}

TEST(Error, AnyBytesGiveAShortMessageInUtf8WithoutControlCharacters) {
  std::mt19937_64 random(5);
  const std::string pieces[] = {"é", "日", "\xf0\x9f\x90\x9f", "\xe6\x97", "\x80", "\x1b", "a", "\xc2\x85"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::size_t n = random() % 900; n > 0; --n)
      text += random() % 3 == 0 ? std::string(1, static_cast<char>(random())) : pieces[random() % 8];
    const std::string message = message_of(text);
    ASSERT_LE(message.size(), Error::longest_message);
    ASSERT_EQ(printable(message, message.size()), message) << i;
  }
}

}  // namespace
}  // namespace shoal
