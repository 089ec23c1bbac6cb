#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C++ in a page must be a piece of a program in examples, and every file that the page links must exist.

usage: readme_test.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
strip = lambda text: re.sub(r"\s+", " ", text).strip()
examples = [strip(file.read_text(encoding="utf-8")) for file in sorted((root / "examples").glob("*/*.cpp"))]
for name, fewest_links in (("README.md", 5), ("docs/library.md", 1), ("docs/cuda.md", 1)):
    page = (root / name).read_text(encoding="utf-8")
    snippets = re.findall(r"```cpp\n(.*?)```", page, re.S)
    assert snippets, f"{name} shows no C++"
    for snippet in snippets:
        assert any(strip(snippet) in example for example in examples), f"{name}: in no example:\n{snippet}"
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page)
    assert len(links) > fewest_links, f"{name}: only {len(links)} links"
    for link in links:
        assert (root / name).parent.joinpath(link).exists(), f"{name} links {link}, which is not there"
    print(f"{name}: {len(snippets)} snippets, {len(links)} links")
