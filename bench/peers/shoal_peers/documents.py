# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md: writes the part between the markers of a device from the JSON of a run, and leaves everything else unchanged."""

from shoal_peers import charts, table

HEADING = """# Shoal beside PyTorch and JAX

This page shows what `bench/peers/run` printed. The fastest contender of a row is in bold, whether it is Shoal or a peer. All contenders compute
the same tasks with the same parameters and number of threads. The benchmark compares each result with the double-precision reference, and
then times the contender with its best chunk of tasks. [bench/peers/README.md](../bench/peers/README.md) describes the method and the
contenders.
"""


def markers(device):
    return f"<!-- generated: bench/peers/run {device} -->", f"<!-- end: bench/peers/run {device} -->"


def summary(content):
    lines = ["| row | Shoal, tasks/s | best peer | its tasks/s | Shoal : best peer |", "|---|---|---|---|---|"]
    for record, peer, ratio in table.wins(content):
        rates = {name: table.short(record["contenders"][name]["tasks_per_second"]) for name in ("shoal", peer) if name}
        bold = lambda words, name: f"**{words}**" if peer and name == record["winner"] else words  # without a peer there is no winner
        lines.append(
            f"| {table.title(record)} | {bold(rates['shoal'], 'shoal')} | "
            + (f"{bold(peer, peer)} | {bold(rates[peer], peer)} | {ratio:.2f} : 1 |" if peer else "none timed | - | - |")
        )
    return lines


def full_table(record):
    lines = ["| " + " | ".join([*table.HEAD[:-1], "remark"]).replace("  contender", "contender") + " |", "|---" * 8 + "|"]
    for name in table.ranked(record):
        words = table.cells(record, name)
        words[0] = f"**{name}**" if name == record["winner"] else name
        lines.append("| " + " | ".join(words) + " |")
    lines += [
        f"| {name} | {entry['status']}: {entry['reason'][:160].replace('|', '/')} |" + " |" * 6
        for name, entry in record["contenders"].items()
        if entry["status"] != "timed"
    ]
    return lines


def section(content, chart_names):
    machine = content["machine"]
    threads = f", {content['threads']} thread(s), pinned to {content['threads']} core(s)" if content["device"] == "cpu" else ""
    lines = [
        f"## On {table.device_words(content) if content['device'] == 'cuda' else machine['processor']}",
        "",
        f"{content['date'][:10]}, commit `{content['commit'][:12]}`{threads}; by {table.clock_words(content)}; "
        + ", ".join(f"{name} {version}" for name, version in content["versions"].items())
        + f"; {machine['system']}.",
        f"`{content['command']}`",
        "",
    ]
    lines += summary(content) + [""]
    lines += [line for heading, file in chart_names for line in (f"![{heading}](benchmarks/{file})", "")]
    for record in content["rows"]:
        lines += ["<details>", f"<summary>{table.title(record)}</summary>", "", *full_table(record), "", "</details>", ""]
    lines += ["Contenders: " + "; ".join(f"`{name}`: {words}" for name, words in content["contenders"].items()) + ".", ""]
    lines += [f"Takes no part: {names}: {why}." for why, names in table.absent_by_reason(content)]
    if content["not_run"]:
        lines.append("Not run: " + "; ".join(f"{name} ({why})" for name, why in content["not_run"].items()) + ".")
    return "\n".join(lines).rstrip() + "\n"


def put_between(text, device, part):
    """`text` with the part of that device replaced, or added at the end."""
    begin, end = markers(device)
    block = f"{begin}\n{part}{end}\n"
    if begin in text and end in text:
        return text[: text.index(begin)] + block.rstrip("\n") + text[text.index(end) + len(end) :]
    return text.rstrip("\n") + "\n\n" + block


def write(content, folder):
    """Writes the section and its charts below `folder` (docs)."""
    place = folder / "benchmarks"
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob(f"peers-{content['device']}-*.svg"):
        old.unlink()
    names = []
    for work in table.WORDS:
        for tasks in sorted({record["tasks"] for record in content["rows"]}):
            records = [record for record in content["rows"] if record["work"] == work and record["tasks"] == tasks]
            heading = f"{table.WORDS[work][0].upper()}{table.WORDS[work][1:]}, {tasks:,} tasks"
            drawing = charts.chart(heading, table.device_words(content), records)
            if drawing:
                file = f"peers-{content['device']}-{work}-{tasks}.svg"
                (place / file).write_text(drawing, encoding="utf-8")
                names.append((heading, file))
    page = folder / "benchmarks.md"
    text = page.read_text(encoding="utf-8") if page.exists() else HEADING
    page.write_text(put_between(text, content["device"], section(content, names)), encoding="utf-8")
