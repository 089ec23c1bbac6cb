#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configures as on a machine without some packages. The build must leave out what needs them and name them; if that part was requested, it
must be an error.

usage: dependencies_test.py SOURCE CMAKE
"""
import pathlib
import re
import subprocess
import sys
import tempfile

source, cmake = sys.argv[1:]
TESTS, PROGRAM = "core_tests", "bin/shoal"
DEBIAN = {"GTest": "libgtest-dev, libgmock-dev", "Boost": "libboost-context1.81-dev", "Python3": "python3", "CLI11": "libcli11-dev",
          "nlohmann_json": "nlohmann-json3-dev", "date": "libhowardhinnant-date-dev", "toml++": "libtomlplusplus-dev"}


def configure(folder, missing=(), **options):
    """The exit code, the output in one line, and the targets that would be built."""
    words = [f"-DCMAKE_DISABLE_FIND_PACKAGE_{name}={'ON' if name in missing else 'OFF'}" for name in DEBIAN if name != "toml++"]
    words += [f"-DCMAKE_IGNORE_PATH={'/usr/include;/usr/local/include' if 'toml++' in missing else ''}"]
    words += [f"-D{name}={options.get(name, 'AUTO')}" for name in ("SHOAL_BUILD_TESTS", "SHOAL_BUILD_CLI")]
    result = subprocess.run([cmake, "-S", source, "-B", folder, "-G", "Ninja", "-DSHOAL_BUILD_EXAMPLES=OFF", "-USHOAL_TOML_INCLUDE_DIR", *words],
                            capture_output=True, text=True, check=False)
    built = (pathlib.Path(folder) / "build.ninja").read_text(encoding="utf-8") if result.returncode == 0 else ""
    return result.returncode, re.sub(r"\s+", " ", result.stdout + result.stderr), built


def names(missing):
    return ", ".join(f"{name} (Debian: {DEBIAN[name]})" for name in missing)


def expect_left_out(folder, missing, what, built, left_out):
    code, said, ninja = configure(folder, missing)
    assert code == 0 and f"without {what}, which would need {names(missing)}" in said, (missing, said)
    for target in built:
        assert target in ninja, (missing, target)
    for target in left_out:
        assert target not in ninja, (missing, target)


def expect_error(folder, missing, text, **options):
    code, said, _ = configure(folder, missing, **options)
    assert code != 0 and text in said, (missing, said)


with tempfile.TemporaryDirectory() as folder:
    code, said, ninja = configure(folder)
    assert code == 0 and "would need" not in said and TESTS in ninja and PROGRAM in ninja, said
    for missing in (["GTest"], ["Boost"], ["GTest", "Boost"], ["Python3"]):
        expect_left_out(folder, missing, "the tests", [PROGRAM], [TESTS])
        expect_error(folder, missing, f"SHOAL_BUILD_TESTS=ON: the tests would need {names(missing)}", SHOAL_BUILD_TESTS="ON")
    code, said, ninja = configure(folder, ["GTest", "Boost"], SHOAL_BUILD_TESTS="OFF")
    assert code == 0 and "would need" not in said and TESTS not in ninja, said
    expect_left_out(folder, ["CLI11"], "the shoal program", [TESTS], [PROGRAM])
    expect_error(folder, ["CLI11"], f"SHOAL_BUILD_CLI=ON: the shoal program would need {names(['CLI11'])}", SHOAL_BUILD_CLI="ON")
    for missing in (["nlohmann_json"], ["date"], ["toml++"], ["nlohmann_json", "date", "toml++"]):
        expect_error(folder, missing, f"building the library needs {names(missing)}")
print("passed")
