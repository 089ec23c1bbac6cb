// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <thread>

#include <shoal/error.hpp>
#include <shoal/input_file.hpp>
#include <shoal/task_file.hpp>
#include <shoal/tensor_file.hpp>

#include "support/scratch.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using testing::Scratch;

template <class E, class Work>
void expect_refused(Work work, const std::string& file, const std::string& named) {
  try {
    work();
    ADD_FAILURE() << "accepted: " << file;
  } catch (const E& error) {
    EXPECT_EQ(std::string(error.what()).find(file), 0u) << error.what();
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
}

TEST(InputFile, ReadsARegularFileWhole) {
  const Scratch folder;
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += static_cast<char>(i * 7);
  const fs::path file = folder.file("f", text);
  EXPECT_EQ(read_file<DataError>(file), text);
  InputFile input = InputFile::open<DataError>(file);
  EXPECT_EQ(input.size(), text.size());
  char start[10];
  EXPECT_EQ(input.read(start, 10), 10u);
  EXPECT_EQ(input.rest(), text.substr(10));
  EXPECT_EQ(input.read(start, 10), 0u);
  expect_refused<ResourceError>([&] { InputFile::open<DataError>(file).rest(1000); }, file, "1000 bytes");
}

TEST(InputFile, RefusesWhatIsNoFileWithoutWaiting) {
  const Scratch folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::pair<fs::path, const char*> others[] = {
      {pipe, "pipe"}, {"/dev/zero", "device"}, {folder.path(), "folder"}, {folder / "none", "No such file"}};
  for (const auto& [path, named] : others) {
    expect_refused<DataError>([&] { read_file<DataError>(path); }, path, named);
    expect_refused<ModelError>([&] { read_tensor_file(path); }, path, named);
    expect_refused<DataError>([&] { read_tasks(path); }, path, named);
    expect_refused<ResourceError>([&] { sha256_of_file(path); }, path, named);
  }
}

TEST(InputFile, FollowsLinksUnlessTheyAreRefused) {
  const Scratch folder;
  folder.file("there", "text");
  fs::create_symlink("there", folder / "link");
  EXPECT_EQ(read_file<DataError>(folder / "link"), "text");
  expect_refused<ResourceError>([&] { read_file<DataError>(folder / "link", Links::refused); },
                                (folder / "link").string(), "symbolic link");
}

// /proc/self/mem can be opened, but its first page cannot be read.
TEST(InputFile, AFailedReadIsAnError) {
  expect_refused<ResourceError>([] { read_file<DataError>("/proc/self/mem"); }, "/proc/self/mem",
                                "Input/output");
  expect_refused<ResourceError>([] { sha256_of_file("/proc/self/mem"); }, "/proc/self/mem", "Input/output");
  bool missing = false;
  expect_refused<ResourceError>([&] { read_text_or_pipe("/proc/self/mem", 1000, missing); }, "/proc/self/mem",
                                "Input/output");
}

TEST(InputFile, ATextMayComeFromAPipeButNotWithoutEnd) {
  const Scratch folder;
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  bool missing = true;
  expect_refused<ResourceError>([&] { read_text_or_pipe(pipe, 1000, missing); }, pipe, "nobody");
  const std::string text(300'000, 'x');
  std::thread writer([&] { std::ofstream(pipe) << text; });
  EXPECT_EQ(read_text_or_pipe(pipe, 1 << 20, missing), text);
  EXPECT_FALSE(missing);
  writer.join();
  expect_refused<ResourceError>([&] { read_text_or_pipe("/dev/zero", 1000, missing); }, "/dev/zero",
                                "longer");
  EXPECT_EQ(read_text_or_pipe("/dev/null", 1000, missing), "");
  EXPECT_FALSE(missing);
  read_text_or_pipe(folder / "none", 1000, missing);
  EXPECT_TRUE(missing);
  read_text_or_pipe(folder.path(), 1000, missing);
  EXPECT_TRUE(missing);
}

}  // namespace
}  // namespace shoal
