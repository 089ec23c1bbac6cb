#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report of shoal-bench: its table against the JSON of the same run, cell by cell; widths, colours, progress, chart.

usage: report_test.py SHOAL_BENCH
"""
import fcntl
import json
import os
import pty
import re
import resource
import struct
import subprocess
import sys
import tempfile
import termios
import xml.etree.ElementTree

bench = os.path.realpath(sys.argv[1])
SHAPES = ("sine_k1", "sine_k5", "market", "credit", "large", "wide")
BRIEFLY = ("--benchmark_min_time=0.001",)
SMALL = (*BRIEFLY, "--threads=1", "--benchmark_filter=/sine_k1/25/")
NUMBER = re.compile(r"~?[\d,]+(\.\d+)?(e-\d+)?")


def environment(**more):
    clean = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "BENCHMARK_COLOR", "BENCHMARK_FORMAT")}
    return {**clean, "CUDA_VISIBLE_DEVICES": "", "TERM": "xterm", **more}


def run(*arguments, code=0, env=None, limit=None):
    result = subprocess.run([bench, *arguments], capture_output=True, text=True, check=False, env=env or environment(),
                            preexec_fn=limit)
    assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
    return result


def run_on_terminal(columns, *arguments, **more):
    """All output that a terminal with this many columns receives."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen([bench, *arguments], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
                          env=environment(**more)) as child:
        os.close(theirs)
        received = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the program has closed its end
                break
            if not piece:
                break
            received += piece
    os.close(ours)
    assert child.returncode == 0, received
    return received.decode("ascii").replace("\r\n", "\n")


def screen(text):
    """The final contents of a terminal, without colours."""
    lines = []
    for line in re.sub(r"\x1b\[\d*m", "", text).split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part):]
        lines.append(shown.rstrip())
    return "\n".join(lines)


def widest_line(text):
    """The widest line on a terminal; a carriage return starts the line again."""
    plain = re.sub(r"\x1b\[\d*m", "", text)
    return max(len(part) for line in plain.split("\n") for part in line.split("\r"))


def table(text):
    """The lines of the table as [{title: cell}]."""
    rows, titles = [], []
    for line in text.splitlines():
        cells = re.split(r" {2,}", line.strip())
        if cells[0] == "shape":
            titles = cells
        elif titles and cells[0] in SHAPES and len(cells) == len(titles):
            rows.append(dict(zip(titles, cells)))
    return rows


def rates(report, aggregate=None):
    """The rows of the JSON as {(backend, shape, tasks, work): row}."""
    return {tuple(row["run_name"].split("/")[:4]): row for row in report["benchmarks"] if row.get("aggregate_name") == aggregate}


def same(cell, value):
    """Whether a cell is this value, rounded to the digits of the cell."""
    assert NUMBER.fullmatch(cell), cell
    shown = cell.lstrip("~").replace(",", "")
    mantissa, _, exponent = shown.partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    assert abs(float(shown) - value) <= 0.500001 * 10.0 ** -places, (cell, value)


def check_cells(rows, by_name):
    assert len(rows) == len(by_name), (rows, list(by_name))
    for row in rows:
        work = row["work"] if row["work"] == "train" or row["work"].startswith("meta_") else "meta_" + row["work"]
        name = (row["backend"], row["shape"], row["tasks"], work)
        of = by_name.pop(name)
        same(row["tasks/s"], of["tasks/s"])
        if "time/call" in row:
            number, unit = row["time/call"].split()
            same(number, of["real_time"] / {"us": 1, "ms": 1e3, "s": 1e6}[unit])
        if "%peak" in of:
            same(row["% peak"], of["%peak"])
        else:
            assert row["% peak"] == "-", row
        yield name, row, of


def test_table_is_the_json():
    for columns, titles in ((100, ["shape", "tasks", "work", "backend", "time/call", "tasks/s", "% peak", "x ref", "x other"]),
                            (80, ["shape", "tasks", "work", "backend", "tasks/s", "% peak", "x ref", "x other"])):
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            shown = run(*BRIEFLY, "--threads=1", "--benchmark_filter=/sine_k1/(25|256)/|market/25/meta_g",
                        f"--benchmark_out={file.name}", env=environment(COLUMNS=str(columns)))
            by_name = rates(json.load(file))
        assert shown.stderr == "" and "\x1b" not in shown.stdout and widest_line(shown.stdout) <= columns, shown
        rows = table(shown.stdout)
        assert all(list(row) == titles for row in rows), rows
        everything, scaled = dict(by_name), 0
        for (backend, shape, tasks, work), row, of in check_cells(rows, by_name):
            there = {b: v["tasks/s"] for (b, s, t, w), v in everything.items() if (s, t, w) == (shape, tasks, work)}
            others = [rate for name, rate in there.items() if name != backend]
            if others:
                same(row["x other"], of["tasks/s"] / max(others))
            else:
                assert row["x other"] == "-", row
            same(row["x ref"], of["tasks/s"] / there["reference"])
            scaled += row["x ref"].startswith("~")
        assert not by_name and not scaled, (by_name, scaled)
        assert "the cpu backend computes " in " ".join(shown.stdout.split()), shown.stdout


def test_reference_is_scaled_where_it_did_not_run():
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        shown = run(*BRIEFLY, "--threads=1", "--benchmark_filter=sine_k5/25/meta_g|cpu/sine_k5/256/meta_g",
                    f"--benchmark_out={file.name}")
        by_name = rates(json.load(file))
    base = by_name["reference", "sine_k5", "25", "meta_gradient"]["tasks/s"]
    large = [row for row in table(shown.stdout) if row["tasks"] == "256"]
    assert len(large) == 1 and large[0]["x ref"].startswith("~") and large[0]["x other"] == "-", large
    same(large[0]["x ref"], by_name["cpu", "sine_k5", "256", "meta_gradient"]["tasks/s"] / base)


def test_repetitions_show_medians():
    for more in ((), ("--benchmark_display_aggregates_only=true",), ("--benchmark_enable_random_interleaving=true",)):
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            shown = run(*SMALL, *more, "--benchmark_repetitions=3", f"--benchmark_out={file.name}")
            medians = rates(json.load(file), "median")
        assert len(medians) == 6, medians
        for _ in check_cells(table(shown.stdout), medians):
            pass


def test_terminals():
    filters = ("--threads=1", *BRIEFLY, "--benchmark_filter=cpu/sine_k1/25/")
    for columns, most in ((80, 80), (120, 100), (60, 60)):
        text = run_on_terminal(columns, *filters)
        assert widest_line(text) <= most, text
        assert "\x1b[1mshape" in text and "\rrow 1 of 3, " in text and "row 3 of 3, " in text, text
        plain = run_on_terminal(columns, *filters, NO_COLOR="1")
        assert "\x1b" not in plain and "\rrow 1 of 3, " in plain and widest_line(plain) <= most, plain
        for shown in (screen(text), screen(plain)):
            assert len(table(shown)) == 3 and "row 1" not in shown and "row 3" not in shown, shown
    assert "\x1b" not in run_on_terminal(80, *filters, "--benchmark_color=false")
    assert "\x1b[1m" in run_on_terminal(80, *filters, "--benchmark_color=true", NO_COLOR="1")
    assert "\x1b[1m" in run(*filters, "--benchmark_color=true").stdout
    assert "\x1b" not in run(*filters, "--benchmark_color=auto").stdout
    assert "row " not in run_on_terminal(80, *filters, "--benchmark_format=json").replace("narrow ", "")


def test_quick_rows():
    every = run("--benchmark_list_tests").stdout.split()
    quick = run("--quick", "--benchmark_list_tests").stdout.split()
    assert set(quick) < set(every) and 16 <= len(quick) <= 40, quick
    for shape in SHAPES:
        assert f"cpu/{shape}/25/meta_gradient/real_time" in quick, quick
    for shape in ("sine_k1", "sine_k5", "market", "credit"):
        assert f"reference/{shape}/25/meta_gradient/real_time" in quick, quick
    assert {row.split("/")[3] for row in quick} == {"meta_gradient", "meta_step", "train"}, quick
    scalar = run("--quick", "--isa=scalar", "--benchmark_list_tests").stdout.split()  # more tasks would take a minute per call
    assert set(scalar) < set(quick) and {row for row in set(quick) - set(scalar) if row.startswith("cpu/wide/25/")}, scalar
    shown = run("--quick", *SMALL).stdout
    assert len(table(shown)) == 2 and "Not run: 4 rows that --quick leaves out." in shown, shown


def test_not_run_is_short():
    shown = run(*BRIEFLY, "--threads=1", "--benchmark_filter=cpu/sine_k1/25/meta_g|reference/wide|reference/large").stdout
    missing = shown[shown.index("Not run: backend cuda"):shown.index("On this machine")]
    assert "rows too large for this machine" in missing and "reference: large and wide from 25 tasks" in missing, missing
    assert missing.count("\n") <= 8 and widest_line(shown) <= 100, missing


def test_other_formats():
    csv = run(*SMALL, "--benchmark_format=csv")
    assert csv.stdout.startswith("name,iterations,real_time,") and len(csv.stdout.splitlines()) == 7, csv.stdout
    assert "WARNING" not in csv.stderr and "Not run: backend cuda" in csv.stderr and widest_line(csv.stderr) <= 100, csv.stderr
    report = run(*SMALL, "--benchmark_format=json")
    context = json.loads(report.stdout)["context"]
    assert context["library_build_type"] in ("debug", "release") and widest_line(report.stderr) <= 100, report
    console = run(*SMALL, "--benchmark_format=console")
    assert len(table(console.stdout)) == 6 and "WARNING" not in console.stdout + console.stderr, console
    debug = "is a debug build here" in " ".join(console.stdout.split())
    assert debug == (context["library_build_type"] == "debug"), console.stdout


def test_chart():
    with tempfile.TemporaryDirectory() as folder:
        for more in ((), ("--benchmark_format=json",)):
            file = os.path.join(folder, f"chart{len(more)}.svg")
            out = os.path.join(folder, "rows.json")
            run(*SMALL, f"--chart={file}", f"--benchmark_out={out}", *more)
            with open(out, encoding="utf-8") as rows:
                names = {"/".join(name) for name in rates(json.load(rows))}
            root = xml.etree.ElementTree.parse(file).getroot()
            space = "{http://www.w3.org/2000/svg}"
            assert root.tag == space + "svg"
            groups = root.findall(space + "g")
            assert {g.find(space + "title").text.split(":")[0] for g in groups} == names, names
            words = sorted(g.find(space + "text").text for g in groups)
            assert words == sorted(f"{n.split('/')[2]} tasks, {n.split('/')[3]}, {n.split('/')[0]}" for n in names), words
            check_overlaps(root, space)
        run(f"--chart={folder}/none.svg", "--benchmark_filter=nothing", code=2)
        assert not os.path.exists(f"{folder}/none.svg")
        size = os.path.getsize(file)
        run(f"--chart={file}", "--benchmark_list_tests")
        assert os.path.getsize(file) == size
        assert "FILE.svg" in run("--chart=x.png", code=2).stderr
        assert "needs a value" in run("--chart", code=2).stderr
        assert "cannot write the chart" in run(*SMALL, f"--chart={folder}/no/x.svg", code=6).stderr


def check_overlaps(root, space):
    """No two texts on a line of the picture touch; a letter is taken to be 0.62 of its size wide."""
    boxes = []
    for text in root.iter(space + "text"):
        size, x = float(text.get("font-size", 12)), float(text.get("x"))
        width = 0.62 * size * len(text.text)
        left = x - width / 2 if text.get("text-anchor") == "middle" else x
        assert 0 <= left and left + width <= 1000, text.text
        boxes.append((float(text.get("y")), left, left + width, text.text))
    for i, (y, left, right, words) in enumerate(boxes):
        for other_y, other_left, other_right, other in boxes[i + 1:]:
            assert abs(y - other_y) >= 12 or right <= other_left or other_right <= left, (words, other)


def test_failed_rows():
    def small_memory():
        resource.setrlimit(resource.RLIMIT_AS, (120 << 20, 120 << 20))

    shown = run(*BRIEFLY, "--threads=1", "--benchmark_filter=cpu/sine_k1/(25|65536)/meta_gradient", code=6,
                limit=small_memory).stdout
    failed = [line for line in shown.splitlines() if "failed:" in line]
    assert len(failed) == 1 and re.fullmatch(r"sine_k1 +65536 +meta_gradient +cpu +failed: .*memory.*", failed[0]), shown
    assert len(table(shown)) == 1 and "1 row failed" in " ".join(shown.split()), shown


def test_help():
    shown = run("--help").stdout
    assert widest_line(shown[:shown.index("benchmark [--benchmark_")]) <= 80, shown
    for option in ("--quick", "--chart=FILE.svg", "--backends", "NO_COLOR", "--benchmark_format", "COLUMNS"):
        assert option in shown, option


for test in [test_table_is_the_json, test_reference_is_scaled_where_it_did_not_run, test_repetitions_show_medians, test_terminals,
             test_quick_rows, test_not_run_is_short, test_other_formats, test_chart, test_failed_rows, test_help]:
    test()
    print(f"{test.__name__}: passed")
