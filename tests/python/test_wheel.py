# SPDX-License-Identifier: Apache-2.0
"""`scripts/wheel` builds one wheel, which every CPython from 3.10 on installs into a clean environment and uses away from the checkout."""
import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LARGEST = 8 << 20  # bytes of the wheel
SESSION = """
import pathlib, subprocess, sys
import numpy as np, pandas as pd, shoal

here = pathlib.Path(sys.prefix).resolve()
assert here in pathlib.Path(shoal.__file__).resolve().parents, shoal.__file__
rng = np.random.default_rng(0)
loans = pd.DataFrame({"client": np.repeat(np.arange(40), 30), "month": np.tile(np.arange(30), 40), "income": rng.lognormal(8, 1, 1200),
                      "utilisation": rng.random(1200), "region": rng.choice(["north", "south"], 1200)})
loans["defaulted"] = (rng.random(1200) < 0.2 + 0.6 * loans["utilisation"]).astype(int)
old, new = loans[loans["client"] < 30], loans[loans["client"] >= 30]
X, y = old.drop(columns="defaulted"), old["defaulted"]
model = shoal.MetaClassifier(key="client", time="month", support=20, inner_steps=3, inner_lr=0.05, iterations=50)
model.fit(X, y, verbose=1)
fresh = model.adapt(new[new["month"] < 20].drop(columns="defaulted"), new["defaulted"][new["month"] < 20])
later = new[new["month"] >= 20].drop(columns="defaulted")
said = fresh.predict_proba(later)
assert said.shape == (100, 2) and np.isfinite(said).all() and np.ptp(said) > 0
model.save("runs/clients")
assert (shoal.load("runs/clients").predict_proba(later) == model.predict_proba(later)).all()
fresh.save("fresh.safetensors")
assert (shoal.load("fresh.safetensors").predict_proba(later) == said).all()
later.to_csv("later.csv", index=False)
subprocess.run(["shoal", "predict", "fresh.safetensors", "--data", "later.csv", "--out", "said.csv"], check=True)
assert len(pd.read_csv("said.csv")) == 100
print("session", shoal.__version__)
"""


def interpreters():
    """A program of every CPython from 3.10 on that is installed, by version; none of a virtual environment."""
    places = [pathlib.Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    places += sorted(pathlib.Path(os.environ.get("PYENV_ROOT", pathlib.Path.home() / ".pyenv")).glob("versions/*/bin"))
    candidates = [pathlib.Path(sys.base_prefix) / "bin" / "python3"]
    candidates += [file for place in places for file in sorted(place.glob("python3.*")) if file.name.removeprefix("python3.").isdigit()]
    found = {}
    for candidate in candidates:
        asked = "import ensurepip, sys, venv; print(sys.implementation.name, *sys.version_info[:2], int(sys.prefix != sys.base_prefix))"
        told = subprocess.run([candidate, "-c", asked], capture_output=True, text=True, check=False).stdout.split()
        if len(told) == 4 and told[0] == "cpython" and told[3] == "0" and (int(told[1]), int(told[2])) >= (3, 10):
            found.setdefault((int(told[1]), int(told[2])), candidate)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run([ROOT / "scripts/wheel", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    path = pathlib.Path(done.stdout.splitlines()[-1])
    assert path.parent == folder and list(folder.iterdir()) == [path]
    return path


def test_one_wheel_for_all(wheel):
    parts = wheel.name.removesuffix(".whl").split("-")
    assert parts[0] == "shoal" and parts[2:4] == ["cp310", "abi3"]
    assert parts[4].startswith("manylinux_2_") and parts[4].endswith("_x86_64")
    assert wheel.stat().st_size <= LARGEST, f"{wheel.stat().st_size} bytes"
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in ("shoal/_shoal.abi3.so", "shoal/_shoal.pyi", "shoal/py.typed", "shoal/estimators/base.py"):
        assert wanted in names, wanted
    assert any(name.endswith(".data/scripts/shoal") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "include/", "lib/"))]


def test_the_stable_interface_alone(wheel):
    done = subprocess.run([sys.executable, "-m", "abi3audit", "--strict", "--report", wheel], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"is_abi3": true' in done.stdout.replace('"is_abi3":true', '"is_abi3": true'), done.stdout


@pytest.mark.parametrize("version", interpreters(), ids=lambda version: ".".join(map(str, version)))
def test_a_session_in_a_clean_environment(version, wheel, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SHOAL_", "VIRTUAL_ENV"))}
    subprocess.run([interpreters()[version], "-m", "venv", tmp_path / "venv"], check=True, env=environment)
    python = tmp_path / "venv/bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, wheel, "pandas"], check=True, env=environment)
    work = tmp_path / "work"
    work.mkdir()
    environment["PATH"] = f"{tmp_path / 'venv/bin'}{os.pathsep}{environment['PATH']}"
    done = subprocess.run([python, "-c", SESSION], cwd=work, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("session ")
    assert shutil.which("shoal", path=environment["PATH"]) == str(tmp_path / "venv/bin/shoal")
    shutil.rmtree(tmp_path / "venv")
