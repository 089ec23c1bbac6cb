# SPDX-License-Identifier: Apache-2.0
"""Bar charts as SVG: for each shape the speed of the best contender of each kind, relative to Shoal, on a logarithmic axis."""

import math
from xml.sax.saxutils import escape

from shoal_peers import contenders, table

KINDS = (  # the bars of a chart: the contenders of a kind, and its colour (distinguishable without colour vision, on white and on black)
    ("Shoal", lambda c: c.framework == "shoal", "#0072b2"),
    ("best JAX", lambda c: c.framework == "jax", "#e69f00"),
    ("best PyTorch", lambda c: c.framework == "torch" and not c.cap, "#009e73"),
    ("best loop over tasks", lambda c: c.framework == "torch" and c.cap, "#cc79a7"),
)
LABELS, BARS, VALUES = 90, 420, 240  # widths: names of shapes, bars, text after a bar
BAR, GAP, TOP, BOTTOM = 17, 14, 78, 54


def best_of(record, accepts):
    """(name, ratio to Shoal) of the fastest timed contender of a kind, or None."""
    found = [name for name in table.ranked(record) if accepts(contenders.BY_NAME[name])]
    return (found[0], record["contenders"][found[0]]["ratio_to_shoal"]) if found else None


def groups_of(records):
    """[(shape, [(name, ratio, colour)])] of the rows in which Shoal was timed."""
    result = []
    for record in records:
        if "shoal" not in table.ranked(record):
            continue
        bars = [(best, colour) for _, accepts, colour in KINDS for best in [best_of(record, accepts)] if best]
        result.append((record["shape"], [(name, ratio, colour) for (name, ratio), colour in bars]))
    return result


def text(x, y, words, anchor="start", size=12, weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def chart(heading, device, records):
    """The SVG of rows that differ in their shape only, or None if there is nothing to draw."""
    groups = groups_of(records)
    if not any(len(bars) > 1 for _, bars in groups):
        return None
    ratios = [ratio for _, bars in groups for _, ratio, _ in bars]
    low = math.floor(math.log10(min(ratios)) - 0.05)
    high = max(math.log10(max(ratios)), 0.0) + 0.02
    place = lambda ratio: LABELS + BARS * (math.log10(ratio) - low) / (high - low)
    height = TOP + sum(BAR * len(bars) + GAP for _, bars in groups) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + BARS + VALUES}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" fill="#222">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        text(10, 22, heading, size=15, weight="bold"),
        text(10, 41, device),
    ]
    at = 10
    for words, _, colour in KINDS:
        parts += [f'<rect x="{at}" y="52" width="12" height="12" fill="{colour}"/>', text(at + 17, 62, words)]
        at += 35 + 7 * len(words)
    for power in range(low, math.floor(high) + 1):
        x = place(10.0**power)
        parts += [
            f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - BOTTOM + 2}" stroke="#ccc"/>',
            text(x, height - BOTTOM + 18, f"{10.0 ** power:g}", "middle"),
        ]
    parts.append(
        text(
            LABELS + BARS / 2, height - BOTTOM + 38, "tasks a second against Shoal's (1); logarithmic; longer is faster", "middle"
        )
    )
    y = TOP
    for shape, bars in groups:
        parts.append(text(LABELS - 8, y + BAR * len(bars) / 2 + 4, shape, "end", weight="bold"))
        for name, ratio, colour in bars:
            end = place(ratio)
            parts += [
                f'<rect x="{LABELS}" y="{y + 1}" width="{max(end - LABELS, 1):.1f}" height="{BAR - 3}" fill="{colour}"/>',
                text(end + 6, y + BAR - 5, f"{ratio:.3g}" + ("" if name == "shoal" else f"  {name}")),
            ]
            y += BAR
        y += GAP
    return "\n".join(parts + ["</svg>"]) + "\n"
