// SPDX-License-Identifier: Apache-2.0
// A Python child runs no code from elsewhere: not from the user's current folder, not from PYTHONPATH, not
// from its own folder.
#include <gtest/gtest.h>

#include <cstdlib>

#include "finance/child_process.hpp"
#include "support/scratch.hpp"

namespace shoal::finance {
namespace {

namespace fs = std::filesystem;
using shoal::testing::Scratch;

TEST(RunPython, RunsNoCodeOfTheFoldersAround) {
  const Scratch hostile, own;
  const std::string code = "open('" + (hostile / "RAN").string() + "', 'w').close()\n";
  for (const Scratch* folder : {&hostile, &own}) {
    folder->file("gzip.py", code);
    fs::create_directory(*folder / "pip");
    folder->file("pip/__init__.py", code);
    folder->file("pip/__main__.py", code);
  }
  const fs::path before = fs::current_path();
  fs::current_path(hostile.path());
  ::setenv("PYTHONPATH", hostile.path().c_str(), 1);
  ::setenv("PYTHONSTARTUP", (hostile / "gzip.py").c_str(), 1);
  const ChildResult code_run =
      run_python("python3", {"-c", "import gzip, os; print(os.getcwd())"}, own.path());
  const ChildResult module_run = run_python("python3", {"-m", "pip", "--version"}, own.path());
  ::unsetenv("PYTHONPATH");
  ::unsetenv("PYTHONSTARTUP");
  fs::current_path(before);
  EXPECT_EQ(code_run.exit_code, 0) << code_run.output;
  EXPECT_EQ(fs::path(code_run.output.substr(0, code_run.output.find('\n'))), fs::canonical(own.path()));
  EXPECT_FALSE(fs::exists(hostile / "RAN")) << module_run.output;
}

// A relative path to the interpreter is relative to the user's current folder.
TEST(RunPython, FindsAnInterpreterNamedFromHere) {
  const Scratch here, own;
  const fs::path script = here.file("mine", "#!/bin/sh\necho \"$1\"\n");
  fs::permissions(script, fs::perms::owner_all);
  const fs::path before = fs::current_path();
  fs::current_path(here.path());
  const ChildResult run = run_python("./mine", {}, own.path());
  fs::current_path(before);
  EXPECT_EQ(run.output, "-I\n");
}

}  // namespace
}  // namespace shoal::finance
