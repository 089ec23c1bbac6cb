# SPDX-License-Identifier: Apache-2.0
"""The stage `fixed` as text."""

STALLS = ["no_instruction", "short_scoreboard", "long_scoreboard", "wait", "barrier", "mio_throttle", "math_pipe_throttle"]


def number(text):
    return float(str(text).replace(",", ""))


def table(title, head, rows):
    if not rows:
        return
    print(f"\n{title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def rows_of(stage, part):
    """(what was measured, row) for every row of the steps of a part."""
    for step in stage["steps"]:
        name, _, what = step["step"].partition(": ")
        if name == part:
            for row in step.get("data") or []:
                yield what, row


def show_rates(stage):
    found = {}
    for _, row in rows_of(stage, "rates"):
        found.setdefault(row["measure"], []).append(row)
    table("reciprocal of the kernels against 1.0f / y", ["exponent", "mantissas", "differences", "from other seeds", "largest error of the seed, ulp"],
          [(row["exponent"], f"{row['mantissas']:,}", row["differences"], row["differences_of_seeds_within_4_ulp"],
           row["largest_error_of_the_seed_in_ulp"])
           for row in found.get("reciprocal", [])])
    table("16-byte loads from shared memory", ["equal addresses", "warps", "wavefronts per load"],
          [(row["addresses"], row["warps"], row["wavefronts_per_load"]) for row in found.get("shared_load_16", [])])
    table("product with tiles of 8 x 4", ["products", "warps", "share of the multiply-add peak"],
          [(row["products"], row["warps"], f"{100 * row['share_of_fma_peak']:.1f} %") for row in found.get("product_8x4", [])])
    table("64-bit adds in L2", ["lanes add to", "adds per ns", "cycles of a block per warp's add"],
          [(row["addresses"], row["adds_per_ns"], row["cycles_of_a_block_per_warp_instruction"]) for row in found.get("reduction_8", [])])
    show_straight_code(found.get("straight_code", []))


def show_straight_code(rows):
    """A line per size, a column for each way in which the code ran."""
    def way(row):
        return (row["multiprocessors"], row["warps_per_scheduler"], row["warps_apart"])

    ways = sorted({way(row) for row in rows})
    cells = {(row["kib"], way(row)): f"{row['cycles_per_instruction']:.2f}" for row in rows}
    head = [f"{blocks} SM, {warps}{' apart' if apart else ''}" for blocks, warps, apart in ways]
    table("code without branches, cycles per instruction, by its size and by multiprocessors and warps per scheduler", ["KiB", *head],
          [(kib, *(cells.get((kib, one), "") for one in ways)) for kib in sorted({row["kib"] for row in rows})])


def show_bits(stage):
    rows = []
    for step in stage["steps"]:
        data = step.get("data")
        if step["step"].startswith("bits: ") and data:
            rows.append((step["step"][len("bits: "):], data["tests_passed"], ", ".join(data["tests_failed"]) or "none",
                         ", ".join(data["tests_skipped"]) or "none"))
    table("bits of the fixed kernels against cpu", ["tasks", "shapes that agree", "that differ", "without such a kernel"], rows)


def show_plans(stage):
    measured, missing = {"plans": [], "threads": []}, {}
    for part, rows in measured.items():
        for shape, row in rows_of(stage, part):
            if "not_run" in row:
                missing[shape, row["plan"]] = row["not_run"]
            else:
                rows.append((shape, row["tasks"], row["plan"], f"{row['tasks/s']:,.0f}", f"{row['device_us']:,.0f}",
                             f"{row['device_%peak']:.1f}", f"{row['against_device_us'] / row['device_us']:.2f} {row['against']}",
                             "same" if row["same_bits"] else "DIFFERENT"))
    for part, title in (("plans", "generic kernels against fixed ones"), ("threads", "fixed kernels by threads of a task")):
        table(title, ["shape", "tasks", "plan", "tasks/s", "device us", "% of peak", "times as fast as", "bits"], measured[part])
    for (shape, plan), reason in missing.items():
        print(f"\n{shape}, {plan}: not run: {reason}")


def show_compilations(stage):
    """A first call has what later ones have, and before it the compilation or the cache."""
    def waits(part):
        return {(shape, row["plan"]): row["first_call_s"] - row["call_us"] * 1e-6 for shape, row in rows_of(stage, part) if "not_run" not in row}

    compiled, cached = waits("threads"), waits("cache")
    table("what a first call takes beside its work", ["shape", "plan", "compiling, s", "from the cache, s"],
          [(shape, plan, f"{seconds:.2f}", f"{cached[shape, plan]:.2f}" if (shape, plan) in cached else "")
           for (shape, plan), seconds in compiled.items()])


def show_counters(stage):
    rows = []
    for step in stage["steps"]:
        if not step["step"].startswith("ncu: ") or not step.get("data"):
            continue
        kernel = step["data"]["kernel"]

        def cell(name, form="{:,.0f}", kernel=kernel):
            return form.format(number(kernel[name])) if name in kernel else ""

        rows.append((step["step"][len("ncu: "):], cell("smsp__inst_executed.sum"), cell("sm__inst_executed_pipe_fma.sum"),
                     cell("sm__pipe_fma_cycles_active.avg.pct_of_peak_sustained_active", "{:.0f} %"),
                     cell("l1tex__data_pipe_lsu_wavefronts_mem_shared.sum"), cell("lts__t_sectors.sum"), cell("lts__t_sectors_op_red.sum"),
                     *(cell(f"smsp__average_warps_issue_stalled_{reason}_per_issue_active.ratio", "{:.2f}") for reason in STALLS)))
    table("counters of the fixed kernels; the last columns are cycles that a warp waited for each instruction that was issued",
          ["shape", "instructions", "of the FMA pipe", "FMA pipe busy", "shared wavefronts", "L2 sectors", "of adds", *STALLS], rows)


def show_fixed(stage):
    compilers = [step["data"]["kernel_compiler"] for step in stage["steps"] if step["step"] == "compiler" and step.get("data")]
    print(f"\nkernels are compiled by {compilers[0] if compilers else 'nothing'}")
    for part in (show_rates, show_bits, show_plans, show_compilations, show_counters):
        part(stage)
