# SPDX-License-Identifier: Apache-2.0
"""Random tables: times in every layout that is read, numbers in every notation, missing words, keys up to 2^63; and one wrong value, if a
test asks for it."""
import csv
import dataclasses
import datetime
import json

from table_oracle import MISSING, time_of


@dataclasses.dataclass
class Layout:
    name: str
    draw: object  # rng, number -> `number` times of different instants
    format: str = ""
    instants: bool = True  # whether they are no whole numbers
    coarser: tuple = ()  # lengths of text prefixes that name a coarser period
    wrong: tuple = ()  # texts that are refused together with times of this layout


def some_days(rng, count, first=datetime.date(1950, 1, 1), days=40000):
    """Days that are close together, so that there are changes of month and year."""
    begin, step = rng.randrange(days), rng.choice([1, 3, 40])
    return [first + datetime.timedelta(begin + step * i) for i in range(count)]


def digits(rng, number, width):
    """The number with or without leading zeros."""
    return str(number) if rng.random() < 0.5 else f"{number:0{width}}"


def dates(rng, count):
    return [f"{d.year:04}-{digits(rng, d.month, 2)}-{digits(rng, d.day, 2)}" for d in some_days(rng, count)]


def months(rng, count):
    begin, between = 12 * rng.randrange(1900, 2100), rng.choice(["-", "M", "-M", "m"])
    return [f"{(begin + i) // 12}{between}{digits(rng, (begin + i) % 12 + 1, 2)}" for i in range(count)]


def quarters(rng, count):
    begin, between = 4 * rng.randrange(1900, 2100), rng.choice(["Q", "-Q", "q"])
    return [f"{(begin + i) // 4}{between}{(begin + i) % 4 + 1}" for i in range(count)]


def weeks(rng, count):
    monday, between = datetime.date(rng.randrange(1900, 2100), 12, 1), rng.choice(["-W", "W", "w"])
    texts = []
    for i in range(count):
        year, week, _ = (monday + datetime.timedelta(7 * i)).isocalendar()
        texts.append(f"{year}{between}{digits(rng, week, 2)}")
    return texts


def days_of_weeks(rng, count):
    return ["{}-W{:02}-{}".format(*d.isocalendar()) for d in some_days(rng, count)]


def times_of_day(rng, count):
    """Nanoseconds of a day and their text, from hours only to nine digits of a second."""
    step = rng.choice([1, 1000, 10**9, 60 * 10**9, 1234567890123])
    for i in range(count):
        nanoseconds = (rng.randrange(1000) + i * 1000) * step % (86400 * 10**9)
        second, fraction = divmod(nanoseconds, 10**9)
        hour, minute, second = second // 3600, second // 60 % 60, second % 60
        text = f"{hour:02}:{minute:02}"
        if second or fraction or rng.random() < 0.5:
            text += f":{second:02}"
        if fraction:
            text += "." + f"{fraction:09}".rstrip("0").ljust(rng.choice([1, 3, 9]), "0")
        yield text if text[3:] != "00" or rng.random() < 0.5 else f"{hour:02}"


def date_times(rng, count):
    between = rng.choice(["T", " "])
    return [day.isoformat() + between + time for day, time in zip(some_days(rng, count), times_of_day(rng, count))]


def offset_date_times(rng, count):
    begin, step = datetime.datetime(rng.randrange(1900, 2100), 10, 1), rng.choice([60, 1800, 86400])
    texts = []
    for i in range(count):
        minutes = rng.choice([0, 60, 120, -300, 330, 345, -570])
        local = begin + datetime.timedelta(seconds=step * i, minutes=minutes)
        sign, hour, minute = "-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60
        zone = rng.choice([f"{sign}{hour:02}:{minute:02}", f"{sign}{hour:02}{minute:02}"] + ["Z"] * (not minutes))
        texts.append(local.isoformat(sep=rng.choice("T ")) + zone)
    return texts


def whole_numbers(rng, count):
    begin = rng.choice([0, -5, 10**6, 1582218195625938945, 2**63 - 1 - 101 * count, -(2**63), 2**53 - 1])
    numbers = [begin + rng.choice([1, 1, 100]) + 101 * i for i in range(count)]
    return [rng.choice(["", "+", "0"]) * (n >= 0) + str(n) + rng.choice(["", "", ".0"]) for n in numbers]


def by_format(name, spelled, times=False, **more):
    def draw(rng, count):
        texts, of_day = [], list(times_of_day(rng, count)) if times else [""] * count
        for day, time in zip(some_days(rng, count, datetime.date(1970, 1, 1), 10000), of_day):
            texts.append(spelled(rng, day, time))
        return texts

    return Layout(f"format {name}", draw, name, **more)


def in_full(time):
    time += ":00" * (2 - time.count(":"))
    return time


LAYOUTS = [
    Layout("days", dates, coarser=(4, 7, 10), wrong=("2018-02-30", "2018-13-01", "2018-01", "2018-001", "12/31/2018", "2018-01-31T05:00", "2018", "soon")),
    Layout("months", months, coarser=(4,), wrong=("2018-13", "2018-0", "2018-01-31", "2018M13", "Jan-2018", "2018Q1")),
    Layout("quarters", quarters, coarser=(4,), wrong=("2018Q5", "2018Q0", "2018-01", "Q1 2018")),
    Layout("weeks", weeks, wrong=("2018-W53", "2018-W00", "2018-W05-3", "2018-01")),
    Layout("days of weeks", days_of_weeks, wrong=("2018-W53-1", "2018-W01-8", "2018-W01-0", "2018-W01")),
    Layout("date-times", date_times, coarser=(4, 7, 10), wrong=("2018-01-31T24:00", "2018-01-31 23:59:60", "2018-01-31T00:00:00.1234567891", "2018-01-31T05:00Z", "2018-01-31", "2018-01-31T5:0", "2018-01-31T05:00 PM")),
    Layout("date-times with offsets", offset_date_times, wrong=("2018-01-31T05:00", "2018-01-31T05:00+24:00", "2018-01-31T05:00+1", "2018-01-31T24:00Z", "2018-01-31")),
    Layout("whole numbers", whole_numbers, instants=False, wrong=("2018.1", "0.5", "9223372036854775808", "-9223372036854775809", "1e3", "2018-01", "inf", "0x10", "--1")),
    Layout("eight digits", lambda rng, count: [d.strftime("%Y%m%d") for d in some_days(rng, count)], coarser=(4,), wrong=("2018.1", "2018-01-31")),
    by_format("%d/%m/%Y", lambda rng, d, t: f"{digits(rng, d.day, 2)}/{digits(rng, d.month, 2)}/{d.year}", wrong=("31/02/2018", "01/13/2018", "1/2/18", "01/02/20189", "2018-01-31")),
    by_format("%m/%d/%Y", lambda rng, d, t: f"{digits(rng, d.month, 2)}/{digits(rng, d.day, 2)}/{d.year}", wrong=("13/01/2018", "2/29/2018", "1/2/218")),
    by_format("%d-%b-%y", lambda rng, d, t: d.strftime("%d-%b-%y").upper() if rng.random() < 0.3 else d.strftime("%d-%b-%y"), wrong=("31-Apr-18", "01-Jna-18", "01-Jan-2018")),
    by_format("%d.%m.%Y %H:%M:%S", lambda rng, d, t: d.strftime("%d.%m.%Y ") + in_full(t), times=True, wrong=("01.01.2018 24:00:00", "01.01.2018 00:00:60", "01.01.2018 00:00:00.1234567891", "01.01.2018 00:00")),
    by_format("%m/%d/%Y %I:%M %p", lambda rng, d, t: d.strftime("%m/%d/%Y ") + f"{rng.randrange(1, 13)}:{rng.randrange(60):02} {rng.choice(['AM', 'pm'])}", wrong=("01/01/2018 13:00 AM", "01/01/2018 0:00 AM", "01/01/2018 1:60 PM")),
    by_format("%Y%j", lambda rng, d, t: d.strftime("%Y%j"), wrong=("2018366", "2018000", "201801")),
    by_format("%d/%m/%Y %H:%M %z", lambda rng, d, t: d.strftime("%d/%m/%Y ") + in_full(t)[:5] + " " + rng.choice(["+0100", "-05:30", "+00:00"]), times=True, wrong=("01/01/2018 10:00", "01/01/2018 10:00 +2500", "01/01/2018 10:00 GMT")),
    Layout("format %b %Y", lambda rng, count: [f"{datetime.date(1970 + (rng_begin + i) // 12, (rng_begin + i) % 12 + 1, 1):%b %Y}" for rng_begin in [rng.randrange(900)] for i in range(count)], "%b %Y", wrong=("Jan 18", "Foo 2018", "1 2018")),
    Layout("format %G week %V", lambda rng, count: ["{} week {:02}".format(*d.isocalendar()[:2]) for d in (datetime.date(rng_year, 12, 1) + datetime.timedelta(7 * i) for rng_year in [rng.randrange(1970, 2060)] for i in range(count))], "%G week %V", wrong=("2018 week 53", "2018 week 00")),
]


@dataclasses.dataclass
class Notation:
    """The notation of the numbers of a table."""

    decimal: str = "."
    thousands: str = ""
    units: tuple = ()

    def spell(self, rng, value):
        """Writes the number, or another one near it, as files do."""
        text = rng.choice([repr, "{:.3f}".format, "{:e}".format, "{:E}".format, "{:+}".format, "{:.0f}".format, "{:g}".format])(value)
        sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
        whole, point, rest = digits.partition(".")
        if self.thousands and whole.isdigit():
            whole = f"{int(whole):,}".replace(",", self.thousands)
        elif rng.random() < 0.2 and whole.isdigit():
            whole = rng.choice(["00" + whole, "" if whole == "0" and rest[:1].isdigit() else whole])
        text = sign + whole + point.replace(".", self.decimal) + rest
        unit = rng.choice(self.units + ("",))
        text = f"{unit}{text}" if unit == "$" else f"{text} {unit}" if unit else text
        return rng.choice([text, text, " " + text + "\t"])

    def read(self, text):
        for unit in self.units:
            text = text.removeprefix(unit).removesuffix(unit).strip()
        if self.thousands:
            text = text.replace(self.thousands, "")
        return float(text.replace(self.decimal, "."))


NOTATIONS = [Notation(), Notation(), Notation(",", "."), Notation(",", "", ("months", "%")), Notation(".", ",", ("$", "%")), Notation(".", "'", ("%",))]
MORE_MISSING_WORDS = [(), (), (".", "?", "-"), ("-99.99", "-999", "unknown")]


@dataclasses.dataclass
class Wrong:
    row: int
    column: str
    shown: str  # the value as the message shows it


class RandomTable:
    def __init__(self, rng):
        self.notation, self.more_words = rng.choice(NOTATIONS), rng.choice(MORE_MISSING_WORDS)
        self.layout = rng.choice(LAYOUTS)
        self.labels = rng.choice([None, None, ["good", "bad"], ["10", "9", "-3"], ["9007199254740993", "9007199254740992", "0"], ["b", "B", "10"]])
        self.missing = rng.choice(["error", "drop", "mean"])
        self.features = ["x", "z"] + (["w"] if rng.random() < 0.4 else [])
        self.words = {"w"} & set(self.features)
        self.key = ["k"] if rng.random() < 0.7 else ["k", "part"]
        self.scale = rng.random() < 0.7
        self.windows = (rng.randint(1, 4), rng.randint(1, 3), rng.randint(0, 3), rng.randint(0, 2)) if rng.random() < 0.4 else None
        self.support = rng.randint(1, 4)
        self.columns = ["k", "part", "t", "x", "z", "w", "unused", "y"]
        rng.shuffle(self.columns)
        base = rng.choice([0, 2**53, 2**63 - 8])
        self.rows = []
        for key in [rng.choice([str(base + i), f"0{base + i}", f"Client {i}", f"Übung{i}"]) for i in range(rng.randint(1, 5))]:
            times = self.layout.draw(rng, rng.choice([1, 6, 9, 14]))
            if self.windows or rng.random() < 0.5:  # windows need times that differ
                seen = {time_of(text, self.layout.format, self.layout.name == "eight digits"): text for text in times}
                times = list(seen.values())
            else:
                times += times[:2]
            part = rng.choice(["a", "a b", ""]) or "c"
            self.rows += [self.row(rng, key, part, time) for time in times]
        rng.shuffle(self.rows)
        self.boundary = self.some_boundary(rng) if rng.random() < 0.4 else ""

    def row(self, rng, key, part, time):
        number = lambda: self.notation.spell(rng, rng.choice([rng.gauss(0, 1), rng.gauss(0, 1e5), float(rng.randint(-9, 9)), rng.random() * 1e-9]))
        cells = {"k": key, "part": part, "t": time, "x": number(), "z": number(), "w": rng.choice(["red", "blue", "dark blue", "é"]),
                 "unused": rng.choice(["", "nan", "-", "7"]), "y": rng.choice(self.labels) if self.labels else number()}
        if self.missing != "error" and rng.random() < 0.1:
            cells[rng.choice(["x", "z"])] = rng.choice(sorted(MISSING) + list(self.more_words))
        return [cells[name] for name in self.columns]

    def some_boundary(self, rng):
        """A time of the table, more often a late one, so that there are times before it; or a coarser period."""
        times = [rng.choice(self.rows)[self.columns.index("t")] for _ in range(4)]
        text = max(times, key=lambda time: time_of(time, self.layout.format, self.layout.name == "eight digits"))
        if self.layout.coarser and rng.random() < 0.6:
            length = rng.choice(self.layout.coarser)
            if len(text) >= length and not (length == 7 and not text[5:7].isdigit()) and not (length == 10 and not text[8:10].isdigit()):
                return text[:length]
        return text

    def number(self, text):
        return self.notation.read(text)

    def is_missing(self, column, text):
        if text in MISSING or text in self.more_words:
            return True
        listed = [self.number(word) for word in self.more_words if word.strip("-")[:1].isdigit()]
        is_number = column in ("x", "z") or (column == "y" and not self.labels)
        return is_number and bool(listed) and self.number(text) in listed

    def write(self, table, config):
        with open(table, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(self.rows)
        lines = ["[tasks]", 'source = "table"', f"path = {json.dumps(table)}", f"key = {json.dumps(self.key)}", 'time = "t"',
                 f"features = {json.dumps(self.features)}", 'targets = ["y"]', f'missing = "{self.missing}"', f"support = {self.support}",
                 "query = 0", f"scale = {json.dumps(self.scale)}"]
        if self.layout.format:
            lines.append(f"time_format = {json.dumps(self.layout.format)}")
        if self.notation != Notation():
            lines += [f"decimal = {json.dumps(self.notation.decimal)}", f"thousands = {json.dumps(self.notation.thousands)}",
                      f"units = {json.dumps(self.notation.units)}"]
        if self.more_words:
            lines.append(f"missing_words = {json.dumps(self.more_words)}")
        if self.windows:
            lines.append("windows = {{ support = {}, query = {}, stride = {}, purge = {} }}".format(*self.windows))
        split = f'by = "time", test_from = {json.dumps(self.boundary)}' if self.boundary else 'by = "task", train = 1.0, validation = 0.0, test = 0.0'
        lines += [f"split = {{ {split} }}", "[model]", "hidden = []", "[loss]", f'name = "{"softmax" if self.labels else "mse"}"', "[algorithm]", "inner_lr = 0.0", "[train]", "iterations = 1"]
        with open(config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def spoil(self, rng):
        """Makes one value wrong and returns its location. All other values are right, so that this one must be refused."""
        while len(self.rows) < 4:
            self.rows += [list(row) for row in self.rows]
        for row in self.rows:
            for name in ("x", "z"):
                if self.is_missing(name, row[self.columns.index(name)].strip(" \t")):
                    row[self.columns.index(name)] = "1"
        self.windows, at = None, rng.randrange(len(self.rows))
        column = rng.choice(["t", "t", "t", "x", "y", "k", "hole"])
        if column == "y" and self.labels:
            column = "x"
        if column == "hole":
            self.missing, column = "error", rng.choice(["t", "x", "y"])
            value, shown = rng.choice(sorted(MISSING)), "missing"
        elif column == "t":
            value = rng.choice(self.layout.wrong)
            shown = f'"{value}"'
        elif column == "k":
            if self.missing == "mean":  # where a missing key is a key of its own
                self.missing = "error"
            value, shown = "", "missing"
        else:
            value = rng.choice(["12x", "0x10", "+-3", "one", "1;5", "1..5"])
            shown = f'"{value}"'
        self.rows[at][self.columns.index(column)] = value
        return Wrong(at, column, shown)
