#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_sources.py must find what it is for: every kind of bad file is planted once in a small tree.

usage: check_sources_test.py CHECK_SOURCES CLANG_FORMAT ROOT
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

check, clang_format, root = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
GOOD = {"src/core/a.cpp": LICENCE + "#include <shoal/a.hpp>\n", "include/shoal/a.hpp": LICENCE + "#pragma once\n"}
BAD = {
    "a core that knows a backend": ("src/core/b.cpp", LICENCE + '#include "cpu/cpu_backend.hpp"\n', "must not include src/cpu"),
    "a reference that uses kernels": ("src/reference/b.cpp", LICENCE + '#include "kernels/lanes.hpp"\n', "must not include kernels"),
    "cpu that uses the reference": ("src/cpu/b.cpp", LICENCE + '#include "reference/dual.hpp"\n', "must not include src/reference"),
    "a public header with a private one": ("include/shoal/b.hpp", LICENCE + '#pragma once\n#include "core/backend.hpp"\n', "must not include src/core"),
    "a third-party header in a header": ("src/io/b.hpp", LICENCE + "#pragma once\n#include <nlohmann/json.hpp>\n", "must not include nlohmann"),
    "no licence": ("src/core/b.cpp", "int b;\n", "licence"),
    "no pragma once": ("src/core/b.hpp", LICENCE, "pragma once"),
    "a file too long": ("src/core/b.cpp", LICENCE + "int b;\n" * 600, "more than 500"),
    "an open end": ("src/core/b.cpp", LICENCE + "// TO" + "DO\n", "open end"),
    "bad format": ("src/core/b.cpp", LICENCE + "int   b  ;\n", "clang-format"),
}


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(root / ".clang-format", folder)
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        result = subprocess.run([sys.executable, check, folder, "--clang-format", clang_format], capture_output=True, text=True)
        return result.returncode, result.stdout


code, output = run(GOOD)
assert code == 0, output
for what, (name, text, expected) in BAD.items():
    code, output = run({**GOOD, name: text})
    assert code == 1 and expected in output, f"{what} was not found:\n{output}"
print(f"{len(BAD)} kinds of bad file found")
