#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cost curves without timing: the fit on exact data, the report from stored figures, and the output of shoal-curves for a tiny point.

usage: curves_test.py SOURCE [SHOAL_CURVES]
"""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

source = pathlib.Path(sys.argv[1]).resolve()
program = os.path.realpath(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else None
home = source / "bench" / "curves"
sys.dont_write_bytecode = True
sys.path.insert(0, str(home))

import cost_model  # noqa: E402  (after the path)
import curve_fit  # noqa: E402
import curves  # noqa: E402
import measure  # noqa: E402
import page  # noqa: E402

PLAN = "2 groups of 16 tasks, lanes = tasks, 1000000 bytes a task, tapes kept; at most 16000000 bytes of workspace a thread (measured)"
UNITS = "1 group of 1 task, lanes = units of one task; at most 1000000 bytes of workspace a thread (first guess)"


def close(a, b, tolerance=1e-9):
    assert abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-300), (a, b)


def raises(kind, words, call):
    try:
        call()
    except kind as error:
        assert words in str(error), error
        return
    raise AssertionError(f"no {kind.__name__} ({words})")


def test_fit_of_exact_data():
    x = [1, 3, 10, 30, 100]
    for power in (-1.0, 0.5, 1.0, 2.0):
        found = curve_fit.fit(x, [7e-6 * v ** power for v in x], [v ** power for v in x])
        close(found["slope"], power)
        close(found["expected_slope"], power)
        close(found["constant"], 7e-6)
        close(found["r2"], 1.0)
        close(found["largest_deviation"], 1.0)
        assert found["follows"] and found["close"] == [1, 100], found
    bent = curve_fit.fit(x, [5 * (100 + v * v) for v in x], [100 + v * v for v in x])
    assert 0 < bent["slope"] < 2 and bent["follows"], "the slope of a sum of powers is compared with that sum"


def test_fit_of_a_wrong_model():
    x = [1, 2, 4, 8, 16, 32]
    quadratic = curve_fit.fit(x, [v * v for v in x], x)
    assert not quadratic["follows"], quadratic
    close(quadratic["slope"], 2.0)
    close(quadratic["expected_slope"], 1.0)
    assert quadratic["r2"] < 0.9 and quadratic["close"] != [1, 32]
    outlier = curve_fit.fit(x, [1, 2, 4, 8 * 1.6, 16, 32], x)
    assert not outlier["follows"] and outlier["at"] == 8, outlier
    close(outlier["largest_deviation"], 1.6)
    assert outlier["close"] == [1, 4], outlier
    steeper = curve_fit.fit(x[:4], [v ** 1.15 for v in x[:4]], x[:4])
    assert 1 / 1.25 < steeper["largest_deviation"] < 1.25 and not steeper["follows"], "near everywhere, but too steep"
    assert not curve_fit.fit(x, [2.0 * v for v in x], x, 1.0)["follows"], "a given constant is not fitted"
    assert curve_fit.fit(x, [1.2 * v for v in x], x, 1.0)["follows"]
    assert curve_fit.fit([3], [1], [1]) is None
    raises(ValueError, "must be above 0", lambda: curve_fit.fit(x, [0] * 6, x))
    raises(ValueError, "5 values for 6 points", lambda: curve_fit.fit(x, x, x[:5]))


def test_runs_and_overhead():
    assert curve_fit.longest_run([False, True, True, False, True]) == (1, 2)
    assert curve_fit.longest_run([True, False, True]) == (2, 2)
    assert curve_fit.longest_run([False]) is None
    close(curve_fit.overhead([1, 2, 4], [8.0, 4.4, 2.4]), 0.05)
    assert curve_fit.overhead([1], [8.0]) is None


def test_equations():
    """Arithmetic against the counts of shoal-bench, written out; sizes by hand."""
    shape = lambda d, h, o, n, k: {"tasks": 1, "support": n, "query": n, "inputs": d, "width": h, "outputs": o, "depth": 2,
                                   "steps": k, "threads": 1}
    for flops, sizes in ((398e3, (1, 40, 1, 10, 1)), (1.592e6, (1, 40, 1, 10, 5)), (2.55e6, (16, 32, 2, 32, 3)),
                         (31.3e6, (32, 64, 1, 64, 5)), (249e6, (64, 128, 1, 128, 5))):
        close(cost_model.work(shape(*sizes)), flops, 5e-3)
    point = {**curves.BASE, "depth": 3, "inputs": 2, "width": 5, "outputs": 4}
    assert cost_model.parameters(point) == 2 * 5 + 5 + 2 * (5 * 5 + 5) + 5 * 4 + 4
    assert cost_model.forward(point) == 2 * (2 * 5 + 2 * 25 + 5 * 4)
    assert cost_model.planned_bytes(PLAN) == 16_000_000 and cost_model.planned_bytes(UNITS) == 1_000_000
    assert cost_model.planned_bytes("some other words") is None and cost_model.memory(point, "") is None
    one, two = ({**point, "threads": n} for n in (1, 2))
    assert cost_model.memory(two, PLAN) - cost_model.memory(one, PLAN) == 16_000_000 + 48 * cost_model.parameters(point)
    assert cost_model.input_bytes(curves.BASE) == 64 * (128 * 33 * 4 + 24)


def test_points_that_do_not_fit():
    points, skipped = measure.chosen_points([], False, 100e6)
    assert {one["curve"] for one in skipped} >= {"width", "steps", "tasks"}, skipped
    assert all("0.1 GB are available" in one["why"] for one in skipped)
    assert all(cost_model.most_memory(curve.point(value)) <= 70e6 for curve, value in points)
    every, none = measure.chosen_points([], False, 1e15)
    assert not none and len(every) == sum(len(curve.values) for curve in curves.all_curves())
    assert every[0][0].name != every[1][0].name, "neighbours belong to different curves"
    quick, _ = measure.chosen_points(["steps"], True, 1e15)
    assert [value for _, value in quick] == [1, 10, 100], quick


def stored():
    """Figures that follow the models exactly, except for the rows, whose figures grow with the square."""
    points = []
    for curve in curves.all_curves():
        for value in curve.values[:4]:
            point = curve.point(value)
            seconds = 1e-10 * (value ** 2 * 1e6 if curve.name == "rows" else curve.work(point))
            points.append({"curve": curve.name, "value": value, "point": point, "plan": PLAN, "repeats": 3,
                           "cpu_seconds": seconds, "wall_seconds": seconds, "memory_bytes": cost_model.memory(point, PLAN)})
    return {"machine": {"processor": "A <fast> chip", "isa": "avx2", "cores": 2, "memory_bytes": 8e9, "system": "an OS"},
            "when": "2000-01-01", "rounds": 3, "milliseconds": 50, "points": points, "command": "bench/curves/run --out F",
            "skipped": [{"curve": "width", "value": 1024, "why": "may need 9 GB"}]}


def run(*words, code=0):
    result = subprocess.run([sys.executable, str(home / "run"), *map(str, words)], capture_output=True, text=True, check=False)
    assert result.returncode == code, f"{words}: exit {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def test_report(folder):
    file = folder / "figures.json"
    file.write_text(json.dumps(stored()))
    printed = run("--from", file, "--docs", folder / "docs", "--out", folder / "again.json")
    rows = [line for line in printed.splitlines() if line.startswith("| ") and ("time" in line or "memory" in line)]
    assert len(rows) == 12, printed
    for row in rows:
        wrong = "support rows" in row and "| time" in row
        assert ("**no**" in row) == wrong, row
    text = (folder / "docs" / "cost-curves.md").read_text()
    for words in ("A <fast> chip", "`bench/curves/run --out F`", "width = 1,024: may need 9 GB", "VmHWM"):
        assert words in text, words
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) == 12
    for link in links:
        check_chart(folder / "docs" / link)
    kept = folder / "docs" / page.FIGURES
    first = {path: path.read_text() for path in (folder / "docs").rglob("*.svg")} | {None: text}
    run("--from", kept, "--docs", folder / "docs")
    assert first == {path: path.read_text() for path in (folder / "docs").rglob("*.svg")} | {
        None: (folder / "docs" / "cost-curves.md").read_text()}, "figures.json makes the same page"
    again = json.loads((folder / "again.json").read_text())
    assert again["fits"]["width"]["seconds"]["follows"] and not again["fits"]["rows"]["seconds"]["follows"]
    changed = copy.deepcopy(stored())
    changed["points"] = [one for one in changed["points"] if one["curve"] == "steps"]
    for one in changed["points"]:
        one["plan"] = "words without bytes"
    assert page.fits_of(changed)["steps"]["bytes"] is None, "no model, no fit"


def test_kept_page(folder):
    """docs/cost-curves.md is what the command makes from the figures beside it; both exist, or neither does."""
    docs, name = source / "docs", "cost-curves.md"
    if not (docs / page.FIGURES).exists():
        assert not (docs / name).exists(), f"docs/{name} stands without docs/{page.FIGURES}"
        return
    run("--from", docs / page.FIGURES, "--docs", folder / "kept")
    charts = sorted(file.name for file in (folder / "kept" / "cost-curves").glob("*.svg"))
    assert charts == sorted(file.name for file in (docs / "cost-curves").glob("*.svg")), charts
    for file in [name, *(f"cost-curves/{chart}" for chart in charts)]:
        assert (docs / file).read_text() == (folder / "kept" / file).read_text(), f"docs/{file}: not as `--from` makes it"


def check_chart(file):
    """The chart has marks for the points, a line for the model and titles on both axes, and nothing is outside the picture."""
    tree, space = xml.parse(file).getroot(), "{http://www.w3.org/2000/svg}"
    points = [node for node in tree.iter(space + "circle") if node.get("class") == "point"]
    expected = min(4, len(curves.curve_named(file.name.split("-")[0]).values))
    assert len(points) == expected, file
    line = [node for node in tree.iter(space + "polyline")]
    assert len(line) == 1 and len(line[0].get("points").split()) == expected
    for node in points:
        assert 80 < float(node.get("cx")) < 620 and 60 < float(node.get("cy")) < 360, xml.tostring(node)
    if not file.name.startswith("rows-time"):  # exact figures are on the line
        for node, corner in zip(points, line[0].get("points").split()):
            assert f"{node.get('cx')},{node.get('cy')}" == corner, file
    words = [node.text for node in tree.iter(space + "text")]
    assert any("time of one call" in word or word == "peak memory" for word in words), words
    labels = [word for word in words if re.fullmatch(r"[\d.,]+ (µs|ms|s|kB|MB|GB)", word)]
    assert len(labels) >= 2, f"{file}: {words}"


def test_refusals(folder):
    file = folder / "bad.json"
    assert "No such file" in run("--from", folder / "none.json", code=1)
    with_point = lambda **changes: json.dumps({**stored(), "points": [{**stored()["points"][0], **changes}]})
    for content, words in (("{", "not the figures"), ('{"points": []}', "not the figures"), ("[]", "not the figures"),
                           (with_point(value=3), "not a point of this curve"), (with_point(curve="x"), "unknown curve x"),
                           (with_point(cpu_seconds="1"), "not the figures"), (with_point(cpu_seconds=0), "must be above 0")):
        file.write_text(content)
        assert words in run("--from", file, code=1), content
    assert "unknown curve breadth (known: tasks" in run("--curves", "breadth", code=2)
    assert "must lie above 0" in run("--minutes", "0", code=2)
    assert "No such file" in run("--program", folder / "nothing", code=1)


def planned(plan, **sizes):
    """The output of shoal-curves for a point with a forced plan, checked against the given sizes."""
    os.environ["SHOAL_CPU_PLAN"] = plan
    found = measure.run_point(program, {**curves.BASE, "tasks": 2, "support": 8, "query": 8, "width": 24, **sizes}, 1)
    del os.environ["SHOAL_CPU_PLAN"]
    assert all(found[name] == value for name, value in sizes.items()), found
    return found


def test_program():
    found = planned("auto", steps=2, depth=3)
    assert found["cpu_seconds"] > 0 and found["wall_seconds"] > 0 and found["calls"] > 0 and found["memory_bytes"] > 0, found
    assert found["machine"] and found["isa"] in ("scalar", "avx2", "avx512"), found
    for words, code in ((["--tasks=0"], 2), (["--tasks=two"], 2), (["--colour=3"], 2), (["tasks"], 2), (["--isa=mmx"], 2)):
        result = subprocess.run([program, *words], capture_output=True, text=True, check=False)
        assert result.returncode == code and words[0].split("=")[0] in result.stderr.replace("instruction set", "--isa"), result


def test_memory_model_is_exact():
    """The workspace that the backend reports grows as the equations say: a step costs one parameter vector, and its tape if tapes are
    stored; every step costs the same."""
    workspace = lambda plan, steps: cost_model.planned_bytes(planned(plan, steps=steps)["plan"])
    size = cost_model.parameters({**curves.BASE, "width": 24})
    lanes = int(re.search(r"(\d+) to a vector", planned("tasks")["plan"]).group(1))
    one, two, nine = (workspace("tasks+recompute", steps) for steps in (1, 2, 9))
    assert two - one == 4 * lanes * size and nine - one == 8 * (two - one), (one, two, nine, size, lanes)
    one, two, nine = (workspace("tasks+keep", steps) for steps in (1, 2, 9))
    tape = two - one - 4 * lanes * size
    assert nine - one == 8 * (two - one), "every step costs the same"
    hidden = 4 * lanes * 8 * 2 * 24  # bytes of one value per row and hidden unit
    assert 2 * hidden <= tape <= 5 * hidden, (tape, hidden)
    one, two, nine = (workspace("units+recompute", steps) for steps in (1, 2, 9))
    assert two - one >= 4 * size and nine - one == 8 * (two - one), (one, two, nine)


for test in (test_fit_of_exact_data, test_fit_of_a_wrong_model, test_runs_and_overhead, test_equations,
             test_points_that_do_not_fit):
    test()
    print(f"{test.__name__}: passed")
with tempfile.TemporaryDirectory() as temporary:
    for test in (test_report, test_kept_page, test_refusals):
        test(pathlib.Path(temporary))
        print(f"{test.__name__}: passed")
for test in (test_program, test_memory_model_is_exact) if program else ():
    test()
    print(f"{test.__name__}: passed")
