# SPDX-License-Identifier: Apache-2.0
"""The files of the package, their tests and measurements have no finding of ruff, by the rules of pyproject.toml."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_ruff():
    asked = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "python", "tests/python", "bench/python"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff_finds(tmp_path):
    (tmp_path / "wrong.py").write_text("import os\nprint(name)\n")
    asked = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "--config", ROOT / "pyproject.toml", tmp_path]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "F401" in done.stdout and "F821" in done.stdout, done.stdout
