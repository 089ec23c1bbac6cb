#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/instructions/check on a stand-in of valgrind that reports given counts: when it passes, fails, skips and refuses.

usage: instructions_test.py SOURCE
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

source = pathlib.Path(sys.argv[1]).resolve()
home = source / "bench" / "instructions"
sys.dont_write_bytecode = True
sys.path.insert(0, str(home))

import callgrind  # noqa: E402  (after the path)

VALGRIND = """#!/bin/sh
[ "$1" = --version ] && { echo valgrind-9; exit 0; }
case "$FAKE" in refuse) echo 'error: no instruction set avx2' >&2; exit 6 ;; crash) echo 'boom' >&2; exit 1 ;; esac
for word in "$@"; do case "$word" in
  --callgrind-out-file=*) file="${word#*=}" ;;
  --toggle-collect=*) counted="${word#*=}" ;;
esac; done
[ "$counted" = shoal_counted_call ] && [ -n "$SHOAL_CPU_PLAN" ] || exit 1
case "$* $SHOAL_CPU_PLAN" in *" wide "*) count="${FAKE_WIDE:-1000}" ;; *) count=1000 ;; esac
printf 'fn=(1) inner_loop\\n5 %s\\ntotals: %s\\n' "$count" "$count" >"$file"
echo "a plan"
"""
PROGRAM = "#!/bin/sh\n[ \"$1\" = --compiler ] && echo \"${FAKE_COMPILER:-CC 1 -O3}\"\n"


class Folder:
    """A folder with stand-ins and a file of counts."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        for name, text in (("bin/valgrind", VALGRIND), ("program", PROGRAM)):
            file = self.path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        self.counts = self.path / "counts.json"

    def run(self, *words, code=0, path=None, **environment):
        command = [sys.executable, str(home / "check"), *words, "--counts", str(self.counts)]
        if "--program" not in words:
            command += ["--program", str(self.path / "program")]
        result = subprocess.run(command, capture_output=True, text=True, check=False,
                                env={**os.environ, "PATH": path or f"{self.path}/bin:{os.environ['PATH']}", **environment})
        assert result.returncode == code, f"{words}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
        return result.stdout + result.stderr


def test_gate(folder):
    assert "not recorded: no counts of CC 1 -O3 with valgrind-9 (recorded: none)" in folder.run(code=77)
    folder.run("record")
    kept = json.loads(folder.counts.read_text())["recorded"]
    assert len(kept) == 1 and set(kept[0]["instructions"].values()) == {1000}, kept
    folder.run()
    folder.run(FAKE_WIDE="1010")
    folder.run(FAKE_WIDE="990")
    slower = folder.run(code=1, FAKE_WIDE="1011")
    assert "1,000 -> 1,011 instructions, +1.10%: more work" in slower and "inner_loop" in slower, slower
    assert slower.count("FINDING") == 1, slower
    assert "-1.10%: a gain, to be recorded" in folder.run(code=1, FAKE_WIDE="989")
    assert "-1.10%" not in folder.run("--cases", "^sine", FAKE_WIDE="989")


def test_other_compilers(folder):
    other = folder.run(code=77, FAKE_COMPILER="CC 2 -O3")
    assert "not recorded: no counts of CC 2 -O3" in other and "recorded: CC 1 -O3 with valgrind-9" in other, other
    folder.run("record", FAKE_COMPILER="CC 2 -O3", FAKE_WIDE="7")
    folder.run("record", FAKE_WIDE="2000")
    assert len(json.loads(folder.counts.read_text())["recorded"]) == 2
    folder.run(FAKE_WIDE="2000")
    folder.run(FAKE_COMPILER="CC 2 -O3", FAKE_WIDE="7")


def test_names_of_cases(folder):
    content = json.loads(folder.counts.read_text())
    recorded = content["recorded"][0]["instructions"]
    recorded["gone"] = recorded.pop("wide, 1 task, 24 rows, K = 1, units+keep")
    folder.counts.write_text(json.dumps(content))
    found = folder.run(code=1)
    for line in ("gone: recorded, but no case has this name", "wide, 1 task, 24 rows, K = 1, units+keep: counted 1,000, never"):
        assert line in found, found


def test_refusals(folder):
    assert "nothing compared: error: no instruction set avx2" in folder.run(code=77, FAKE="refuse")
    assert "exit 1: boom" in folder.run("show", code=1, FAKE="crash")
    assert "nothing was counted" in folder.run("show", code=1, FAKE_WIDE="0")
    assert "valgrind is not installed" in folder.run(code=77, path=str(folder.path))
    assert "nowhere: No such file" in folder.run("--program", "nowhere", code=1)
    assert "no case matches" in folder.run("--cases", "nothing", code=2)
    assert "record takes all cases" in folder.run("record", "--cases", "wide", code=2)
    folder.counts.write_text('{"recorded": [{}]}')
    assert "not a file of recorded counts" in folder.run(code=1)


def test_reading():
    """Costs of calls belong to the callee; a name is given once and afterwards referred to by number."""
    text = "fn=(1) outer\n3 10\ncfn=(2) inner\ncalls=2 7\n4 500\n+1 5\nfn=(2)\n7 500\nfn=(1)\n* 1\ntotals: 516\n"
    assert callgrind.read(text) == (516, {"outer": 16, "inner": 500})
    try:
        callgrind.read("fn=(1) outer\n")
    except callgrind.Failed as failure:
        assert "no total" in str(failure)
    else:
        raise AssertionError("a file without a total was read")


def test_recorded_file():
    """The counts in the repository belong to the existing cases."""
    command = [sys.executable, str(home / "check"), "--cases", "$^"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    names = set(" ".join(listed.split("the cases are: ")[1].split()).split("; "))
    for entry in json.loads((home / "counts.json").read_text())["recorded"]:
        assert set(entry["instructions"]) == names, (set(entry["instructions"]) ^ names)
    assert {name.split(",")[0] for name in names} == {"sine_k1", "sine_k5", "market", "credit", "large", "wide"}


with tempfile.TemporaryDirectory() as temporary:
    stand_ins = Folder(temporary)
    for test in (test_gate, test_other_compilers, test_names_of_cases, test_refusals):
        test(stand_ins)
        print(f"{test.__name__}: passed")
for test in (test_reading, test_recorded_file):
    test()
    print(f"{test.__name__}: passed")
