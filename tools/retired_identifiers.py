# SPDX-License-Identifier: Apache-2.0
"""Reads tools/retired_identifiers.txt, and finds names that are retired."""
import collections
import fnmatch
import pathlib
import re

from named_paths import CODE, walk

LIST = "tools/retired_identifiers.txt"
PROSE = {".md", ".py", ".cmake", ".txt", ".sh", ".in", ""}  # suffixes of files without C++ code, where names are searched in the whole text
HISTORY = ("CHANGELOG.md", "docs/gpu-results/*.jsonl", "tests/fuzz/seeds/*")  # these describe the past and may have old names
PIECE = re.compile(r'(?P<raw>R"\((?:.|\n)*?\)")|(?P<text>"(?:\\.|[^"\\\n])*")|(?P<letter>\'(?:\\.|[^\'\\\n])+\')'
                   r"|(?P<comment>//[^\n]*|/\*.*?\*/)", re.S)
Entry = collections.namedtuple("Entry", "old new globs")


class Retired:
    """The entries of a list by section: files, names, code, phrases; each as {old: [Entry, ...]}."""

    def __init__(self, text):
        self.applied = False
        self.sections = {"files": {}, "names": {}, "code": {}, "phrases": {}}
        section = None
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            if line.startswith("state"):
                self.applied = line.split("=")[1].strip() == "applied"
            elif line.startswith("["):
                section = self.sections[line.strip("[]")]
            else:
                match = re.fullmatch(r"(.+?) -> (.+?)(?: : (.+))?", line)
                if not match or section is None:
                    raise SystemExit(f"{LIST}:{number}: expected \"old -> new\" or \"old -> new : GLOB ...\" in a section")
                entry = Entry(match[1], match[2], tuple((match[3] or "*").split()))
                section.setdefault(entry.old, []).append(entry)

    def entry(self, section, old, path):
        """The entry that retires `old` in the file `path`, or None if it is allowed there."""
        for entry in self.sections[section].get(old, []):
            if any(fnmatch.fnmatchcase(str(path), glob) for glob in entry.globs):
                return entry
        return None


def pieces(text):
    """(kind, text) of C++: code, comment, or text (the contents of quotes), in order and without gaps."""
    at = 0
    for match in PIECE.finditer(text):
        if match.start() > at:
            yield "code", text[at:match.start()]
        yield ("comment" if match.lastgroup == "comment" else "text"), match.group()
        at = match.end()
    yield "code", text[at:]


def is_history(path):
    return any(fnmatch.fnmatchcase(str(path), glob) for glob in HISTORY)


def checked_files(root):
    for path in sorted(walk(root)):
        if (root / path).is_file() and (path.suffix in CODE | PROSE or str(path).startswith("bench/static/")):
            if not is_history(path) and str(path) != LIST:
                try:
                    yield path, (root / path).read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


def file_pattern(names):
    return re.compile(r"(?<![\w.-])(" + "|".join(map(re.escape, sorted(names))) + r")(?![\w-])")


def check_retired(root):
    """A finding for every retired name, if the state of the list is "applied"."""
    if not (root / LIST).exists():
        return
    retired = Retired((root / LIST).read_text(encoding="utf-8"))
    if not retired.applied:
        return
    files = file_pattern(retired.sections["files"] or {"\0"})
    phrases = [(re.compile(rf"\b{re.escape(old)}\b"), old) for old in retired.sections["phrases"]]
    for path, text in checked_files(root):
        if retired.entry("files", path.name, path):
            yield f"{path}: the name of this file is retired: {retired.entry('files', path.name, path).new}"
        line = 1
        for kind, piece in pieces(text) if path.suffix in CODE else [("page", text)]:
            for match in re.finditer(r"[A-Za-z_]\w*", piece):
                entry = retired.entry("names", match[0], path)
                if not entry and kind == "code":
                    entry = retired.entry("code", match[0], path)
                if entry:
                    yield f"{path}:{line + piece.count(chr(10), 0, match.start())}: {entry.old} is retired: {entry.new}"
            for match in files.finditer(piece):
                yield f"{path}:{line + piece.count(chr(10), 0, match.start())}: {match[1]} is retired"
            for pattern, old in phrases if kind in ("comment", "page") else []:
                for match in pattern.finditer(piece):
                    new = retired.entry("phrases", old, path)
                    if new:
                        yield f"{path}:{line + piece.count(chr(10), 0, match.start())}: \"{old}\" is retired: {new.new}"
            line += piece.count("\n")
