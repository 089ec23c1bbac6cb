#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library and the program need no zlib and no libzstd at run time, and define none of their symbols for others to meet.

usage: compression_is_hidden.py LIBRARY PROGRAM
"""
import re
import subprocess
import sys

library, program = sys.argv[1:]
output = lambda *command: subprocess.run(command, check=True, capture_output=True, text=True).stdout
defined = {line.split()[-1] for line in output("nm", "--extern-only", "--defined-only", library).splitlines() if len(line.split()) == 3}
inside = {name for name in defined if re.fullmatch(r"shoal_(inflate|ZSTD_).*", name)}
seen = {name for name in defined if re.match(r"(inflate|deflate|crc32|adler32|zlib|z_|zc|zError|ZSTD|ZBUFF|FSE|HUF|XXH|ERR_|POOL_)", name)}
undefined = {line.split()[-1] for line in output("nm", "--undefined-only", library).splitlines()} - {f"shoal_{name}" for name in inside}
wanted = {name for name in undefined if re.match(r"(inflate|ZSTD_(?!trace))", name)}
needed = [line for line in output("readelf", "-d", program).splitlines() if "NEEDED" in line and re.search(r"lib(z|zstd)\.so", line)]
print(f"{len(inside)} functions of zlib and zstd under Shoal's names, {len(seen)} symbols of theirs visible, {len(wanted)} wanted from outside")
sys.exit(1 if len(inside) < 4 or seen or wanted or needed else 0)
