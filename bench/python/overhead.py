#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Python costs: the package beside the `shoal` program, measured in pairs, one after the other.

  training   CPU seconds of 2,000 iterations of 25 sinusoid tasks by shoal.train with a progress bar, over those of `shoal train`
  busy       seconds of the same training on one thread beside a busy thread of Python, over those beside a busy process (which takes the
             second core too, but not the interpreter's lock); tqdm is imported before: every file that an import reads waits for the lock
  batch      resident memory that a TaskBatch of 400 MB of rows costs beside the rows, in MiB
  import     CPU seconds of `import shoal`

usage: PYTHONPATH=build/ci/python overhead.py PROGRAM [--pairs N]      PROGRAM is the `shoal` of the same build
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

BARS = {"training": 1.10, "busy": 1.25, "batch": 8.0, "import": 0.3}
TRAIN = ["--set=tasks.source=sinusoid", "--set=train.iterations=2000", "--set=train.tasks_per_batch=25", "--set=algorithm.inner_steps=5",
         "--set=backend=cpu", "--set=threads=1", "--quiet"]  # fmt: skip
LEARNER = "shoal.MetaLearner(inputs=1, outputs=1, hidden=[40, 40], inner_steps=5, backend='cpu', threads=1)"
TRAINING = f"""
import sys, time, shoal
from tqdm.auto import tqdm
bar = shoal.callbacks.ProgressBar(2000)
learner, source = {LEARNER}, shoal.sinusoid()
start = time.process_time()
shoal.train(learner, source, 2000, 25, callbacks=[bar], run=sys.argv[1])
print(time.process_time() - start)
"""
BUSY = f"""
import sys, threading, time, shoal, tqdm.auto
learner, source = {LEARNER}, shoal.sinusoid()
if sys.argv[1] == "busy":
    def turn():
        while True:
            sum(range(1000))
    threading.Thread(target=turn, daemon=True).start()
start = time.perf_counter()
shoal.train(learner, source, 2000, 25, callbacks=[shoal.callbacks.ProgressBar(2000)])
print(time.perf_counter() - start, flush=True)
import os
os._exit(0)
"""
BATCH = """
import numpy as np, shoal
def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
rows = 5_000_000
x, y, offsets = np.ones((rows, 20), np.float32), np.ones((rows, 1), np.float32), np.arange(0, rows + 1, 100)
small = np.ones((len(offsets) - 1, 20), np.float32), np.ones((len(offsets) - 1, 1), np.float32), np.arange(len(offsets))
before = resident()
batch = shoal.TaskBatch(x, y, offsets, *small)
assert np.shares_memory(batch._batch.arrays()["support_x"], x)
print((resident() - before) / 1024)
"""
IMPORT = """
import time
start = time.process_time()
import shoal
print(time.process_time() - start)
"""


def told(code, *arguments):
    """The number that a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def beside_a_process():
    """The seconds of BUSY beside another interpreter that does what its busy thread does."""
    other = subprocess.Popen([sys.executable, "-c", "while True: sum(range(1000))"])
    try:
        return told(BUSY, "alone")
    finally:
        other.kill()
        other.wait()


def program_seconds(program, folder):
    """CPU seconds of a training by the program."""
    process = subprocess.Popen([program, "train", *TRAIN, "--out", folder], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"shoal train ended with status {status}"
    return usage.ru_utime + usage.ru_stime


def report(name, values, unit, detail=""):
    middle = statistics.median(values)
    mark = "" if middle <= BARS[name] else "   above the bar"
    print(f"{name:10}{middle:8.3f} {unit:6} (bar {BARS[name]:g}; {min(values):.3f} to {max(values):.3f} of {len(values)}){detail}{mark}", flush=True)
    return middle <= BARS[name]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=9)
    options = parser.parse_args()
    here, there = [], []
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(options.pairs):
            here.append(told(TRAINING, f"{folder}/here-{pair}"))
            there.append(program_seconds(options.program, f"{folder}/there-{pair}"))
    ratios = [one / other for one, other in zip(here, there)]
    good = [report("training", ratios, "x", f"  {statistics.median(here):.3f} s over {statistics.median(there):.3f} s")]
    ratios = [told(BUSY, "busy") / beside_a_process() for _ in range(options.pairs)]
    good.append(report("busy", ratios, "x"))
    good.append(report("batch", [told(BATCH) for _ in range(3)], "MiB"))
    good.append(report("import", [told(IMPORT) for _ in range(options.pairs)], "s"))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
