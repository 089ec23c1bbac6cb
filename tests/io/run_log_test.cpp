// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include <shoal/error.hpp>

#include "io/run_log.hpp"
#include "support/scratch.hpp"

namespace shoal {
namespace {

using testing::read_text;
using testing::Scratch;

TEST(RunLog, GoesOnFromAMarkAndFromNoOther) {
  const Scratch folder;
  LogPosition mark;
  {
    RunLog log(folder / "log");
    log.append("one\n");
    log.append("two\n");
    mark = log.sync();
    EXPECT_EQ(mark.bytes, 8u);
    log.append("three\n");
  }
  RunLog log(folder / "log");
  EXPECT_FALSE(log.truncate({8, std::string(64, '0')}));
  EXPECT_FALSE(log.truncate({800, mark.sha256}));
  EXPECT_EQ(read_text(folder / "log"), "one\ntwo\nthree\n");
  ASSERT_TRUE(log.truncate(mark));
  EXPECT_EQ(read_text(folder / "log"), "one\ntwo\n");
  log.append("3\n");
  RunLog again(folder / "log");
  EXPECT_TRUE(again.truncate(log.sync()));  // the hash continued from the mark
  EXPECT_EQ(read_text(folder / "log"), "one\ntwo\n3\n");
}

TEST(RunLog, GoesOnBehindOtherLines) {
  const Scratch folder;
  RunLog log(folder / "log");
  EXPECT_EQ(log.text(), "");
  log.append("one\n");
  log.append("two\n");
  log.replace("two\n");
  log.append("three\n");
  EXPECT_EQ(log.text(), "two\nthree\n");
  RunLog again(folder / "log");
  EXPECT_TRUE(again.truncate(log.sync()));
}

TEST(RunLog, AMissingLogIsAnEmptyOne) {
  const Scratch folder;
  RunLog log(folder / "log");
  EXPECT_FALSE(log.truncate({1, std::string(64, '0')}));
  EXPECT_TRUE(log.truncate(RunLog(folder / "other").sync()));
}

// If the disk is full in the middle of a line, no part of the line stays.
TEST(RunLog, ALineIsWrittenWholeOrNotAtAll) {
  const Scratch folder;
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100, 100};
    setrlimit(RLIMIT_FSIZE, &limit);
    RunLog log(folder / "log");
    log.append(std::string(59, 'a') + "\n");
    try {
      log.append(std::string(59, 'b') + "\n");
    } catch (const ResourceError& error) {
      _exit(std::string(error.what()).find((folder / "log").string()) == 0 ? 0 : 2);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(read_text(folder / "log"), std::string(59, 'a') + "\n");
}

}  // namespace
}  // namespace shoal
