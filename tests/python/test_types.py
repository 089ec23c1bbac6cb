# SPDX-License-Identifier: Apache-2.0
"""Users' type checkers know the package: mypy --strict passes on a file that uses every public name, and finds what is wrong."""
import os
import pathlib
import subprocess
import sys

import shoal

HERE = pathlib.Path(__file__).parent
WRONG = """
import shoal

shoal.MetaRegressor(inner_steps="three")
print(shoal.MetaRegressor().score(1, 2).nothing)
shoal.train(1, 2, 3, 4)
"""


CONFIG = """[mypy]
strict = True
follow_imports = silent
[mypy-pandas.*,polars.*,pyarrow.*,narwhals.*,sklearn.*,tqdm.*]
follow_imports = skip
[mypy-shoal._shoal]
ignore_errors = True
"""  # installed packages are silent, too


def mypy(file, tmp_path):
    (tmp_path / "mypy.ini").write_text(CONFIG)
    asked = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", str(tmp_path / "cache"), str(file)]
    environment = {**os.environ, "MYPYPATH": str(pathlib.Path(shoal.__file__).parents[1])}
    return subprocess.run(asked, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)


def test_mypy(tmp_path):
    done = mypy(HERE / "public_names.py", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "wrong.py").write_text(WRONG)
    done = mypy(tmp_path / "wrong.py", tmp_path)
    assert [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line] == ["4", "5", "6", "6"], done.stdout


def test_the_file_uses_every_public_name():
    text = (HERE / "public_names.py").read_text(encoding="utf-8")
    for name in {*shoal.__all__} - {"callbacks"}:
        assert f"shoal.{name}" in text, name
