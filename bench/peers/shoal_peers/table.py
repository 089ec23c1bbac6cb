# SPDX-License-Identifier: Apache-2.0
"""The output of a run: a table per row, and what was not run and why."""

WORDS = {"second_order": "exact second order", "first_order": "first order", "adaptation": "adaptation alone"}


def short(number):
    """Three digits, with k or M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {letter}"
    return f"{number:.3g}"


def seconds(value):
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def title(record):
    part = "" if record["count"] == record["tasks"] else f" (timed on {record['count']:,} of them)"
    return f"{record['shape']}, {record['tasks']:,} tasks{part}, {WORDS[record['work']]}"


def ranked(record):
    """Names of the timed contenders, best first."""
    timed = [(entry["tasks_per_second"], name) for name, entry in record["contenders"].items() if entry["status"] == "timed"]
    return [name for _, name in sorted(timed, reverse=True)]


def remarks(record, entry):
    words = []
    if entry["timed_tasks"] < record["count"]:
        words.append(f"timed on {entry['timed_tasks']} tasks")
    if len(entry["wall"]) < 7:
        words.append(f"{len(entry['wall'])} repetitions")
    return ", ".join(words)


def cells(record, name):
    entry = record["contenders"][name]
    error = entry["agreement"].get("fp32")
    return [
        ("* " if name == record["winner"] else "  ") + name,
        short(entry["tasks_per_second"]),
        f"{entry['ratio_to_shoal']:.3g}" if "ratio_to_shoal" in entry else "-",
        seconds(entry["wall_median"]),
        seconds(entry["cpu_median"]),
        str(entry.get("chunk") or "-"),
        f"{error:.0e}" if error is not None else "-",
        remarks(record, entry),
    ]


HEAD = ["  contender", "tasks/s", "x Shoal", "wall", "CPU", "chunk", "error", ""]


def row_text(content, record):
    lines = [HEAD] + [cells(record, name) for name in ranked(record)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    text = [title(record)]
    for line in lines:
        text.append(
            "  ".join(
                cell.ljust(width) if column in (0, 7) else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(line, widths))
            ).rstrip()
        )
    for name, entry in record["contenders"].items():
        if entry["status"] != "timed":
            text.append(f"  {name}: {entry['status']}: {entry['reason']}"[:200])
    return "\n".join(text) + "\n"


def clock_words(content):
    return "CPU seconds" if content["device"] == "cpu" and content["threads"] == 1 else "wall seconds"


def device_words(content):
    if content["device"] == "cuda":
        seen = [about["device"] for about in content["workers"].values() if about.get("device")]
        return (seen or [content["workers"].get("shoal", {}).get("detail", "a CUDA device")])[0]
    return f"{content['machine']['processor']}, {content['threads']} thread{'s' if content['threads'] > 1 else ''}"


def wins(content):
    """[(row, its best peer's name or None, how many times as fast Shoal is)] of the rows in which Shoal was timed."""
    result = []
    for record in content["rows"]:
        order = ranked(record)
        if "shoal" not in order:
            continue
        peers = [name for name in order if name != "shoal"]
        ratio = 1 / record["contenders"][peers[0]]["ratio_to_shoal"] if peers else None
        result.append((record, peers[0] if peers else None, ratio))
    return result


def absent_by_reason(content):
    """[(reason, names separated by commas)]."""
    reasons = {}
    for name, why in content["absent"].items():
        reasons.setdefault(why, []).append(name)
    return [(why, ", ".join(names)) for why, names in reasons.items()]


def closing_text(content):
    lines = [
        f"{device_words(content)}; tasks a second by {clock_words(content)}, medians; * is the fastest; chunk: tasks at a time;",
        "error: relative, of the result that was timed; commit "
        + content["commit"][:12]
        + ": "
        + ", ".join(f"{name} {version}" for name, version in content["versions"].items()),
    ]
    found = wins(content)
    for record, peer, ratio in found:
        if peer:
            lines.append(
                f"  {title(record)}: "
                + (
                    f"Shoal is {ratio:.2f} times as fast as the best peer ({peer})"
                    if ratio >= 1
                    else f"{peer} is {1 / ratio:.2f} times as fast as Shoal"
                )
            )
    lines += [f"  takes no part: {names}: {why}" for why, names in absent_by_reason(content)]
    if content["not_run"]:
        lines.append("not run:")
        lines += [f"  {name}: {why}" for name, why in content["not_run"].items()]
    return "\n".join(lines)
