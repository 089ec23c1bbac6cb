#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/peers/run as a user calls it: makes the environment (network, some 5 GB), then runs every contender on a few tasks of two shapes.

usage: peers_in_environment.py SOURCE SHOAL_PEER FOLDER     (FOLDER: where the environment is kept)
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

source, peer, environment = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(source / "bench/peers"))
from shoal_peers import contenders  # noqa: E402

with tempfile.TemporaryDirectory() as folder:
    out = pathlib.Path(folder) / "out.json"
    command = [source / "bench/peers/run", "--shapes", "sine_k1,credit", "--tasks", "9", "--out", out]
    variables = {name: value for name, value in os.environ.items() if name != "SHOAL_PEERS_PYTHON"}
    done = subprocess.run(command, check=False, env={**variables, "SHOAL_PEERS_PROGRAM": peer, "SHOAL_PEERS_VENV": environment})
    assert done.returncode == 0, done.returncode
    content = json.loads(out.read_text(encoding="utf-8"))
assert {"torch", "jax"} <= set(content["versions"]) and content["not_run"] == {}, content["versions"]
assert set(content["absent"]) <= {"learn2learn", "higher", "torchopt"}, content["absent"]  # each names the reason why it cannot be installed
assert len(content["rows"]) == 6
for row in content["rows"]:
    for contender in contenders.ALL:
        if "cpu" in contender.devices and row["work"] in contender.works and contender.name not in content["absent"]:
            entry = row["contenders"][contender.name]
            assert entry["status"] == "timed", (row["shape"], row["work"], contender.name, entry)
            assert contender.name == "shoal" or entry["agreement"]["fp64"] <= 1e-9 and entry["agreement"]["fp32"] <= 1e-4, entry
print("passed")
