#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses weak symbols in the objects of one instruction set that the linker could pick for everybody.

usage: check_symbols.py NAMESPACE OBJECT...   e.g. check_symbols.py shoal::cpu::avx512 isa_avx512.cpp.o

A weak symbol (template or inline function) in such an object was compiled with that set's flags. It is harmless only when a
type of that set's namespace is part of its name, so that no other translation unit can ask for it.
"""
import subprocess
import sys


def weak_symbols(path):
    listing = subprocess.run(["nm", "--demangle", path], check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        kind, _, name = line[17:].partition(" ")
        if kind in ("W", "V", "u"):
            yield name


def main():
    namespace, objects = sys.argv[1], sys.argv[2:]
    symbols = [name for path in objects for name in weak_symbols(path)]
    if len(symbols) < 10:
        sys.exit(f"only {len(symbols)} weak symbols in {objects}: is this the right object?")
    # Sanitizers bring helpers of their own.
    leaks = [name for name in symbols if namespace not in name and not name.startswith(("DW.ref.", "__asan", "__odr"))]
    for name in leaks:
        print(f"weak symbol without {namespace}: {name}")
    print(f"{len(symbols)} weak symbols, {len(leaks)} without {namespace}")
    sys.exit(1 if leaks else 0)


main()
