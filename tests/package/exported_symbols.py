#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shared library exports the namespace shoal and the C interface, and nothing else, so that no header-only library inside it can clash with the user's.

usage: exported_symbols.py LIBRARY include/shoal.h
"""
import pathlib
import re
import subprocess
import sys

listing = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]], check=True, capture_output=True, text=True).stdout
names = [line.split()[-1] for line in listing.splitlines()]
shoal = re.compile(r"_Z(T[ISTV]|GV|Z)?NK?5shoal")  # functions and variables, and the symbols of types and static variables
interface = re.compile(r"^SHOAL_C_API .*?\b(shoal_\w+)\(", re.M).findall(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
others = [name for name in names if not (shoal.match(name) or name in interface) or re.search(r"(?<!\d)(8nlohmann|10shoal_toml|4toml|4date)", name)]
for name in others[:20]:
    print(f"exported, but none of Shoal's: {name}")
print(f"{len(names)} exported symbols, {len(others)} of others")
missing = sorted(set(interface) - set(names))
if missing:
    print(f"of the C interface not exported: {missing}")
sys.exit(1 if others or missing or len(names) < 200 else 0)
