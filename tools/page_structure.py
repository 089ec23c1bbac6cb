# SPDX-License-Identifier: Apache-2.0
"""Finds pages that a merge has doubled: a page with more than one title, and tables that explain a name twice.

A page has one title, a heading of level 1. In the tables between two headings, a first cell that begins with code (`train.lr`) is the name of
what its row explains, and may stand there once. First cells of another kind may repeat: rows of measurements do. Code blocks are skipped,
and so are parts that a program generates.
"""
import re

import named_paths

TITLE = re.compile(r"# +\S")
HEADING = re.compile(r"#+ +\S")
FIRST_CELL = re.compile(r"\| *((?:\\\||[^|])*?) *(?<!\\)\|")


def findings_of(path, text):
    titles, named, fenced = 0, {}, False
    for number, line in named_paths.page_lines(text):
        if line.startswith("```"):
            fenced = not fenced
        if fenced:
            continue
        if TITLE.match(line):
            titles += 1
            if titles == 2:
                yield f"{path}:{number}: a second title; a page has one"
        if HEADING.match(line):
            named = {}
        cell = FIRST_CELL.match(line)
        if not cell or not cell.group(1).startswith("`"):
            continue
        if cell.group(1) in named:
            yield f"{path}:{number}: the row of {cell.group(1)} stands in line {named[cell.group(1)]} already"
        named.setdefault(cell.group(1), number)
    if titles == 0:
        yield f"{path}: has no title"


def check_pages(root):
    """Findings in every page below the root."""
    for path in sorted(named_paths.walk(root)):
        if path.suffix == ".md" and (root / path).is_file():
            yield from findings_of(path, (root / path).read_text(encoding="utf-8"))
