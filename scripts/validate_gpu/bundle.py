# SPDX-License-Identifier: Apache-2.0
"""`bundle`: builds the folder that a machine with a GPU needs, and shows that nothing else is needed.

gtest, Google Benchmark, libstdc++ and libgcc are linked into the programs; libcudart is beside them and is found by RUNPATH $ORIGIN, so
that LD_LIBRARY_PATH can name another one. The programs contain sm_90 code, and PTX for later devices. They are checked, then packed, and so is
NVRTC, which compiles kernels at run time.
"""
import hashlib
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

from validate_gpu import packed

PACKAGES = ["g++", "binutils", "cmake", "ninja-build", "libcli11-dev", "libhowardhinnant-date-dev", "nlohmann-json3-dev",
            "libtomlplusplus-dev", "libgtest-dev", "libgmock-dev", "zlib1g-dev", "libzstd-dev", "libboost-context1.81-dev"]
TARGETS = ["shoal-cli", "shoal-bench", "shoal-peer", "shoal-device-rates", "cuda_device_programs"]
OF_GLIBC = {"libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2"}
# What NVRTC needs beside it. Where the machine lacks it, no kernel is compiled, and the stage `fixed` says so.
OF_COMPILER = {"libstdc++.so.6", "libgcc_s.so.1"}
RUNTIME = "libcudart.so.13"
COMPILER = ["libnvrtc.so.13", "libnvrtc-builtins.so.13.*"]  # the second one is opened by the first, by its full version
MOST_BYTES = 62 << 20
# Debian has no static Google Benchmark (and its shared one is a debug build), so it is built once from Debian's source.
BENCHMARK = ("benchmark=1.7.1-1", "benchmark_1.7.1.orig.tar.gz", "6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7")


def fail(text, code=1):
    print(f"validate-gpu: {text}", file=sys.stderr)
    sys.exit(code)


def do(command, log, **options):
    """Runs a command with its output in `log`; prints the end of the output if it fails."""
    with open(log, "a", encoding="utf-8") as file:
        code = subprocess.run([str(word) for word in command], stdout=file, stderr=subprocess.STDOUT, check=False, **options).returncode
    if code != 0:
        sys.stderr.write(pathlib.Path(log).read_text(encoding="utf-8", errors="replace")[-4000:])
        fail(f"{command[0]} failed (exit code {code}); the whole of it is in {log}")


def static_benchmark(place, log):
    """A prefix with libbenchmark.a, built if it is not there yet."""
    prefix = place / "installed"
    if (prefix / "done").exists():
        return prefix
    name, archive, digest = BENCHMARK
    if not shutil.which("apt-get"):
        fail(f"building a static Google Benchmark needs apt-get and Debian's source package {name}", 6)
    (place / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    sources = place / "sources.list"
    sources.write_text("deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main\n",
                       encoding="utf-8")
    # apt-get uses lists of its own, so that the system's are not changed and root is not needed.
    own = [word for option in (f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=/dev/null", f"Dir::State::lists={place}/lists",
                               "APT::Sandbox::User=root" if os.getuid() == 0 else "Debug::NoLocking=true") for word in ("-o", option)]
    do(["apt-get", *own, "update"], log)
    do(["apt-get", *own, "source", "--download-only", name], log, cwd=place)
    shutil.rmtree(place / "lists")
    if hashlib.sha256((place / archive).read_bytes()).hexdigest() != digest:
        fail(f"{archive} is not the file that it should be")
    do(["tar", "-xzf", archive], log, cwd=place)
    do(["cmake", "-S", place / "benchmark-1.7.1", "-B", place / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
        "-DBENCHMARK_ENABLE_TESTING=OFF", "-DBENCHMARK_ENABLE_GTEST_TESTS=OFF", "-DBENCHMARK_ENABLE_WERROR=OFF",
        f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DCMAKE_INSTALL_LIBDIR=lib"], log)
    do(["cmake", "--build", place / "build", "--target", "install"], log)
    (prefix / "done").write_text("", encoding="utf-8")
    return prefix


def build(work, benchmark, log):
    launcher = shutil.which("ccache") or ""
    do(["cmake", "-S", ".", "-B", work, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DSHOAL_CUDA=ON", "-DSHOAL_BUILD_BENCH=ON",
        "-DSHOAL_BUILD_CLI=ON", "-DSHOAL_BUILD_TESTS=ON",
        "-DSHOAL_BUILD_EXAMPLES=OFF", "-DSHOAL_SHARED=OFF", "-DSHOAL_INSTALL=OFF", "-DSHOAL_WERROR=ON", "-DCMAKE_CUDA_ARCHITECTURES=90",
        "-DCMAKE_CUDA_RUNTIME_LIBRARY=Shared", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}",
        f"-DCMAKE_CUDA_COMPILER_LAUNCHER={launcher}", f"-Dbenchmark_DIR={benchmark}/lib/cmake/benchmark",
        "-DCMAKE_INSTALL_RPATH=$ORIGIN", "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
        "-DCMAKE_EXE_LINKER_FLAGS=-static-libstdc++ -static-libgcc -Wl,--as-needed -Wl,--gc-sections -Wl,--enable-new-dtags"], log)
    do(["cmake", "--build", work, "-j", str(os.cpu_count() or 1), "--target", *TARGETS], log)


def elf_tags(file):
    """(libraries needed, RUNPATH, the newest glibc version needed) of a program or library."""
    dynamic = subprocess.run(["readelf", "-dW", file], capture_output=True, text=True, check=True).stdout
    versions = subprocess.run(["readelf", "-VW", file], capture_output=True, text=True, check=True).stdout
    glibc = max((tuple(map(int, v.split("."))) for v in re.findall(r"GLIBC_(\d+\.\d+)", versions)), default=(0, 0))
    runpath = re.search(r"\(RUNPATH\).*\[(.*)\]", dynamic)
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)), runpath.group(1) if runpath else "", glibc


def device_code(file):
    """The device code of a program: {("code" | "ptx", 90), ...}, from the headers of its fat binaries."""
    content, found = file.read_bytes(), set()
    for match in re.finditer(rb"\x50\xed\x55\xba\x01\x00", content):
        header, size = struct.unpack_from("<HQ", content, match.end())
        at = match.start() + header
        end = at + size
        while at + 32 <= end <= len(content):
            kind, head, payload, architecture = struct.unpack_from("<H2xIQ12xI", content, at)
            if kind not in (1, 2) or head == 0:
                break
            found.add(("ptx" if kind == 1 else "code", architecture))
            at += head + payload
    return found


def is_elf(file):
    with open(file, "rb") as content:
        return content.read(4) == b"\x7fELF"


def check(folder):
    """Prints the needs of every program; fails if one is neither glibc, nor the driver, nor beside it."""
    newest, wrong = (0, 0), []
    for file in sorted(file for file in folder.rglob("*") if file.is_file() and is_elf(file)):
        needed, runpath, glibc = elf_tags(file)
        newest = max(newest, glibc)
        print(f"{file.relative_to(folder)}: {file.stat().st_size / (1 << 20):.1f} MiB, needs {' '.join(sorted(needed))}")
        beside = {other.name for other in file.parent.iterdir()}
        elsewhere = OF_GLIBC | (OF_COMPILER if file.parent.name == packed.COMPILER else set())
        wrong += [f"{file.name} needs {library}" for library in sorted(needed - elsewhere - beside)]
        if RUNTIME in needed:
            wrong += [f"{file.name} has no {kind} for sm_90" for kind in ("code", "ptx") if (kind, 90) not in device_code(file)]
        if needed & beside and runpath != "$ORIGIN":
            wrong.append(f"{file.name} looks for libraries in {runpath or 'no folder of its own'}, not in $ORIGIN")
    if wrong:
        fail("the folder is not self-contained: " + "; ".join(wrong))
    return newest


def check_size(folder, glibc):
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{folder}: {size / (1 << 20):.1f} MiB, needs glibc >= {glibc[0]}.{glibc[1]}, an NVIDIA driver for CUDA 13 and Python >= 3.8")
    if size > MOST_BYTES:
        fail(f"the folder has {size} bytes, more than {MOST_BYTES}")


def gather(folder, work, toolkit, log):
    """What `run` unpacks: the programs with the CUDA runtime beside them, and the compiler of kernels where the toolkit has one."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / packed.COMPILER).mkdir(parents=True)
    tests = [file for file in (work / "tests/cuda").glob("cuda_*_tests") if RUNTIME in elf_tags(file)[0]]  # not the tests of the host
    for program in [*(work / "bin" / name for name in ("shoal", "shoal-bench", "shoal-peer", "shoal-device-rates")), *tests]:
        shutil.copy(program, folder)
        do(["strip", folder / program.name], log)
    places = [toolkit / name for name in ("lib64", "lib")]
    runtime = [place / RUNTIME for place in places]
    shutil.copy(next((file for file in runtime if file.exists()), runtime[0]), folder / RUNTIME)
    for pattern in COMPILER:
        found = [file for place in places for file in sorted(place.glob(pattern))]
        if not found:
            print(f"the toolkit has no {pattern}: this bundle compiles no kernel")
            shutil.rmtree(folder / packed.COMPILER)
            break
        shutil.copy(found[0], folder / packed.COMPILER)


def make(root, folder, work):
    if folder.exists() and not (folder / "validate-gpu").exists() and any(folder.iterdir()):
        fail(f"{folder} is no bundle and not empty: it is left alone", 2)
    os.chdir(root)
    os.environ["PATH"] += ":/usr/local/cuda/bin"
    nvcc = shutil.which("nvcc")
    if not nvcc:
        fail("bundle needs nvcc of CUDA 13, in PATH or /usr/local/cuda/bin", 6)
    if subprocess.run(["scripts/install-tools", *PACKAGES], check=False).returncode != 0:
        fail("packages are missing (scripts/install-tools)", 6)
    work = pathlib.Path(work).absolute()
    work.mkdir(parents=True, exist_ok=True)
    log = work / "bundle.log"
    log.write_text("", encoding="utf-8")
    benchmark = pathlib.Path("build/static-benchmark").absolute()
    build(work, static_benchmark(benchmark, log), log)

    unpacked = work / "bundle"
    gather(unpacked, work, pathlib.Path(nvcc).resolve().parents[1], log)
    glibc = check(unpacked)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "validate_gpu").mkdir(parents=True)
    for name, part in (("programs", unpacked), (packed.COMPILER, unpacked / packed.COMPILER)):
        files = {str(file.relative_to(unpacked)): file for file in part.glob("*") if file.is_file()}
        if files:
            packed.pack(files, folder / f"{name}.tar.xz", work)
    shutil.copy("scripts/validate-gpu", folder)
    for module in ("fixed.py", "packed.py", "run_stages.py", "stage.py", "stages.py"):
        shutil.copy(f"scripts/validate_gpu/{module}", folder / "validate_gpu")
    shutil.copytree("bench/peers", folder / "peers", ignore=shutil.ignore_patterns("*.cpp", "__pycache__"))
    commit = subprocess.run(["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], capture_output=True, text=True, check=False)
    (folder / "commit").write_text((commit.stdout.strip() or "unknown") + "\n", encoding="utf-8")
    check_size(folder, glibc)
    return 0
