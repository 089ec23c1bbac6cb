// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <shoal/tensor_file.hpp>

namespace shoal {
namespace {

// FIPS 180-4 and the NIST examples.
TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, EveryLengthAroundABlockEqualsTheFileHash) {
  const auto file = std::filesystem::temp_directory_path() / "shoal-sha256-test";
  for (std::size_t length = 50; length < 140; ++length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text += static_cast<char>('a' + (i * 7 + length) % 26);
    write_file(file, text);
    EXPECT_EQ(sha256_of_file(file), sha256(text));
    EXPECT_NE(sha256(text), sha256(text + "x"));
  }
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace shoal
