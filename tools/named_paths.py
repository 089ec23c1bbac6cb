# SPDX-License-Identifier: Apache-2.0
"""Finds paths, file names and links in comments and pages that do not exist.

Checked are paths that begin at the root ("src/core/backend.hpp", with * as in a shell), paths as #include writes them
("core/backend.hpp"), names of files alone ("backend.hpp", "numerics.md"), and the targets of Markdown links with their headings. Text
between "<!-- generated" and "<!-- end" comes from a program and is skipped. Paths that begin elsewhere (build/, a user's own files) are
not checked, nor are placeholders (FOLDER/a.md, src/data/NAME_source.cpp, b.cpp).
"""
import ast
import io
import os
import pathlib
import re
import tokenize

TOP = ("bench", "cmake", "docs", "examples", "include", "kernels", "scripts", "src", "tests", "tools")
INCLUDED_FROM = ("include", "src", "tests", "bench")  # where #include looks
NAMED_ALONE = r"(?:hpp|cpp|cuh|cu|md)"  # suffixes of files that comments may name without a folder
WRITTEN = {"docs/reliability.md", "examples/market/data", "examples/credit/data", "examples/credit/data/segments.csv"}  # commands make these; git does not have them

PATH = re.compile(r"(?<![\w./$<-])((?:[\w.-]+/)+[\w.*-]*)")
NAME = re.compile(rf"(?<![\w./*-])([\w-]+\.{NAMED_ALONE})\b(?![/.]\w)")
PLACEHOLDER = re.compile(r"(?:^|/)(?:[A-Z]{2,}(?:[_./]|$)|[a-z](?:_test)?\.\w+$)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
C_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|//([^\n]*)|/\*(.*?)\*/', re.S)
CODE = {".hpp", ".cpp", ".cuh", ".cu", ".c"}
TEXT = CODE | {".md", ".py", ".txt", ".cmake", ".in", ".toml", ".sh", ""}


def walk(root):
    """All files and folders below the root, as paths from there, without build outputs and git's own files."""
    for folder, folders, files in os.walk(root):
        at = pathlib.Path(folder).relative_to(root)
        folders[:] = [name for name in folders if name not in (".git", "__pycache__") and str(at / name) != "build"]
        for name in folders + files:
            yield at / name


def python_comments(text):
    """(line, text) of comments and docstrings."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from enumerate(node.value.value.splitlines(), node.lineno)


def page_lines(text):
    generated = False
    for number, line in enumerate(text.splitlines(), 1):
        generated = (generated or line.startswith("<!-- generated")) and not line.startswith("<!-- end")
        if not generated:
            yield number, line


def prose_of(path, text):
    """(line, text) of the prose of a file: the whole of a page, the comments of everything else."""
    if path.suffix == ".md":
        yield from page_lines(text)
    elif path.suffix in CODE:
        for match in C_COMMENT.finditer(text):
            first = text.count("\n", 0, match.start()) + 1
            yield from enumerate((match.group(1) or match.group(2) or "").splitlines(), first)
    elif path.suffix == ".py" or text.startswith("#!/usr/bin/env python3"):
        yield from python_comments(text)
    else:
        yield from ((n, line) for n, line in enumerate(text.splitlines(), 1) if line.lstrip().startswith("#"))


def exists(name, tree):
    if "*" not in name:
        return name in tree
    pattern = re.compile(re.escape(name).replace(r"\*", "[^/]*"))
    return any(pattern.fullmatch(entry) for entry in tree)


def missing_names(folder, line, tree, names):
    """The paths and file names of a line, in a file of `folder`, that are not in the tree."""
    for match in PATH.finditer(line):
        name = match.group(1).rstrip("./-")
        checked = name.split("/")[0] in TOP or (re.search(rf"\.{NAMED_ALONE}$", name) and "*" not in name)
        if not checked or PLACEHOLDER.search(name) or name in WRITTEN:
            continue
        beside = os.path.normpath(f"{folder}/{name}")
        if not (exists(name, tree) or beside in tree or any(f"{at}/{name}" in tree for at in INCLUDED_FROM)):
            yield name
    for match in NAME.finditer(line):
        if match.group(1) not in names and not PLACEHOLDER.search(match.group(1)):
            yield match.group(1)


def heading_names(text):
    """The anchors of the headings of a page, as GitHub forms them."""
    headings = re.findall(r"^#+ +(.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def broken_links(root, path, line):
    for target in LINK.findall(line):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        page = root / path.parent / file if file else root / path
        if not page.exists():
            yield f"the link {target} leads nowhere"
        elif heading and heading not in heading_names(page.read_text(encoding="utf-8")):
            yield f"the link {target} names no heading of its page"


def check_paths(root):
    """A finding for every path, file name and link below the root that does not exist."""
    paths = sorted(walk(root))
    tree, names = {str(path) for path in paths}, {path.name for path in paths}
    for path in paths:
        if path.suffix not in TEXT or not (root / path).is_file():
            continue
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        try:
            prose = list(prose_of(path, text))
        except (SyntaxError, tokenize.TokenError) as error:
            yield f"{path}: is not Python: {error}"
            continue
        for number, line in prose:
            for name in dict.fromkeys(missing_names(path.parent, line, tree, names)):
                yield f"{path}:{number}: {name} is not there"
            if path.suffix == ".md":
                for finding in broken_links(root, path, line):
                    yield f"{path}:{number}: {finding}"
