// SPDX-License-Identifier: Apache-2.0
// Sets of ids as base64: known texts, every length, and malformed texts.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include <shoal/error.hpp>
#include <shoal/run_folder.hpp>

namespace shoal {
namespace {

using Ids = std::vector<std::int64_t>;

TEST(TaskIds, AreBase64OfLittleEndianBytes) {
  EXPECT_EQ(text_of_ids(Ids{}), "");
  EXPECT_EQ(text_of_ids(Ids{1}), "AQAAAAAAAAA=");
  EXPECT_EQ(text_of_ids(Ids{-2, 258}), "/v////////8CAQAAAAAAAA==");
}

TEST(TaskIds, ReadBackWhateverTheirNumber) {
  std::mt19937_64 random(3);
  for (std::size_t count = 0; count < 40; ++count) {
    std::set<std::int64_t> ids = {std::numeric_limits<std::int64_t>::min()};
    while (ids.size() < count) ids.insert(static_cast<std::int64_t>(random()) >> (random() % 60));
    const Ids list(ids.begin(), ids.end());
    EXPECT_EQ(ids_of_text(text_of_ids(list), "x"), list);
  }
}

TEST(TaskIds, RefusesWhatItDoesNotWrite) {
  const Ids ids = {1, 2, 3};
  const std::string good = text_of_ids(ids);
  for (const std::string& bad :
       {std::string("x"), good.substr(1), good.substr(4), good + "====", "=" + good.substr(1), good + "AQAA",
        good + "AQAAAAAAAAAB", text_of_ids(Ids{2, 1}), text_of_ids(Ids{2, 2}), "*" + good.substr(1)}) {
    try {
      ids_of_text(bad, "a.safetensors: ids");
      FAIL() << bad;
    } catch (const ModelError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("a.safetensors: ids: ")) << error.what();
    }
  }
}

}  // namespace
}  // namespace shoal
