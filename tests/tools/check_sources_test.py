#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_sources.py must find every kind of bad file; each is planted once in a small tree.

usage: check_sources_test.py CHECK_SOURCES CLANG_FORMAT ROOT
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

check, clang_format, root = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
GOOD = {
    "src/core/a.cpp": LICENCE + "#include <shoal/a.hpp>\n",
    "include/shoal/a.hpp": LICENCE + "#pragma once\n",
    "kernels/a.hpp": LICENCE + "#pragma once\n\n#include <shoal/kinds.hpp>\n",
    "tests/core/a_test.cpp": LICENCE,
    "tests/kernels/a_test.cpp": LICENCE,
    # Paths and names that exist, and text that is no path of this tree.
    "src/core/names.cpp": LICENCE + "// src/core/a.cpp, core/names.cpp, shoal/a.hpp, names.cpp, src/core/*.cpp and build/ci/bin/shoal.\n"
    'const char* text = "// src/core/none.cpp";\n',
    "tests/core/names_test.cpp": LICENCE,
    "docs/page.md": "# A page, and more\n[itself](#a-page-and-more), [a source](../src/core/a.cpp), [a site](https://example.org/x.md)\n"
    "`runs/mine/x.csv`, FOLDER/page.md\n<!-- generated: by a program -->\nsrc/core/none.cpp\n<!-- end of what is generated -->\n",
    "docs/other.md": "# Other\n[page](page.md#a-page-and-more)\n",
    # One title, and each name explained once under a heading; measurements, code and what is generated may repeat.
    "docs/tables.md": "# Tables\n```sh\n# a comment\n```\n## A\n| key | means |\n|---|---|\n| `a\\|b` | x |\n| `a\\|c` | x |\n"
    "| 8 | 1 |\n| 8 | 2 |\n## B\n| `a\\|b` | y |\n<!-- generated: by a program -->\n| `a\\|b` | y |\n<!-- end of it -->\n",
    "tests/use.py": '"""As src/core/a.cpp."""\nPATH = "src/core/none.cpp"  # docs/page.md\n',
}
STATEMENTS = "  f();\n" * 80
TABLE = LICENCE + "int f() {\n  static const int values[] = {\n" + "      1,\n" * 100 + "  };\n  return values[0];\n}\n"
FINE = {
    "a long table in a function": {"tests/core/b_test.cpp": TABLE},
    "a function of 80 lines": {"tests/core/b_test.cpp": LICENCE + "void g() {\n" + "  f();\n" * 78 + "}\n"},
    "a test by the first words": {"src/core/a_format.cpp": LICENCE},
    "a test that includes the header": {"src/core/b.hpp": LICENCE + "#pragma once\n", "tests/io/b_test.cpp": LICENCE + '#include "core/b.hpp"\n'},
    "a header of a file with a test": {"src/core/b.hpp": LICENCE + "#pragma once\n", "src/core/a.cpp": LICENCE + '#include "core/b.hpp"\n'},
    "a test that says what it covers": {"src/core/b.cpp": LICENCE, "tests/core/a_test.cpp": LICENCE + "// All of it.\n// Covers c_*,\n// b.\n", "src/core/c_d.cpp": LICENCE},
    "a test that says so from elsewhere": {"src/core/b.cpp": LICENCE, "tests/cli/x_test.py": '"""Covers core/b."""\n'},
    "kernels by tests of the backend": {"kernels/b.cu": LICENCE, "tests/cuda/x_test.cpp": LICENCE + "// Covers b.\n"},
}
BAD = {
    "a core that knows a backend": ("src/core/b.cpp", LICENCE + '#include "cpu/cpu_backend.hpp"\n', "must not include src/cpu"),
    "a reference that uses kernels": ("src/reference/b.cpp", LICENCE + '#include "kernels/math/lanes.hpp"\n', "must not include kernels"),
    "cpu that uses the reference": ("src/cpu/b.cpp", LICENCE + '#include "reference/dual.hpp"\n', "must not include src/reference"),
    "a command line behind the public interface": ("src/cli/b.cpp", LICENCE + '#include "run/run_data.hpp"\n', "must not include src/run"),
    "a part of the engine that reads TOML": ("src/core/b.cpp", LICENCE + "#include <toml++/toml.h>\n", "must not include toml++"),
    "a public header with a private one": ("include/shoal/b.hpp", LICENCE + '#pragma once\n#include "core/backend.hpp"\n', "must not include src/core"),
    "kernels with more of the interface than kinds": ("kernels/b.hpp", LICENCE + "#pragma once\n#include <shoal/loss.hpp>\n", "must not include include"),
    "a third-party header in a header": ("src/io/b.hpp", LICENCE + "#pragma once\n#include <nlohmann/json.hpp>\n", "must not include nlohmann"),
    "no licence": ("src/core/b.cpp", "int b;\n", "licence"),
    "no pragma once": ("src/core/b.hpp", LICENCE, "pragma once"),
    "a file too long": ("src/core/b.cpp", LICENCE + "int b;\n" * 461, "462 lines, more than 461"),
    "a script too long": ("scripts/b", "echo\n" * 462, "462 lines, more than 461"),
    "a function too long": ("tests/core/b_test.cpp", LICENCE + "void g() {\n" + STATEMENTS + "}\n", "core/b_test.cpp:2: a function of 82 lines"),
    "a member too long": ("tests/core/b_test.cpp", LICENCE + "struct B {\n  void g() const {\n" + "  " + STATEMENTS.replace("\n  ", "\n    ") + "  }\n};\n", "82 lines"),
    "a test too long": ("tests/core/b_test.cpp", LICENCE + "TEST(B, G) {\n  const auto f = [] { return '{'; };  // {\n" + STATEMENTS + "}\n", "83 lines"),
    "a Python function too long": ("tools/b.py", "def g():\n" + "    f()\n" * 80, "tools/b.py:1: a function of 81 lines"),
    "a file without a test": ("src/core/b.cpp", LICENCE, "src/core/b.cpp: no test in tests/core"),
    "a kernel without a test": ("kernels/b.cu", LICENCE, "kernels/b.cu: no test in tests/kernels"),
    "a test of a file that is not there": ("tests/core/b_test.cpp", LICENCE + "// Covers gone.\n", "covers gone, which is no file"),
    "a circle": ("src/core/a.hpp", LICENCE + '#pragma once\n#include "core/a.hpp"\n', "a circle: src/core/a.hpp -> src/core/a.hpp"),
    "an open end": ("src/core/b.cpp", LICENCE + "// TO" + "DO\n", "open end"),
    "a path in a comment that leads nowhere": ("src/core/b.cpp", LICENCE + "// As src/core/none.cpp.\n", "b.cpp:2: src/core/none.cpp is not there"),
    "a path with a star that leads nowhere": ("src/core/b.cpp", LICENCE + "// src/core/none_*.cpp\n", "src/core/none_*.cpp is not there"),
    "a path as includes have it that leads nowhere": ("src/core/b.cpp", LICENCE + "int b;  // core/none.hpp\n", "core/none.hpp is not there"),
    "a file's name in a comment that is nowhere": ("src/core/b.cpp", LICENCE + "/// The rules (none.md 1).\n", "none.md is not there"),
    "a path in a docstring that leads nowhere": ("tests/b.py", '"""\n\nOracle of src/core/none.cpp."""\n', "b.py:3: src/core/none.cpp is not there"),
    "a path in a comment of CMake that leads nowhere": ("tests/CMakeLists.txt", "# docs/none.md says why.\n", "docs/none.md is not there"),
    "a path on a page that leads nowhere": ("docs/b.md", "# B\nSee `src/none`.\n", "src/none is not there"),
    "a link that leads nowhere": ("docs/b.md", "# B\n[b](none.html)\n", "the link none.html leads nowhere"),
    "a link to a heading that is not there": ("docs/b.md", "# B\n[b](page.md#none)\n", "names no heading"),
    "a page with two titles": ("docs/b.md", "# B\n\n## B\n\n# B again\n", "docs/b.md:5: a second title"),
    "a page without a title": ("docs/b.md", "## B\n", "docs/b.md: has no title"),
    "a name twice in a table": ("docs/b.md", "# B\n| `b` | x |\n| `c` | y |\n| `b` | z |\n", "docs/b.md:4: the row of `b` stands in line 2 already"),
    "a name in two tables of one section": ("docs/b.md", "# B\n| `a\\|b` | x |\n\nMore:\n\n| `a\\|b` | x |\n", "docs/b.md:6: the row of `a\\|b` stands in line 2"),
    "a script that is not Python": ("tests/b.py", LICENCE.replace("//", "#") + 'text = r"C:\\"\n', "tests/b.py: is not Python"),
    "bad format": ("src/core/b.cpp", LICENCE + "int   b  ;\n", "clang-format"),
}

# A list of retired names, and the uses that it must refuse.
RETIRED = """state = applied
[files]
transpose.hpp -> transpose.hpp
[names]
GemmLayout -> GemmLayout
[code]
turn -> transpose : src/cpu/*
[phrases]
shared memory -> shared memory
"""
REFUSED = {
    "a retired name in code": ("src/cpu/b.cpp", LICENCE + "int GemmLayout;\n", "b.cpp:2: GemmLayout is retired: GemmLayout"),
    "a retired name in a comment": ("src/core/b.cpp", LICENCE + "// A GemmLayout.\n", "b.cpp:2: GemmLayout is retired"),
    "a retired name on a page": ("docs/b.md", "# B\nA `GemmLayout`.\n", "b.md:2: GemmLayout is retired"),
    "a retired word in code of its folder": ("src/cpu/b.cpp", LICENCE + "int turn;\n", "b.cpp:2: turn is retired: transpose"),
    "a file with a retired name": ("src/cpu/transpose.hpp", LICENCE + "#pragma once\n", "the name of this file is retired: transpose.hpp"),
    "a retired phrase": ("src/core/b.cpp", LICENCE + "int b;  // in shared memory\n", 'b.cpp:2: "shared memory" is retired: shared memory'),
}
ALLOWED = {  # English words are allowed in comments and texts, and in other folders; so is history
    "src/cpu/b.cpp": LICENCE + '// In turn.\nconst char* b = "turn";\n',
    "src/core/b.cpp": LICENCE + "int turn;\n",
    "CHANGELOG.md": "# Changes\nGemmLayout\n",
}


def run(files, *more):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(root / ".clang-format", folder)
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        result = subprocess.run([sys.executable, "-B", check, folder, *more], capture_output=True, text=True)
        return result.returncode, result.stdout


code, output = run(GOOD, "--clang-format", clang_format)
assert code == 0, output
for what, files in FINE.items():
    code, output = run({**GOOD, **files})  # without the check of the format
    assert code == 0, f"{what} was refused:\n{output}"
for what, (name, text, expected) in BAD.items():
    code, output = run({**GOOD, name: text}, "--clang-format", clang_format)
    assert code == 1 and expected in output, f"{what} was not found:\n{output}"

listed = {**GOOD, "tools/retired_identifiers.txt": RETIRED}
for what, (name, text, expected) in REFUSED.items():
    code, output = run({**listed, name: text})
    assert code == 1 and expected in output, f"{what} was not found:\n{output}"
    code, output = run({**listed, name: text, "tools/retired_identifiers.txt": RETIRED.replace("applied", "pending")})
    assert expected not in output, f"{what} was refused before the names were replaced:\n{output}"
code, output = run({**listed, **ALLOWED, "tests/cpu/b_test.cpp": LICENCE, "tests/core/b_test.cpp": LICENCE}, "--clang-format", clang_format)
assert code == 0, output
code, output = run({**GOOD, "tools/retired_identifiers.txt": "state = applied\n[names]\nno arrow\n"})
assert code == 1, output
print(f"{len(BAD) + len(REFUSED)} kinds of bad file found, {len(FINE)} of good ones not")
