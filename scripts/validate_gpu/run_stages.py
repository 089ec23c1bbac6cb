# SPDX-License-Identifier: Apache-2.0
"""`run`: runs the stages in the requested order; each is appended to the result file (JSON lines) as soon as it has ended."""
import json
import os
import platform
import signal
import sys
import tarfile
import time

from validate_gpu import fixed, packed, stages
from validate_gpu.stage import PASSED, Stage, run_program

# Seconds of each stage in a call of 8 minutes; a longer call stretches them. The first four fit into one call together.
STAGES = {
    "device": (stages.device, 30),
    "suite": (stages.suite, 150),
    "bits": (stages.bits, 80),
    "bench": (stages.bench, 180),
    "sweep": (stages.sweep, 450),
    "sanitizer": (stages.sanitizer, 450),
    "ncu": (stages.ncu, 450),
    "peers": (stages.peers, 450),
    "fixed": (fixed.fixed, 450),
}
BY_DEFAULT = ("device", "suite", "bits", "bench")
A_CALL = 8.0  # minutes
NO_DEVICE, USAGE = 6, 2


def say(text):
    print(f"validate-gpu: {text}", file=sys.stderr, flush=True)


def why_no_device(home):
    """None if the cuda backend can run, else the reason."""
    outcome = run_program([home / "shoal", "doctor", "--backend", "cpu", "--json"], 60)
    try:
        lines = {line["name"]: line for line in json.loads(outcome.stdout)["backends"]}
        cuda = lines["cuda"]
        return None if cuda["available"] else cuda["detail"]
    except (ValueError, KeyError):
        return f"shoal doctor cannot be run here (exit code {outcome.code}): {outcome.text().strip()[-500:]}"


def run(home, out, names, minutes):
    try:
        packed.unpack(home)
    except (OSError, tarfile.TarError) as error:
        say(f"the bundle cannot be unpacked: {error}")
        return NO_DEVICE  # no device, which is an error of resources
    if not (home / "shoal").exists():
        say(f"run belongs into a bundle, and {home} is none; make one with: scripts/validate-gpu bundle DIR")
        return USAGE
    reason = why_no_device(home)
    if reason:
        say(f"there is no usable CUDA device: {reason}")
        return NO_DEVICE
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through the code that ends the running program
    begin, failed = time.monotonic(), False
    commit = (home / "commit").read_text(encoding="utf-8").strip()
    try:
        file = open(out, "a", encoding="utf-8")
    except OSError as error:
        say(str(error))
        return NO_DEVICE  # no device, which is an error of resources

    def append(record):
        # Programs print the path of the folder; the result file must not contain it.
        file.write(json.dumps(record).replace(json.dumps(str(home))[1:-1], home.name) + "\n")
        file.flush()
        os.fsync(file.fileno())

    with file:
        append({"call": {"commit": commit, "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "stages": names,
                         "minutes": minutes, "system": platform.platform(), "cores": os.cpu_count()}})
        for name in names:
            work, seconds = STAGES[name]
            left = minutes * 60 - (time.monotonic() - begin)
            stage = Stage(name, min(left, seconds * max(1.0, minutes / A_CALL)))
            work(stage, home)
            result = stage.result()
            append(result)
            failed = failed or result["status"] != PASSED
            print(f"{name}: {result['status']}, {result['seconds']:.0f} s", flush=True)
            for line in result.get("reasons", []):
                print(f"  {line}", flush=True)
    return 1 if failed else 0
