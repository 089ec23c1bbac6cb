// SPDX-License-Identifier: Apache-2.0
// Covers descriptor.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <thread>

#include <shoal/error.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using testing::read_text;
using testing::Scratch;

TEST(WriteFile, ReplacesTheContentAndKeepsTheMode) {
  const Scratch folder;
  const fs::path file = folder.file("f", "old");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  write_file(file, std::string("new"));
  EXPECT_EQ(read_text(file), "new");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(WriteFile, FollowsSymbolicLinks) {
  const Scratch folder;
  fs::create_directories(folder / "there");
  folder.file("there/old", "old");
  fs::create_symlink("there/old", folder / "link");
  fs::create_symlink(folder / "link", folder / "chain");
  write_file(folder / "chain", std::string("new"));
  EXPECT_TRUE(fs::is_symlink(folder / "chain"));
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_text(folder / "there/old"), "new");
  fs::create_symlink("there/fresh", folder / "dangling");
  write_file(folder / "dangling", std::string("first"));
  EXPECT_TRUE(fs::is_symlink(folder / "dangling"));
  EXPECT_EQ(read_text(folder / "there/fresh"), "first");
  fs::create_symlink("circle", folder / "circle");
  EXPECT_THROW(write_file(folder / "circle", std::string("x")), ResourceError);
}

TEST(WriteFile, WritesIntoPipesAndDevicesAndRefusesFolders) {
  const Scratch folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_text(pipe); });
  write_file(pipe, std::string(100'000, 'x'));
  reader.join();
  EXPECT_EQ(got, std::string(100'000, 'x'));
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_NO_THROW(write_file("/dev/null", std::string("x")));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THROW(write_file("/dev/full", std::string("x")), ResourceError);
  EXPECT_THROW(write_file(folder.path(), std::string("x")), ResourceError);
  EXPECT_THROW(write_file(folder / "no" / "f", std::string("x")), ResourceError);
}

}  // namespace
}  // namespace shoal
