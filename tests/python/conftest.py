# SPDX-License-Identifier: Apache-2.0
"""Where the tests of the package find the program of the same build."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def program():
    """The path of `shoal`."""
    path = pathlib.Path(os.environ.get("SHOAL_PROGRAM", ROOT / "build/ci/bin/shoal"))
    assert path.exists(), f"{path}: build shoal-cli, or set SHOAL_PROGRAM"
    return path


@pytest.fixture
def shoal_program(program, tmp_path):
    """Runs the program in a folder of its own and returns its standard output."""

    def run(*arguments):
        done = subprocess.run([str(program), *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
