#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many lines the functions of a C++ or Python text have, from the signature to the end. Tables of data inside do not count: the text
between the braces of an initialiser (`= {`), or between braces without any statement.

usage: function_lengths.py LONGEST FILE... prints the functions that are longer
"""
import ast
import pathlib
import re
import sys

# Strings, characters and comments: braces and semicolons in them do not count.
NO_CODE = re.compile(r"""R"([^()\\ ]{0,16})\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z])'(?:\\.|[^'\\\n])+'""")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", re.M)


def blanks(match):
    return re.sub(r"[^\n]", " ", match.group())


class Braces:
    """An open pair of braces: of a scope (namespace, class), of a function, or inside of one."""

    def __init__(self, kind, begin, is_table):
        self.kind, self.begin, self.is_table = kind, begin, is_table
        self.has_statement = False
        self.table_lines = 0


def kind_of(head, inside_function):
    if inside_function:
        return "inside"
    if re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()=;]*$", head):
        return "scope"
    return "function" if "(" in head and not re.search(r"[=,({]\s*$", head) else "inside"


def of_cpp(text):
    """(lines, first line, signature) of every function that has a body."""
    code = DIRECTIVE.sub(blanks, NO_CODE.sub(blanks, text))
    line_at = lambda place: code.count("\n", 0, place) + 1
    found, open_braces, statement = [], [], 0  # statement: where the current statement begins
    for place, character in enumerate(code):
        if character == "{":
            head = code[statement:place]
            kind = kind_of(head, any(braces.kind == "function" for braces in open_braces))
            begin = statement + len(head) - len(head.lstrip()) if kind == "function" else place
            open_braces.append(Braces(kind, begin, kind == "inside" and code[statement:place].rstrip().endswith("=")))
            if kind != "inside":
                statement = place + 1
        elif character == "}" and open_braces:
            braces = open_braces.pop()
            lines = line_at(place) - line_at(braces.begin) + 1
            if braces.is_table or (braces.kind == "inside" and not braces.has_statement):
                braces.table_lines = max(lines - 2, 0)
            if braces.kind == "function":
                first = line_at(braces.begin)
                found.append((lines - braces.table_lines, first, text.splitlines()[first - 1].strip()))
            elif open_braces:
                open_braces[-1].has_statement |= braces.has_statement
                open_braces[-1].table_lines += braces.table_lines
            if braces.kind != "inside":
                statement = place + 1
        elif character == ";":
            if open_braces:
                open_braces[-1].has_statement = True
            if all(braces.kind == "scope" for braces in open_braces):
                statement = place + 1
    return found


def of_python(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []  # named_paths.py says so
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [(node.end_lineno - node.lineno + 1, node.lineno, f"def {node.name}") for node in functions]


def too_long(path, text, longest):
    """(lines, first line, signature) of the functions that are longer; `path` tells the language."""
    is_python = path.suffix == ".py" or text.startswith("#!/usr/bin/env python3")
    return [found for found in (of_python if is_python else of_cpp)(text) if found[0] > longest]


if __name__ == "__main__":
    for name in sys.argv[2:]:
        for lines, first, signature in too_long(pathlib.Path(name), pathlib.Path(name).read_text(encoding="utf-8"), int(sys.argv[1])):
            print(f"{name}:{first}: {lines} lines: {signature}")
