# SPDX-License-Identifier: Apache-2.0
"""The best chunk of tasks of a contender: a climb over powers of two, by factors of four first, then of two."""


def candidates(tasks):
    """1, 2, 4, ... below the tasks, and all of them."""
    result, chunk = [], 1
    while chunk < tasks:
        result.append(chunk)
        chunk *= 2
    return result + [tasks]


def search(tasks, start, measure):
    """(best chunk or None, record). measure(chunk) gives seconds per task, or None if it does not run or is not tried. The search assumes
    that times fall and then rise with the chunk, because of launches and caches; the record has all measured times."""
    sizes = candidates(tasks)
    record, seen = [], {}

    def at(index):
        if not 0 <= index < len(sizes):
            return float("inf")
        if index not in seen:
            value = measure(sizes[index])
            seen[index] = float("inf") if value is None else value
            record.append({"chunk": sizes[index], "seconds_per_task": value})
        return seen[index]

    best = min(range(len(sizes)), key=lambda index: abs(sizes[index] - start))
    at(best)
    for stride in (2, 1):
        for direction in (-stride, stride):
            while at(best + direction) < at(best):
                best += direction
        if at(best) == float("inf"):  # nothing has run so far, but smaller chunks may
            index = best
            while index > 0 and at(best) == float("inf"):
                index = max(index - stride, 0)
                if at(index) < float("inf"):
                    best = index
    return (None if at(best) == float("inf") else sizes[best]), record
