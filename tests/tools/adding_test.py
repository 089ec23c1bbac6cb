#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds a task source and a command to a copy of the tree by the lists of docs/architecture.md, which must name every file that is needed.

usage: adding_test.py ROOT CXX [--build]

Without --build only the syntax of the changed sources is checked; with it the program and the tests of the data part are built and run.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
SOURCE = LICENCE + """#include <shoal/task_source.hpp>

namespace shoal {
namespace {

/// y = 1 everywhere: a source that a model learns at once.
class ConstantSource final : public TaskSource {
 public:
  explicit ConstantSource(const GeneratorOptions& options) : options_(options) {}
  TaskColumns columns() const override { return {}; }
  std::optional<std::int64_t> size(Phase) const override { return std::nullopt; }
  TaskBatch sample(Phase, std::int64_t iteration, std::int64_t tasks) const override {
    return draw(iteration * tasks, tasks);
  }
  TaskBatch evaluation(Phase, std::int64_t tasks) const override { return draw(0, tasks); }

 private:
  TaskBatch draw(std::int64_t first, std::int64_t tasks) const {
    TaskSetStorage<float> sets[2];
    std::vector<std::int64_t> ids;
    const int rows[2] = {options_.support, options_.query};
    for (std::int64_t t = 0; t < tasks; ++t) {
      ids.push_back(first + t);
      for (int s = 0; s < 2; ++s) {
        for (int r = 0; r < rows[s]; ++r) {
          sets[s].x.push_back(static_cast<float>(r));
          sets[s].y.push_back(1.0f);
        }
        sets[s].ROW_STARTS.push_back(static_cast<std::int64_t>(sets[s].x.size()));
      }
    }
    return TaskBatch::own(columns(), std::move(sets[0]), std::move(sets[1]), std::move(ids));
  }

  GeneratorOptions options_;
};

}  // namespace

std::unique_ptr<TaskSource> make_constant(const GeneratorOptions& options) {
  return std::make_unique<ConstantSource>(options);
}

}  // namespace shoal
"""
SOURCE_TEST = LICENCE + """#include <shoal/task_source.hpp>

#include <gtest/gtest.h>

TEST(ConstantSource, IsOneEverywhere) {
  const auto tasks = shoal::make_constant({.support = 3, .query = 2})->sample(shoal::Phase::train, 1, 4);
  EXPECT_EQ(tasks.ids().front(), 4);
  for (const float y : tasks.query().y) EXPECT_EQ(y, 1.0f);
}
"""
COMMAND = LICENCE + """#include <cstdio>

#include "cli/options.hpp"

namespace shoal::cli {

int run_hello(const CommandOptions& options) {
  std::puts(options.common.json ? "\\"hello\\"" : "hello");
  return 0;
}

}  // namespace shoal::cli
"""
COMMAND_TEST = """# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys

assert subprocess.run([sys.argv[1], "hello"], capture_output=True, text=True).stdout == "hello\\n"
assert subprocess.run([sys.argv[1], "hello", "--json"], capture_output=True, text=True).stdout == '"hello"\\n'
"""


class Tree:
    """A copy of the tree, and the list of changes."""

    def __init__(self, folder):
        self.folder, self.changed = folder, []
        for name in ("CMakeLists.txt", "CMakePresets.json", "cmake", "docs", "examples", "include", "kernels", "src", "tests"):
            copy = shutil.copytree if (root / name).is_dir() else shutil.copy
            copy(root / name, folder / name)

    def write(self, name, text):
        assert not (self.folder / name).exists(), name
        (self.folder / name).write_text(text, encoding="utf-8")
        self.changed.append(name)

    def edit(self, name, *changes):
        """Makes changes (old text, which must occur, and new text)."""
        text = (self.folder / name).read_text(encoding="utf-8")
        for old, new in changes:
            assert re.search(old, text), f"{name} has no {old}: the lists of docs/architecture.md, or this test, are out of date"
            text = re.sub(old, new, text, count=1)
        (self.folder / name).write_text(text, encoding="utf-8")
        self.changed.append(name)


def add_source(tree):
    storage = (root / "include/shoal/task_batch.hpp").read_text(encoding="utf-8")
    tree.write("src/data/constant_source.cpp", SOURCE.replace("ROW_STARTS", re.search(r"int64_t> (\w+) = \{0\};", storage)[1]))
    tree.edit("include/shoal/task_source.hpp",
              (r"\n}  // namespace shoal\n", "\nstd::unique_ptr<TaskSource> make_constant(const GeneratorOptions& options);\n\n}  // namespace shoal\n"))
    tree.edit("src/data/CMakeLists.txt", (r"  csv_reader\.cpp\n", "  constant_source.cpp\n  csv_reader.cpp\n"))
    if "TaskSourceKind" in (root / "include/shoal/run_config.hpp").read_text(encoding="utf-8"):
        tree.edit("include/shoal/run_config.hpp", (r"credit_segments, table", "credit_segments, constant, table"))
        tree.edit("src/data/configured_source.cpp", (r'(    \{TaskSourceKind::table, )', r'    {TaskSourceKind::constant, "constant"},\n\1'),
                  (r"(    case TaskSourceKind::file:)", r"    case TaskSourceKind::constant:\n      return make_constant(generator);\n\1"))
    else:
        tree.edit("src/data/configured_source.cpp", (r'(  if \(tasks\.source == "xsinx"\))', r'  if (tasks.source == "constant") return make_constant(generator);\n\1'),
                  ("xsinx-window, table", "xsinx-window, constant, table"))
    (keys,) = (root / "src").rglob("config_keys.cpp")
    tree.edit(str(keys.relative_to(root)), (r"credit-segments \| table", "credit-segments | constant | table"))
    tree.edit("docs/configuration.md", (r"credit-segments \\\| table", r"credit-segments \\| constant \\| table"))
    tree.edit("tests/data/CMakeLists.txt", ("SOURCES ", "SOURCES constant_source_test.cpp "))
    tree.write("tests/data/constant_source_test.cpp", SOURCE_TEST)


def add_command(tree):
    tree.write("src/cli/commands/hello.cpp", COMMAND)
    tree.edit("src/cli/options.hpp", (r"(int run_doctor\()", r"int run_hello(const CommandOptions& options);\n\1"))
    tree.edit("src/cli/CMakeLists.txt", (r"(  commands/inspect\.cpp\n)", r"  commands/hello.cpp\n\1"))
    tree.edit("src/cli/main.cpp", (r'(  command\(app, "doctor",)', r'  command(app, "hello", "says hello", run_hello);\n\1'))
    tree.edit("docs/commands.md", (r"(\| `shoal doctor`)", r"| `shoal hello` | says hello |\n\1"))
    tree.edit("tests/cli/CMakeLists.txt", (r"foreach\(area assess", "foreach(area assess hello"))
    tree.write("tests/cli/hello_test.py", COMMAND_TEST)


def listed(page, heading, name):
    """The paths in the numbered list below a heading of the page."""
    section = page.split(f"### ... {heading}\n")[1].split("\n### ")[0]
    items = re.findall(r"^\d+\. (.*(?:\n   .*)*)", section, re.M)
    paths = [path for item in items for path in re.findall(r"`((?:src|include|docs|tests|kernels)/[^`]+)`", item)]
    return {path.replace("NAME", name) for path in paths}


def run(*command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    assert result.returncode == 0, f"{' '.join(map(str, command))}\n{result.stdout[-4000:]}"
    return result.stdout


with tempfile.TemporaryDirectory() as temporary:
    tree = Tree(pathlib.Path(temporary))
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    for heading, name, add in (("a task source", "constant", add_source), ("a command", "hello", add_command)):
        tree.changed = []
        add(tree)
        missing, idle = set(tree.changed) - listed(page, heading, name), listed(page, heading, name) - set(tree.changed)
        assert not missing, f"docs/architecture.md, {heading}: the list lacks {sorted(missing)}"
        assert not idle, f"docs/architecture.md, {heading}: nothing had to be changed in {sorted(idle)}"
    if "--build" in sys.argv:
        build = tree.folder / "build"
        run("cmake", "-S", tree.folder, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1", "-DSHOAL_SHARED=OFF",
            "-DSHOAL_INSTALL=OFF", f"-DCMAKE_CXX_COMPILER={compiler}")
        run("cmake", "--build", build, "--target", "shoal-cli", "data_tests")
        shoal = build / "bin/shoal"
        run(sys.executable, "-B", tree.folder / "tests/cli/hello_test.py", shoal)
        assert "hello" in run(shoal, "--help")
        run(build / "tests/data/data_tests", "--gtest_filter=ConstantSource*")
        run(shoal, "train", "--quiet", "--set", "tasks.source=constant", "--set", "train.iterations=3", "--set", "evaluate.tasks=5",
            "--out", tree.folder / "run")
        refused = subprocess.run([shoal, "train", "--set", "tasks.source=nothing", "--out", tree.folder / "no"], capture_output=True, text=True)
        assert refused.returncode == 2 and "constant" in refused.stderr, refused.stderr
        print("a task source and a command were added, built and run")
    else:
        for name in ("src/data/constant_source.cpp", "src/data/configured_source.cpp", "src/cli/commands/hello.cpp"):
            run(compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Iinclude", "-Isrc", "-I.", name, cwd=tree.folder)
        print("a task source and a command were added; their syntax is right")
