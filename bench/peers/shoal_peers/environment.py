# SPDX-License-Identifier: Apache-2.0
"""The Python in which the contenders run, and its packages. On the CPU: an environment of its own with pinned versions; on a GPU machine
its own python3."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parents[1]
PACKAGES = ("torch", "jax", "learn2learn", "higher", "torchopt")
# Imports the package, because one that cannot be loaded cannot take part. Each package is tried in a process of its own.
PROBE = "import importlib, importlib.metadata, sys; importlib.import_module(sys.argv[1]); "
PROBE += "print(importlib.metadata.version(sys.argv[1]))"


class NoEnvironment(Exception):
    """The Python environment cannot be made or found."""


def last_words(text):
    """The line of a program's output that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for mark in ("fatal error:", "Error:", "ERROR:", "error:"):
        for line in lines:
            if mark in line and "subprocess-exited-with-error" not in line:
                return line[:300]
    return (lines or ["no message"])[-1][:300]


def pip(python, words, log):
    command = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-deps", *words]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    with open(log, "a", encoding="utf-8") as file:
        file.write(" ".join(str(word) for word in command) + "\n" + done.stdout + done.stderr)
    return None if done.returncode == 0 else last_words(done.stderr or done.stdout)


def lines_of(file):
    return [line for line in (HERE / file).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


def make(folder, say):
    """(python of the environment, {library: why it does not install}); the environment is made once, and again when the pins change."""
    pins = (HERE / "requirements-cpu.txt").read_bytes() + (HERE / "requirements-libraries.txt").read_bytes()
    digest = hashlib.sha256(pins + sys.version.encode()).hexdigest()
    done, python = folder / "made.json", folder / "bin" / "python"
    if done.exists():
        made = json.loads(done.read_text(encoding="utf-8"))
        if made["digest"] == digest and python.exists():
            return python, made["missing"]
    if folder.exists() and any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
        raise NoEnvironment(f"{folder} is no Python environment and not empty: it is left alone")
    say(f"making the Python environment in {folder}: PyTorch and JAX, some 5 GB, minutes")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    venv = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if venv.returncode != 0:
        raise NoEnvironment(
            f"python3 -m venv {folder}: {last_words(venv.stdout + venv.stderr)} (Debian: apt-get install python3-venv)"
        )
    log = folder / "pip.log"
    why = pip(python, ["--only-binary=:all:", "-r", HERE / "requirements-cpu.txt"], log)
    if why:
        raise NoEnvironment(f"pip install -r {HERE / 'requirements-cpu.txt'}: {why} (all of it: {log})")
    missing = {}
    for line in lines_of("requirements-libraries.txt"):
        name = line.split("==")[0]
        why = pip(python, line.split(), log)  # from sources if there is no wheel
        if why:
            missing[name] = f"{line} does not install here: {why}"
            say(missing[name])
    done.write_text(json.dumps({"digest": digest, "missing": missing}), encoding="utf-8")
    return python, missing


def find(device, root, say):
    """(python, {package: version}, {package: why it is not there})."""
    missing = {}
    if device == "cpu" and not os.environ.get("SHOAL_PEERS_PYTHON"):
        python, missing = make(pathlib.Path(os.environ.get("SHOAL_PEERS_VENV") or root / "build" / "peers-venv").absolute(), say)
    else:
        python = shutil.which(os.environ.get("SHOAL_PEERS_PYTHON") or "python3")
        if not python:
            raise NoEnvironment(f"no such program: {os.environ.get('SHOAL_PEERS_PYTHON') or 'python3'}")
    versions = {}
    probes = {
        name: subprocess.Popen(
            [str(python), "-W", "ignore", "-c", PROBE, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name in PACKAGES
        if name not in missing
    }
    for name, probe in probes.items():
        out, err = probe.communicate()
        if probe.returncode == 0:
            versions[name] = out.strip().splitlines()[-1]
        else:
            missing[name] = (
                f"{name} cannot be imported by {pathlib.Path(python).name}: "
                + (err.strip().splitlines() or ["no message"])[-1][:300]
            )
    return python, versions, missing


def mkl_for_amd(folder):
    """Variables that let the oneMKL inside PyTorch use AVX-512 and AVX2 on AMD processors, where it otherwise takes a slow path because of
    the vendor's name. None on other processors, or without a C compiler. This keeps the comparison fair to PyTorch."""
    try:
        amd = "AuthenticAMD" in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        amd = False
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not amd or not compiler:
        return {}
    source, library = pathlib.Path(folder) / "intel.c", pathlib.Path(folder) / "intel.so"
    source.write_text("int mkl_serv_intel_cpu_true(void) { return 1; }\n", encoding="utf-8")
    done = subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], capture_output=True, check=False)
    return {"LD_PRELOAD": str(library)} if done.returncode == 0 else {}
