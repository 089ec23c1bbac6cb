# SPDX-License-Identifier: Apache-2.0
"""One chart with logarithmic axes as SVG: measured points as marks, the model as a line."""
import html
import math

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 86, 24, 62, 62
INK, PALE, MEASURED, MODEL = "#222222", "#d9d9d9", "#0b62a8", "#d2691e"
SECONDS = [(1e-6, "µs"), (1e-3, "ms"), (1.0, "s")]
BYTES = [(1e3, "kB"), (1e6, "MB"), (1e9, "GB")]
PLAIN = [(1.0, "")]


def with_unit(value, units):
    """0.002 as "2 ms"."""
    size, name = next((u for u in reversed(units) if value >= 0.9995 * u[0]), units[0])
    number = value / size
    text = f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
    return f"{text} {name}".rstrip()


def ticks(low, high, whole):
    """(values with a label, values with a line): decades if there are enough of them, else their parts; only `whole` numbers if the axis
    counts things."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    span = math.log10(high / low)
    parts = (1,) if span >= 2.5 else (1, 2, 5) if span >= 0.9 else (1, 1.5, 2, 3, 4, 5, 7)
    inside = lambda value: low * 0.9999 <= value <= high * 1.0001 and (not whole or value >= 1 and abs(value % 1) < 1e-6)
    labelled = [p * 10.0 ** d for d in decades for p in parts if inside(p * 10.0 ** d)]
    lines = [p * 10.0 ** d for d in decades for p in range(1, 10) if inside(p * 10.0 ** d)]
    return labelled, sorted({*lines, *labelled})


LEAST_SPAN = 4.0  # least ratio of the ends of an axis: less would exaggerate small differences


class Axis:
    """Maps values to positions between two ends of the picture, with some room on both sides."""

    def __init__(self, values, start, end):
        span = max(values) / min(values)
        room = max(span ** 0.05, 1.12, (LEAST_SPAN / span) ** 0.5)
        self.low, self.high, self.start, self.end = min(values) / room, max(values) * room, start, end

    def at(self, value):
        return self.start + (self.end - self.start) * math.log(value / self.low) / math.log(self.high / self.low)


def text(x, y, words, size=13, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{extra}>{html.escape(words)}</text>'


def line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def draw(title, x_title, y_title, x, y, model, model_name, units):
    """Draws an SVG document. `model` has a value for every x, or is empty; `model_name` is its name in the legend."""
    across = Axis(x, LEFT, WIDTH - RIGHT)
    up = Axis([*y, *model], HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           f'font-family="sans-serif" fill="{INK}">',
           f"<title>{html.escape(title)}</title>", f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           text(LEFT, 22, title, 16, "start", ' font-weight="bold"')]
    for axis, vertical in ((across, True), (up, False)):
        labelled, lines = ticks(axis.low, axis.high, vertical)
        for value in lines:
            at = axis.at(value)
            out.append(line(at, TOP, at, HEIGHT - BOTTOM, PALE) if vertical else line(LEFT, at, WIDTH - RIGHT, at, PALE))
        for value in labelled:
            at = axis.at(value)
            out.append(text(at, HEIGHT - BOTTOM + 18, with_unit(value, PLAIN)) if vertical else
                       text(LEFT - 7, at + 4, with_unit(value, units), 13, "end"))
    out += [line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, INK), line(LEFT, TOP, LEFT, HEIGHT - BOTTOM, INK),
            text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, x_title, 14),
            text(0, 0, y_title, 14, "middle", f' transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)"')]
    if model:
        path = " ".join(f"{across.at(a):.1f},{up.at(b):.1f}" for a, b in zip(x, model))
        out += [f'<polyline class="model" points="{path}" fill="none" stroke="{MODEL}" stroke-width="2"/>',
                f'<line x1="{LEFT + 110}" y1="42" x2="{LEFT + 138}" y2="42" stroke="{MODEL}" stroke-width="2"/>',
                text(LEFT + 144, 46, model_name, 13, "start")]
    out += [f'<circle class="point" cx="{across.at(a):.1f}" cy="{up.at(b):.1f}" r="4.5" fill="{MEASURED}"/>'
            for a, b in zip(x, y)]
    out += [f'<circle cx="{LEFT + 6}" cy="42" r="4.5" fill="{MEASURED}"/>', text(LEFT + 16, 46, "measured", 13, "start"),
            "</svg>"]
    return "\n".join(out) + "\n"
