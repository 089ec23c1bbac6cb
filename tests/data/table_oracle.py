# SPDX-License-Identifier: Apache-2.0
"""Oracle of tables: reads them with the standard library only, by docs/formats.md and docs/configuration.md."""
import dataclasses
import datetime
import hashlib
import math
import re

MISSING = {"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "NULL", "Null", "null", "None"}
TIME_OF_DAY = r"(?P<h>\d{1,2})(:(?P<min>\d\d)(:(?P<s>\d\d)([.,](?P<f>\d{1,9}))?)?)?(?P<zone>Z|z|[+-]\d\d(:?\d\d)?)?"
DAY = r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
LAYOUTS = [re.compile(layout) for layout in (
    r"(?P<int>[+-]?\d+)(\.0*)?",
    r"(?P<y>\d{4})-?[Qq](?P<q>\d)",
    r"(?P<y>\d{4})-?[Ww](?P<w>\d{1,2})",
    r"(?P<y>\d{4})-?[Ww](?P<w>\d{1,2})-(?P<wd>\d)",
    r"(?P<y>\d{4})-(?P<m>\d{1,2})",
    r"(?P<y>\d{4})-?[Mm](?P<m>\d{1,2})",
    DAY,
    DAY + "[Tt ]" + TIME_OF_DAY,
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)[Tt](?P<h>\d\d)((?P<min>\d\d)(?P<s>\d\d)?)?",
)]
SECOND = 1_000_000_000


def offset_of(zone):
    """Nanoseconds east of UTC."""
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (-1 if zone[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:])) * 60 * SECOND


def instant(day, nanoseconds=0):
    return day.toordinal() * 86400 * SECOND + nanoseconds


def time_of(text, time_format="", digits_are_days=False):
    """A whole number, or nanoseconds since the day before 0001-01-01."""
    if time_format:
        fraction = ""
        if "%S" in time_format and text.count(".") > time_format.count("."):
            before, fraction = text.rsplit(".", 1)
            fraction = re.match(r"\d+", fraction).group()
            text = before + text[len(before) + 1 + len(fraction) :]
        if "%V" in time_format:
            time_format, text = time_format + " %u", text + " 1"
        read = datetime.datetime.strptime(text, time_format)
        zone = int(read.utcoffset().total_seconds()) if read.utcoffset() is not None else 0
        of_day = (read.hour * 3600 + read.minute * 60 + read.second - zone) * SECOND
        return instant(read.date(), of_day + int(fraction.ljust(9, "0") or 0))
    part = next(match for match in (layout.fullmatch(text) for layout in LAYOUTS) if match).groupdict()
    get = lambda name, otherwise: int(part[name]) if part.get(name) else otherwise
    if "int" in part:
        if not digits_are_days:
            return int(part["int"])
        digits = part["int"]
        return instant(datetime.date(int(digits[:4]), int(digits[4:6] or 1), int(digits[6:8] or 1)))
    if "w" in part:
        return instant(datetime.date.fromisocalendar(get("y", 0), get("w", 0), get("wd", 1)))
    month = 3 * get("q", 0) - 2 if "q" in part else get("m", 1)
    nanoseconds = (get("h", 0) * 3600 + get("min", 0) * 60 + get("s", 0)) * SECOND
    nanoseconds += int((part.get("f") or "").ljust(9, "0"))
    return instant(datetime.date(get("y", 0), month, get("d", 1)), nanoseconds - offset_of(part.get("zone") or "Z"))


def id_of(key):
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1


@dataclasses.dataclass
class Task:
    id: int
    support: list
    query: list


class Expected:
    """The meta-train tasks of a table in order of id, and what is fitted on their rows."""

    def __init__(self, table, tasks):
        self.table, self.tasks = table, sorted(tasks, key=lambda task: task.id)
        rows = sorted({row for task in tasks for row in task.support + task.query})
        self.names, self.mean, self.deviation, self.fill, self.levels = [], [], [], [], {}
        for name in table.features:
            values = [self.cell(row, name) for row in rows]
            if name in table.words:
                self.levels[name] = sorted({value for value in values if not table.is_missing(name, value)}, key=str.encode)
                self.add([(name, level) for level in self.levels[name]], 0.0, 1.0, 0.0)
                continue
            present = [table.number(value) for value in values if not table.is_missing(name, value)]
            mean = deviation = 0.0
            for value in present:
                mean += value
            mean /= len(present) or 1
            for value in present:
                deviation += (value - mean) * (value - mean)
            deviation = math.sqrt(deviation / (len(present) or 1)) or 1.0
            self.add([(name, None)], mean if table.scale else 0.0, deviation if table.scale else 1.0, mean)
            if table.missing == "mean" and len(present) < len(values):
                self.add([(name, MISSING)], 0.0, 1.0, 0.0)
        self.labels = []
        if table.labels:
            words = {self.cell(row, "y") for row in range(len(table.rows))}
            words = {word for word in words if not table.is_missing("y", word)}
            whole = all(re.fullmatch(r"-?\d+", word) and -(2**63) <= int(word) < 2**63 for word in words)
            self.labels = sorted(words, key=lambda word: (int(word), word.encode()) if whole else word.encode())

    def add(self, inputs, mean, deviation, fill):
        for each in inputs:
            self.names.append(each)
            self.mean.append(mean)
            self.deviation.append(deviation)
            self.fill.append(fill)

    def cell(self, row, name):
        return self.table.rows[row][self.table.columns.index(name)].strip(" \t")

    def inputs(self, row):
        for (name, level), mean, deviation, fill in zip(self.names, self.mean, self.deviation, self.fill):
            text = self.cell(row, name)
            missing = self.table.is_missing(name, text)
            if level is MISSING:
                yield float(missing)
            elif level is not None:
                yield float(text == level)
            else:
                yield ((fill if missing else self.table.number(text)) - mean) / deviation

    def target(self, row):
        text = self.cell(row, "y")
        return self.labels.index(text) if self.table.labels else self.table.number(text)


def key_text(parts):
    return parts[0] if len(parts) == 1 else "/".join(part.replace("\\", "\\\\").replace("/", "\\/") for part in parts)


def expected_tasks(table):
    column = lambda name: table.columns.index(name)
    text = lambda row, name: table.rows[row][column(name)].strip(" \t")
    by_key = {}
    for row in range(len(table.rows)):
        holes = any(table.is_missing(name, text(row, name)) for name in table.features + ["y"])
        if table.missing == "drop" and holes:
            continue
        by_key.setdefault(key_text([text(row, name) for name in table.key]), []).append(row)
    kept = [row for rows in by_key.values() for row in rows]
    time = {row: time_of(text(row, "t"), table.layout.format, table.layout.name == "eight digits") for row in kept}
    boundary = None
    if table.boundary:
        try:
            boundary = time_of(table.boundary, table.layout.format, table.layout.instants)
        except ValueError:
            boundary = time_of(table.boundary, "", table.layout.instants)
    tasks = []

    def add(key, support, query):
        sides = {boundary is None or time[row] < boundary for row in (query[0], query[-1])}
        if sides == {True}:
            tasks.append(Task(id_of(key), support, query))

    for key, rows in by_key.items():
        rows.sort(key=lambda row: time[row])
        if table.windows:
            support, query, stride, purge = table.windows
            for first in range(0, len(rows) - support - purge - query + 1, stride or query):
                ask = rows[first + support + purge : first + support + purge + query]
                add(f"{key}/{text(ask[0], 't')}", rows[first : first + support], ask)
        else:
            support = rows[: table.support]
            query = [row for row in rows[table.support :] if time[row] > time[support[-1]]]
            if query:
                add(key, support, query)
    return Expected(table, tasks)
