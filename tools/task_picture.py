#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws docs/architecture/task.svg: the steps of one task from a CSV to a model, with the files that do each step.

usage: task_picture.py ROOT [--check] (--check: compares with the existing picture, and writes nothing)

Every file that the picture names must exist.
"""
import html
import pathlib
import sys

WIDTH, LEFT, GAP = 900, 30, 16
LINE, TITLE, PAD = 17, 20, 10
STYLE = """<style>
  .page { fill: #ffffff } .box { fill: #f3f6fa; stroke: #9db2c9 } .seam { stroke: #d2691e } .title { fill: #16324f; font-weight: bold }
  .file { fill: #0b62a8; font-family: monospace; font-size: 12px } .note { fill: #444444 } .arrow { stroke: #5b6b7c; fill: none }
  .warn { fill: #b4530f; font-weight: bold }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .box { fill: #161b22; stroke: #3d4f63 } .title { fill: #d5e3f2 } .file { fill: #79b8ff } .note { fill: #b8c0c8 }
    .arrow { stroke: #8b98a5 } .warn { fill: #f0a35e }
  }
</style>"""

# A row of boxes: (title, [lines]); a line that begins with "src/", "kernels/" or "include/" is a file.
SEAM = "the seam: src/core/backend.hpp"
ROWS = [
    [("1  Rows become tasks", ["A CSV is read in two passes, its text becomes columns of numbers or of codes.", "src/data/file_table.cpp",
                               "src/data/file_columns.cpp", "src/data/csv_reader.cpp", "src/data/column_store.cpp",
                               "Keys, time and windows decide which rows are support and query of which task, and in which phase.", "src/data/task_rows.cpp",
                               "Scalers and categories are learned from meta-train rows.", "src/data/feature_map.cpp", "src/data/target_columns.cpp",
                               "The table is now a source of tasks: it knows the rows of every task, and copies them for a batch.", "src/data/table_source.cpp"])],
    [("2  Tasks become a batch", ["A meta-batch is drawn by the seed. Rows of all tasks lie one after another, without padding.", "src/core/epoch_batches.cpp",
                                  "include/shoal/task_batch.hpp"])],
    [("3  The learner asks for a meta-gradient", ["It checks the batch, and tells the backend what the algorithm wants in a few numbers (InnerPlan).",
                                                  "src/core/training_step.cpp", "src/core/meta_learner.cpp", "src/core/inner_plan.hpp",
                                                  "Where the backend offers a training session, as cuda does, the session does 4 to 7 on the device:",
                                                  "src/cuda/training_session.cpp"])],
    SEAM,
    [("4a  reference", ["double, serial, from the equations:", "it defines accuracy", "src/reference/task_run.cpp", "src/reference/network.hpp"]),
     ("4b  cpu", ["fp32: lanes are tasks, or columns", "of one task; threads take groups", "src/cpu/group_packing.cpp", "src/cpu/task_group.hpp", "src/cpu/network_pass.hpp",
                  "src/cpu/gemm.hpp"]),
     ("4c  cuda", ["fp32: a warp or a block per task,", "or layer by layer", "src/cuda/plan/launch_plan.cpp", "kernels/team/task.cuh", "kernels/team/network_pass.cuh",
                   "src/cuda/layered/runner.cpp"])],
    [("5  What happens to every task there", ["Inner loop: K times forward, loss, backward, phi -= alpha o gradient; then the query loss and its gradient; then backward",
                                              "through every step with Hessian-vector products. Losses and activations come from one source for cpu and cuda:",
                                              "kernels/math/losses.hpp", "kernels/math/activations.hpp"])],
    [("6  The sum over tasks", ["The meta-gradients of good tasks are added exactly, in integers: no order can change a bit.", "src/core/exact_sum.cpp", "kernels/math/exact_sum.hpp",
                                "Bad tasks leave the sum; their status says why."])],
    [("7  The update", ["The mean is clipped and goes through the outer optimizer, on the host or in the same graph on the device.", "src/core/optimizer_step.cpp",
                        "kernels/update/optimizer_update.hpp", "kernels/update/meta_update.cu"])],
    [("8  The run", ["The trainer repeats 2 to 7, validates, logs, saves checkpoints and writes the model.", "src/core/trainer.cpp",
                     "src/core/model_selection.cpp", "src/io/run_folder.cpp", "src/io/parameters_file.cpp"])],
]


def is_file(line):
    return line.startswith(("src/", "kernels/", "include/"))


def text(x, y, words, kind, size=14):
    return f'<text class="{kind}" x="{x}" y="{y}" font-size="{size}">{html.escape(words)}</text>'


def box(x, y, width, height, title, lines):
    out = [f'<rect class="box" x="{x}" y="{y}" width="{width}" height="{height}" rx="7"/>', text(x + PAD + 2, y + 22, title, "title", 15)]
    at = y + 22
    beside = 0  # files are side by side if there is room
    for line in lines:
        if is_file(line) and beside and x + beside + 7.4 * len(line) < x + width - PAD:
            out.append(text(x + beside, at, line, "file"))
            beside += int(7.4 * len(line)) + 24
            continue
        at += LINE + 2
        out.append(text(x + PAD + 2, at, line, "file" if is_file(line) else "note", 13))
        beside = PAD + 2 + int(7.4 * len(line)) + 24 if is_file(line) else 0
    return out, at + PAD + 4 - y


def draw():
    out, y = [], 20
    for index, row in enumerate(ROWS):
        if row == SEAM:
            out += [f'<line class="seam" x1="{LEFT}" y1="{y + 4}" x2="{WIDTH - LEFT}" y2="{y + 4}" stroke-width="2" stroke-dasharray="7 5"/>',
                    text(LEFT + 4, y + 22, SEAM + "  (one call below it computes a whole batch)", "warn", 13)]
            y += 34
            continue
        width = (WIDTH - 2 * LEFT - GAP * (len(row) - 1)) // len(row)
        height = max(box(0, 0, width, 0, *entry)[1] for entry in row)
        for column, entry in enumerate(row):
            out += box(LEFT + column * (width + GAP), y, width, height, *entry)[0]
        y += height
        if index + 1 < len(ROWS):
            out.append(f'<path class="arrow" d="M {WIDTH // 2} {y + 2} v 11 m -4 -5 l 4 5 l 4 -5" stroke-width="1.6"/>')
            y += 18
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 20}" width="{WIDTH}" height="{y + 20}" font-family="sans-serif">',
            "<title>One task, from CSV to model</title>", STYLE, f'<rect class="page" width="{WIDTH}" height="{y + 20}"/>']
    return "\n".join([*head, *out, "</svg>"]) + "\n"


def main():
    root = pathlib.Path(sys.argv[1])
    named = [line for row in ROWS if row != SEAM for _, lines in row for line in lines if is_file(line)] + [SEAM.split(": ")[1]]
    for name in named:
        if not (root / name).exists():
            sys.exit(f"the picture names {name}, which is not there")
    picture = root / "docs/architecture/task.svg"
    if "--check" in sys.argv[2:]:
        if picture.read_text(encoding="utf-8") != draw():
            sys.exit(f"{picture} is not what this script draws: run tools/task_picture.py .")
        print(f"{len(named)} files, as drawn")
    else:
        picture.write_text(draw(), encoding="utf-8")


main()
