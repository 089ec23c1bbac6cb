#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replaces a Python that has torch and jax: answers the probe for versions, and as a worker passes everything on to shoal-peer, except for
the faults that the names of contenders stand for. $SHOAL_PEERS_PROGRAM is shoal-peer."""

import json
import os
import struct
import subprocess
import sys

FAULTS = {
    "torch-vmap": "wrong in f64",
    "jax-vmap": "wrong in f32",
    "torch-batched": "ends when timed",
    "jax-scan": "refuses",
    "jax-linearize": "not a number",
    "torch-vmap-inductor": "does not start",
}


def spoil(file, value):
    """Changes the largest number of the gradient in a file by one part in a thousand, or sets it to `value`."""
    with open(file, "r+b") as content:
        data = content.read()
        size = struct.unpack("<Q", data[:8])[0]
        code = "<d" if b'"F64"' in data[8 : 8 + size] else "<f"
        width = struct.calcsize(code)
        places = range(8 + size, len(data), width)
        place = max(places, key=lambda at: abs(struct.unpack_from(code, data, at)[0]))
        content.seek(place)
        content.write(struct.pack(code, struct.unpack_from(code, data, place)[0] * 1.1 if value is None else value))


def main():
    words = sys.argv[sys.argv.index("ignore") + 1 :]
    if words[0] == "-c":
        if words[2] not in ("torch", "jax"):
            sys.exit(f"ModuleNotFoundError: No module named '{words[2]}'")
        print("9.9")
        return
    fault = FAULTS.get(words[1], "")
    if fault == "does not start":
        print("no such library", file=sys.stderr)
        sys.exit(3)
    sides = {
        precision: subprocess.Popen(
            [os.environ["SHOAL_PEERS_PROGRAM"], "work", backend, "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for precision, backend in (("f64", "reference"), ("f32", "cpu"))
    }
    for side in sides.values():
        side.stdout.readline()
    print(json.dumps({"ok": True, "contender": words[1], "version": "9.9"}), flush=True)
    precision = "f32"
    for line in sys.stdin:
        request = line.rstrip("\n").split("\t")
        if request[0] == "quit":
            break
        if request[0] == "load":
            precision = request[3]
        elif fault == "refuses":
            print(json.dumps({"ok": False, "error": "RuntimeError: out of memory"}), flush=True)
            continue
        else:
            request[2] = "0"
        if request[0] == "time" and fault == "ends when timed":
            sys.exit(9)
        sides[precision].stdin.write("\t".join(request) + "\n")
        sides[precision].stdin.flush()
        answer = sides[precision].stdout.readline()
        if request[0] == "result" and fault in ("wrong in " + precision, "not a number"):
            spoil(request[4], float("nan") if fault == "not a number" else None)
        print(answer, end="", flush=True)


main()
