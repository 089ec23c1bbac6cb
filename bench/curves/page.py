# SPDX-License-Identifier: Apache-2.0
"""The report on measured curves: fits, a table for the terminal, docs/cost-curves.md and its charts."""
import json
import pathlib

import chart
import cost_model
import curve_fit
import curves

FIGURES = "cost-curves/figures.json"
HEAD = """# Cost curves

<!-- Written by `bench/curves/run --docs`: change the command, not this page. -->
This page shows how the time and memory of an exact second-order meta-gradient on the `cpu` backend grow when one size grows. It compares
measured points with the model that follows from the equations.

"""
EXPLANATION = """
**Work** is counted in flop, where a multiply-add counts 2. A task has n_s support rows and n_q query rows, d inputs, L hidden layers of
width h, o outputs and K steps. A forward pass of one row takes F = 2 (d h + (L - 1) h^2 + h o), a gradient G = 3 F - 2 d h, and a
Hessian-vector product H = 6 F - 8 d h; a task takes K n_s (G + H) + n_q G. The model does not count activations, losses and updates, so
small networks and few rows deviate most. The line in a chart of time is this work at one constant rate, the median rate of the points. Time
is the processor time of one call on one thread. Where the number of threads varies it is wall time, and the line is the time of one thread
divided by their number.

**Memory** is the peak of a new process (VmHWM) minus what was resident before it made the tasks, after it had run a tiny model. The line has
no fitted constant. It adds the sizes of rows, results and exact sums, and for each thread the workspace that `shoal inspect plan` prints:
K + 1 parameter vectors of the trajectory for each task in work, tapes up to a budget, and a few more parameter vectors.

"Slope" is the slope of the straight line through the logarithms, next to the slope of the model over the same points. R^2 measures the
logarithms against the model. The points of the range **close** are at most {close} times off. A curve **follows** its model when the slopes
differ by at most {slope} and no point is more than {deviation} times off.
"""


def fits_of(results):
    """{curve: {"seconds": fit, "bytes": fit, "overhead": share or None}}, for the curves that have points."""
    found = {}
    for curve in curves.all_curves():
        points = points_of(results, curve)
        if not points:
            continue
        x = [one["value"] for one in points]
        seconds = [one[curve.clock()] for one in points]
        memory, sizes = [one["memory_bytes"] for one in points], memory_models(points)
        work = [curve.work(one["point"]) for one in points]
        found[curve.name] = {"seconds": curve_fit.fit(x, seconds, work, curve.constant(x, seconds)),
                             "bytes": curve_fit.fit(x, memory, sizes, 1.0) if sizes else None,
                             "overhead": curve_fit.overhead(x, seconds) if curve.varied == "threads" else None}
    return found


def points_of(results, curve):
    return sorted((one for one in results["points"] if one["curve"] == curve.name), key=lambda one: one["value"])


def memory_models(points):
    """The memory that each point should need; nothing if the plan of one point does not tell."""
    sizes = [cost_model.memory(one["point"], one["plan"]) for one in points]
    return [] if None in sizes else sizes


def fit_cells(fit):
    if fit is None:
        return ["too few points, or no model", "", "", "", ""]
    at = f"{fit['largest_deviation']:.2f} x at {fit['at']}"
    close = f"{fit['close'][0]:,} - {fit['close'][1]:,}" if fit["close"] else "nowhere"
    slopes, verdict = f"{fit['slope']:.2f} / {fit['expected_slope']:.2f}", "yes" if fit["follows"] else "**no**"
    return [slopes, f"{fit['r2']:.4f}" if fit["r2"] >= 0 else "below 0", at, close, verdict]


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    pad = lambda row: "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
    return "\n".join([pad(rows[0]), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(pad, rows[1:])]) + "\n"


def summary_table(results):
    rows = [["varied", "from - to", "cost", "model", "slope / of the model", "R^2", "largest deviation", "close", "follows"]]
    for name, found in fits_of(results).items():
        curve = curves.curve_named(name)
        values = [one["value"] for one in points_of(results, curve)]
        for cost, law in (("seconds", curve.law), ("bytes", curve.memory_law)):
            rows.append([curve.title, f"{values[0]:,} - {values[-1]:,}", "time" if cost == "seconds" else "memory", law,
                         *fit_cells(found[cost])])
    return table(rows)


def left_out(results):
    lines = [f"- {one['curve']} = {one['value']:,}: {one['why']}" for one in results["skipped"]]
    return "Not measured:\n\n" + "\n".join(lines) + "\n" if lines else ""


def told_machine(results):
    machine = results["machine"]
    return (f"Machine: {machine['processor']}, {machine['cores']} cores for this process, {machine['isa']}, "
            f"{machine['memory_bytes'] / 1e9:.3g} GB of memory available, {machine['system']}; {results['when']}.\n"
            f"Command: `{results['command']}`. Each point is the median of {results['rounds']} interleaved "
            "rounds, or of fewer where time ran out (column \"runs\"). Each run is a new process.\n")


def point_table(curve, points):
    rows = [[curve.title, "seconds", "Gflop/s", "memory", "memory by the model", "runs"]]
    for one in points:
        expected = cost_model.memory(one["point"], one["plan"])
        rows.append([f"{one['value']:,}", chart.with_unit(one[curve.clock()], chart.SECONDS),
                     f"{cost_model.work(one['point']) / one[curve.clock()] * 1e-9:.1f}",
                     chart.with_unit(one["memory_bytes"], chart.BYTES),
                     "unknown" if expected is None else chart.with_unit(expected, chart.BYTES), str(one["repeats"])])
    return table(rows)


def fixed_sizes(curve):
    names = {"tasks": "tasks", "support": "support rows", "query": "query rows", "inputs": "inputs", "outputs": "output",
             "width": "units a hidden layer", "depth": "hidden layers", "steps": "inner steps", "threads": "thread"}
    base = curve.point(0)
    return ", ".join(f"{base[field]:,} {word}" for field, word in names.items() if field != curve.varied)


def charts_of(curve, points, fits):
    """[(file name, SVG)]: time and memory."""
    x = [one["value"] for one in points]
    scale = fits["seconds"]["constant"] if fits["seconds"] else None
    model = [scale * curve.work(one["point"]) for one in points] if scale else []
    clock = "wall" if curve.varied == "threads" else "processor"
    a_thread = " a thread" if curve.varied == "threads" else ""
    rate = f"model: {curve.law}, at {1e-9 / scale:.1f} Gflop/s{a_thread}" if scale else ""
    return [(f"{curve.name}-time.svg", chart.draw(f"Time against {curve.title}", curve.title, f"{clock} time of one call", x,
                                                  [one[curve.clock()] for one in points], model, rate, chart.SECONDS)),
            (f"{curve.name}-memory.svg", chart.draw(f"Memory against {curve.title}", curve.title, "peak memory", x,
                                                    [one["memory_bytes"] for one in points], memory_models(points),
                                                    "model: sizes and the plan's workspace", chart.BYTES))]


def write(results, folder):
    """FOLDER/cost-curves.md, FOLDER/cost-curves/*.svg and figures.json, from which `--from` makes the same page; returns the written
    files."""
    folder = pathlib.Path(folder)
    (folder / "cost-curves").mkdir(parents=True, exist_ok=True)
    limits = EXPLANATION.format(slope=curve_fit.SLOPE_TOLERANCE, deviation=curve_fit.LARGEST_DEVIATION, close=curve_fit.CLOSE)
    parts, written = [HEAD, told_machine(results) + "\n", summary_table(results), limits, left_out(results)], []
    for name, fits in fits_of(results).items():
        curve, points = curves.curve_named(name), points_of(results, curves.curve_named(name))
        parts.append(f"\n## Against {curve.title}\n\n{fixed_sizes(curve)}; tanh, binary cross-entropy.\n")
        if fits["overhead"] is not None:
            parts.append(f"T(N) = T(1) (1 / N + s) with s = {fits['overhead']:.3f}.\n")
        drawn = charts_of(curve, points, fits)
        parts.append("\n" + "\n".join(f"![{file[:-4]}](cost-curves/{file})" for file, _ in drawn) + "\n\n")
        parts.append(point_table(curve, points))
        for file, svg in drawn:
            (folder / "cost-curves" / file).write_text(svg, encoding="utf-8")
            written.append(folder / "cost-curves" / file)
    (folder / "cost-curves.md").write_text("".join(parts), encoding="utf-8")
    (folder / FIGURES).write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return [folder / "cost-curves.md", folder / FIGURES, *written]
