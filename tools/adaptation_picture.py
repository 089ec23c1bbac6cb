#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/adaptation.svg, the picture that the README opens with: curves of sinusoid tasks before and after adaptation, and the
query loss by the number of adaptation steps.

usage: adaptation_picture.py SHOAL [--check] [--iterations N] [--out FILE]

It trains examples/sinusoid.toml with the program SHOAL (10,000 iterations, seconds), adapts to test tasks that training never drew, and
reads the program's own files. The result has the same bits on every machine, so that --check can compare the existing picture with what
would be drawn.
"""
import argparse
import csv
import html
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = ROOT / "examples/sinusoid.toml"
TASKS, STEPS = 3, (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
BEFORE, AFTER = 0, 5
WIDTH, HEIGHT, TOP, BOTTOM = 920, 330, 64, 52
STYLE = """<style>
  text { fill: #24292f } .page { fill: #ffffff } .frame { stroke: #c4ccd6; fill: none } .grid { stroke: #e6eaef }
  .truth { stroke: #8b949e; stroke-dasharray: 5 4 } .before { stroke: #d2691e } .after { stroke: #0b62a8 } .point { fill: #24292f }
  .bar { stroke: #0b62a8 } .mark { fill: #0b62a8 }
  @media (prefers-color-scheme: dark) {
    text { fill: #d8dee4 } .page { fill: #0d1117 } .frame { stroke: #3d444d } .grid { stroke: #21262d } .point { fill: #d8dee4 }
    .after { stroke: #6cb6ff } .bar { stroke: #6cb6ff } .mark { fill: #6cb6ff } .before { stroke: #f0a35e }
  }
</style>"""


def run(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stderr}")
    return result.stdout


def read_tensors(file):
    """The F32 and I64 tensors of a safetensors file, each as (shape, values)."""
    data = file.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    letters = {"F32": "f", "I64": "q"}
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__" and entry["dtype"] in letters:
            begin, end = entry["data_offsets"]
            piece = data[8 + size + begin:8 + size + end]
            tensors[name] = list(struct.unpack(f"<{len(piece) // struct.calcsize(letters[entry['dtype']])}{letters[entry['dtype']]}", piece))
    return tensors


def measure(shoal, folder, iterations):
    """(tasks, summary): for every task its support, its true curve and its predictions by number of steps; and the losses by number of
    steps."""
    model, tasks_file = folder / "run", folder / "tasks.safetensors"
    run(shoal, "train", "--quiet", "--config", CONFIG, "--set", f"train.iterations={iterations}", "--set", "evaluate.tasks=1", "--out", model)
    run(shoal, "data", "export", "--quiet", "--config", CONFIG, "--set", f"evaluate.tasks={TASKS}", "--phase", "test", "--out", tasks_file)
    report = json.loads(run(shoal, "evaluate", model, "--json", "--quiet", "--set", "evaluate.tasks=1000", "--steps", ",".join(map(str, STEPS))))
    tensors = read_tensors(tasks_file)
    tasks = []
    for t, task_id in enumerate(tensors["task_id"]):
        side = lambda name: [tensors[f"{name}_{part}"][tensors[f"{name}_offsets"][t]:tensors[f"{name}_offsets"][t + 1]] for part in "xy"]
        tasks.append({"id": task_id, "support": list(zip(*side("support"))), "truth": sorted(zip(*side("query"))), "x": side("query")[0]})
    for steps in (BEFORE, AFTER):
        file = folder / f"predictions-{steps}.csv"
        run(shoal, "predict", model, "--quiet", "--data", tasks_file, "--steps", steps, "--out", file)
        with open(file, encoding="utf-8", newline="") as lines:
            rows = [(int(row["task_id"]), int(row["row"]), float(row["prediction"])) for row in csv.DictReader(lines)]
        for task in tasks:
            task[steps] = sorted((task["x"][row], value) for task_id, row, value in rows if task_id == task["id"])
    return tasks, report["summary"]


def text(x, y, words, size=13, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{extra}>{html.escape(words)}</text>'


class Panel:
    """A frame with linear axes."""

    def __init__(self, left, width, x_range, y_range):
        self.left, self.width, self.x_range, self.y_range = left, width, x_range, y_range

    def x(self, value):
        low, high = self.x_range
        return self.left + self.width * (value - low) / (high - low)

    def y(self, value):
        low, high = self.y_range
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    def frame(self):
        return f'<rect class="frame" x="{self.left}" y="{TOP}" width="{self.width}" height="{HEIGHT - TOP - BOTTOM}"/>'

    def curve(self, points, kind):
        path = " ".join(f"{self.x(a):.1f},{self.y(b):.1f}" for a, b in points)
        return f'<polyline class="{kind}" points="{path}" fill="none" stroke-width="2"/>'


def draw_task(panel, task):
    out = [panel.frame()]
    out += [panel.curve(task["truth"], "truth"), panel.curve(task[BEFORE], "before"), panel.curve(task[AFTER], "after")]
    out += [f'<circle class="point" cx="{panel.x(x):.1f}" cy="{panel.y(y):.1f}" r="3"/>' for x, y in task["support"]]
    return out + [text(panel.x(x), HEIGHT - BOTTOM + 18, str(x), 12, anchor) for x, anchor in ((-5, "start"), (0, "middle"), (5, "end"))]


def draw_losses(panel, summary):
    out = [panel.frame()]
    for tick in range(int(panel.y_range[1]) + 1):
        out.append(f'<line class="grid" x1="{panel.left}" y1="{panel.y(tick):.1f}" x2="{panel.left + panel.width}" y2="{panel.y(tick):.1f}"/>')
        out.append(text(panel.left - 7, panel.y(tick) + 4, str(tick), 12, "end"))
    for entry in summary:
        at, mean, half = panel.x(entry["steps"]), entry["mean"], entry["half_width"]
        out.append(f'<line class="bar" x1="{at:.1f}" y1="{panel.y(mean - half):.1f}" x2="{at:.1f}" y2="{panel.y(mean + half):.1f}" stroke-width="2"/>')
        out.append(f'<circle class="mark" cx="{at:.1f}" cy="{panel.y(mean):.1f}" r="4"/>')
        if entry["steps"] in (0, 1, 5, 10):
            out.append(text(at, HEIGHT - BOTTOM + 18, str(entry["steps"]), 12))
    return out


def draw(tasks, summary):
    largest = max(abs(value) for task in tasks for steps in (BEFORE, AFTER) for _, value in task[steps] + task["truth"])
    limit = 1.1 * max(largest, 1.0)
    panels = [Panel(24 + 196 * t, 184, (-5.0, 5.0), (-limit, limit)) for t in range(TASKS)]
    losses = Panel(660, 236, (-0.6, STEPS[-1] + 0.6), (0.0, 1.12 * max(entry["mean"] + entry["half_width"] for entry in summary)))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif">',
           "<title>Before and after adaptation</title>", STYLE, f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
           text(24, 24, f"Three new tasks: 10 points each, {AFTER} gradient steps", 15, "start", ' font-weight="bold"'),
           text(654, 24, "Query loss of 1,000 new tasks", 15, "start", ' font-weight="bold"')]
    for at, kind, words in ((24, "truth", "true curve"), (142, "before", "before adaptation"), (304, "after", "after"), (384, "", "points to adapt on")):
        out.append(f'<line class="{kind}" x1="{at}" y1="44" x2="{at + 26}" y2="44" stroke-width="2"/>' if kind else
                   f'<circle class="point" cx="{at + 18}" cy="44" r="3"/>')
        out.append(text(at + 32, 48, words, 12, "start"))
    out.append(text(654, 48, "mean squared error, with its 95 % interval", 12, "start"))
    for panel, task in zip(panels, tasks):
        out += draw_task(panel, task)
    out += draw_losses(losses, summary)
    out += [text(316, HEIGHT - 12, "x", 13), text(losses.left + losses.width / 2, HEIGHT - 12, "adaptation steps", 13)]
    return "\n".join([*out, "</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shoal")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--iterations", type=int, default=10000)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/adaptation.svg")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        picture = draw(*measure(arguments.shoal, pathlib.Path(folder), arguments.iterations))
    if not arguments.check:
        arguments.out.write_text(picture, encoding="utf-8")
    elif arguments.out.read_text(encoding="utf-8") != picture:
        sys.exit(f"{arguments.out} is not what this command draws")


main()
