#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library and the program need no zlib or libzstd at run time, and export none of their symbols.

usage: compression_is_hidden.py LIBRARY PROGRAM
"""
import re
import subprocess
import sys

library, program = sys.argv[1:]
output = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True).stdout
# A line of nm has a value (if there is one), a kind and a name.
symbols = [line.split()[-2:] for line in output("nm", "--extern-only", library).splitlines() if len(line.split()) in (2, 3)]
inside = {name for kind, name in symbols if kind != "U" and re.match(r"shoal_(inflate|ZSTD_)", name)}
theirs = re.compile(r"(inflate|deflate|crc32|adler32|zlib|z_|zc|zError|ZSTD|ZBUFF|FSE|HUF|XXH|ERR_|POOL_)")
# libzstd refers weakly to tracing functions, which need not exist.
visible = {name for kind, name in symbols if kind != "w" and theirs.match(name)}
needed = [line for line in output("readelf", "-d", program).splitlines() if "NEEDED" in line and re.search(r"lib(z|zstd)\.so", line)]
print(f"{len(inside)} functions of zlib and zstd under Shoal's names; of theirs {sorted(visible)}; at run time {needed}")
sys.exit(1 if len(inside) < 4 or visible or needed else 0)
