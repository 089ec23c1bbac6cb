# SPDX-License-Identifier: Apache-2.0
"""Compiles the project's .cu files for real machines, and collects everything that the compiler reports about them.

The files and flags come from a configured build folder (its cache and its Ninja file), so that nothing here must follow changes of the
build. NVIDIA's nvdisasm from PyPI, in a virtual environment below the build folder, lists the machine code. Compiled files are kept as
long as no source and no command changes.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import resource
import shlex
import shutil
import subprocess
import sys

import listings
from emulation import machine_code

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHITECTURES = ("sm_80", "sm_90", "sm_100")
DISASSEMBLER = "nvidia-cuda-nvdisasm==13.5.37"
LISTED = ("-gi", "-hex")  # source lines with the chain of inlining, and the words of the machine code


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def nvcc():
    found = shutil.which("nvcc", path=os.environ["PATH"] + ":/usr/local/cuda/bin")
    if not found:
        sys.exit("static evidence needs nvcc: none in PATH and none in /usr/local/cuda/bin")
    return found


def nvcc_version():
    return re.search(r"V(\d+\.\d+\.\d+)", run(nvcc(), "--version")).group(1)


def configured(build):
    """A build folder with the CUDA backend: the given one, or build/static, made for the purpose."""
    if build:
        if not (build / "CMakeCache.txt").exists():
            sys.exit(f"{build} is no configured build folder")
        return build
    build = ROOT / "build/static"
    environment = dict(os.environ, PATH=os.environ["PATH"] + ":" + str(pathlib.Path(nvcc()).parent))
    run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DSHOAL_CUDA=ON",
        "-DSHOAL_INSTALL=OFF", "-DSHOAL_SHARED=OFF", "-DCMAKE_CUDA_ARCHITECTURES=90-virtual",
        "-DCMAKE_CUDA_RUNTIME_LIBRARY=Shared", "-DCMAKE_CXX_COMPILER_LAUNCHER=" + (shutil.which("ccache") or ""),
        "-DCMAKE_CUDA_COMPILER_LAUNCHER=" + (shutil.which("ccache") or ""), env=environment)
    return build


def built(build, target, folder="tests/cuda"):
    """Builds the program `target` of a folder and returns it."""
    run("cmake", "--build", build, "--target", target, "-j", os.cpu_count())
    return build / folder / target


def disassembler(build):
    home = build / "disassembler"
    pattern = "lib/python*/site-packages/nvidia/*/bin/nvdisasm"
    if not list(home.glob(pattern)):
        run(sys.executable, "-m", "venv", home)
        run(home / "bin/pip", "install", "--quiet", "--disable-pip-version-check", DISASSEMBLER)
    if not (found := sorted(home.glob(pattern))):
        sys.exit(f"{DISASSEMBLER} brought no nvdisasm")
    return found[0]


def commands(build):
    """{source: compile command} of the kernels that the build folder compiles."""
    cache = (build / "CMakeCache.txt").read_text()
    sources = ";".join(re.findall(r"^SHOAL_(?:CUDA|THRUST)_KERNELS:\w+=(.*)$", cache, re.M)).split(";")
    database = json.loads(run("ninja", "-C", build, "-t", "compdb"))
    found = {}
    for entry in database:
        words = shlex.split(entry["command"])
        if entry["file"] in sources and any(pathlib.Path(w).name == "nvcc" for w in words):
            found.setdefault(entry["file"], words[[pathlib.Path(w).name for w in words].index("nvcc"):])
    missing = [s for s in sources if s not in found]
    if not sources or missing:
        sys.exit(f"{build} compiles no {' '.join(missing) or 'kernel'} with nvcc: is it configured with SHOAL_CUDA=ON?")
    return found


def flags_of(command):
    """The flags of a compile command without output, machine and source file."""
    kept, words = [], iter(command[1:])
    for word in words:
        if word in ("-o", "-MF", "-MT", "-x", "-arch"):
            next(words)
        elif word not in ("-c", "-MD") and not word.endswith(".cu") and not word.startswith("--generate-code"):
            kept.append(word)
    return kept


class Compiled:
    """One .cu file compiled for one machine."""

    def __init__(self, folder, source, architecture):
        self.source, self.architecture = pathlib.Path(source), architecture
        self.cubin, self.log = folder / "kernels.cubin", folder / "ptxas.log"
        self.ptx, self.sass, self.stamp = folder / f"{self.source.stem}.ptx", folder / "kernels.sass", folder / "stamp"

    def make(self, flags, nvdisasm, stamp):
        folder = self.cubin.parent
        if not self.stamp.exists() or self.stamp.read_text().split("\n")[0] != stamp:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            done = subprocess.run([nvcc(), *flags, "-arch=" + self.architecture, "-cubin", "-Xptxas=-v", "--keep",
                                   "--keep-dir", str(folder), "-o", str(self.cubin), str(self.source)],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"{self.source} for {self.architecture}:\n{done.stderr[-4000:]}")
            self.log.write_text(run("c++filt", input=done.stderr))
            self.sass.write_text(listings.demangled(machine_code.only_code(run(nvdisasm, *LISTED, self.cubin))))
            self.ptx.write_text(run("c++filt", input=self.ptx.read_text()))
            self.stamp.write_text(stamp)


def compiled(build, architectures=ARCHITECTURES):
    """([Compiled], CPU minutes of the compiler) for every kernel source and machine."""
    nvdisasm = disassembler(build)
    digest = hashlib.sha256(" ".join((nvcc_version(), *LISTED)).encode())
    for file in sorted((ROOT / "kernels").rglob("*.*")):
        digest.update(file.read_bytes())
    every, jobs = [], []
    for source, command in commands(build).items():
        flags = flags_of(command)
        for architecture in architectures:
            one = Compiled(build / "static-kernels" / architecture / pathlib.Path(source).stem, source, architecture)
            every.append(one)
            jobs.append((one, flags, hashlib.sha256((digest.hexdigest() + " ".join(flags)).encode()).hexdigest()))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    fresh = any(not one.stamp.exists() or one.stamp.read_text() != stamp for one, _, stamp in jobs)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in [pool.submit(one.make, flags, nvdisasm, stamp) for one, flags, stamp in jobs]:
            done.result()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    minutes = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 60.0
    kept = build / "static-kernels/cpu-minutes"
    if fresh:
        kept.write_text(str(minutes))
    return every, float(kept.read_text())
