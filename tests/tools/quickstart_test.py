#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/quickstart with stand-ins: how it calls CMake and the program, and its messages when there is no compiler or device.

usage: quickstart_test.py SOURCE
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

source = pathlib.Path(sys.argv[1]).resolve()
PROGRAM = """#!/bin/sh
echo "shoal $*" >>"$QUICKSTART_LOG"
if [ "$1" = doctor ]; then echo "would run on: cuda"; exit "${FAKE_DOCTOR:-0}"; fi
"""
# A stand-in of cmake: configuring makes the folder, building makes the program.
CMAKE = f"""#!/bin/sh
echo "cmake $*" >>"$QUICKSTART_LOG"
for folder in build/release build/cuda; do mkdir -p $folder/bin; printf '%s' '{PROGRAM}' >$folder/bin/shoal; chmod +x $folder/bin/shoal; done
"""
NVIDIA_SMI = """#!/bin/sh
if [ -n "$FAKE_DRIVER" ]; then echo "$FAKE_DRIVER"; exit 9; fi
echo "GPU 0: a chip"
"""


def quickstart(*arguments, code=0, nvcc=True, **environment):
    """Returns its output, and the commands that it ran."""
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        (tree / "scripts").mkdir()
        shutil.copy(source / "scripts/quickstart", tree / "scripts")
        commands = {"scripts/install-tools": "#!/bin/sh\n", "stubs/cmake": CMAKE, "stubs/nvidia-smi": NVIDIA_SMI}
        if nvcc:
            commands["stubs/nvcc"] = "#!/bin/sh\n"
        for name, text in commands.items():
            (tree / name).parent.mkdir(exist_ok=True)
            (tree / name).write_text(text, encoding="utf-8")
            (tree / name).chmod(0o755)
        log = tree / "log"
        log.touch()
        env = {"PATH": f"{tree}/stubs:/usr/bin:/bin", "HOME": folder, "CUDA_HOME": f"{tree}/nowhere", "QUICKSTART_LOG": str(log), **environment}
        result = subprocess.run([tree / "scripts/quickstart", *arguments], capture_output=True, text=True, check=False, env=env)
        assert result.returncode == code, (arguments, result.returncode, result.stdout, result.stderr)
        return result.stdout + result.stderr, log.read_text(encoding="utf-8").replace(str(tree), "TREE").splitlines()


if any(os.access(f"{folder}/nvcc", os.X_OK) for folder in ("/usr/bin", "/bin")):
    print("not tested: nvcc is a command of the system itself")
else:
    said, ran = quickstart("--cuda", code=6, nvcc=False)
    assert "no CUDA compiler" in said and "CUDACXX=" in said and not ran, (said, ran)
said, ran = quickstart("--cuda", code=6, CUDACXX="/not/there/nvcc")
assert "/not/there/nvcc" in said and not ran, (said, ran)
said, ran = quickstart("--cuda", code=6, FAKE_DRIVER="could not talk to the driver")
assert "no NVIDIA GPU" in said and "could not talk to the driver" in said and not ran, (said, ran)
said, ran = quickstart("--cuda", code=6, FAKE_DOCTOR="6")
assert "the GPU cannot be used" in said and ran[-1] == "shoal doctor --backend cuda", (said, ran)

said, ran = quickstart("--cuda")
assert ran[0].startswith("cmake --preset cuda ") and "-DCMAKE_CUDA_COMPILER=TREE/stubs/nvcc -DCMAKE_CUDA_ARCHITECTURES=native" in ran[0], ran
assert ran[1:] == ["cmake --build --preset cuda --target shoal-cli", "shoal doctor --backend cuda",
                   "shoal train --config examples/sinusoid.toml --out runs/quickstart --backend cuda"], ran
assert "GPU 0: a chip" in said and "build/cuda/bin/shoal evaluate runs/quickstart" in said, said

said, ran = quickstart(FAKE_DRIVER="none", nvcc=False)  # no compiler is needed for the CPU
assert ran[0].startswith("cmake --preset release ") and "CUDA" not in ran[0], ran
assert ran[1:] == ["cmake --build --preset release --target shoal-cli", "shoal train --config examples/sinusoid.toml --out runs/quickstart"], ran
said, ran = quickstart("--gpu", code=2)
assert "usage: scripts/quickstart [--cuda]" in said and not ran, said
print("passed")
