# SPDX-License-Identifier: Apache-2.0
"""A small market, and its backtest, for tests of several files of this folder."""
import csv
import datetime
import json
import math
import pathlib
import random

from program import run, write_config, write_rows

YEARS = range(2000, 2008)


def write_market(path="market.csv", noise_from=None):
    """Three assets with a return every seven days; from `noise_from` on every value is another one."""
    lines = []
    for asset in range(3):
        numbers, other = random.Random(asset), random.Random(100 + asset)
        h, day = 1.0, datetime.date(YEARS[0], 1, 3)
        while day.year in YEARS:
            r = math.sqrt(h) * numbers.gauss(0, 1)
            x = numbers.gauss(0, 1)
            values = [math.log(h), x, r * r, r]
            h = 0.1 + (0.05 + 0.15 * (r < 0)) * r * r + 0.75 * h * math.exp(0.1 * x)
            if noise_from and str(day) >= noise_from:
                s = other.gauss(0, 3)
                values = [other.gauss(0, 1), other.gauss(0, 5), s * s, s]
            lines.append([f"s{asset}", day, *values])
            day += datetime.timedelta(days=7)
    write_rows(path, "asset,date,ln_h,x,r2,r", lines)


MARKET = """
[tasks]
source = "table"
path = "market.csv"
key = ["asset"]
time = "date"
features = ["ln_h", "x"]
targets = ["r2"]
offset = "ln_h"
windows = { support = 20, query = 5 }
[model]
hidden = [4]
[loss]
name = "qlike"
floor = 0.0078125
[algorithm]
inner_steps = 2
inner_lr = 0.05
[train]
iterations = 6
tasks_per_batch = 8
validate_every = 2
checkpoint_every = 3
[risk]
return = "r"
levels = [0.05, 0.1]
residuals = 300
[backtest]
from = "2004-01-01"
validation_years = 1
seeds = [7, 8]
"""
BASELINES = ["--baselines", "constant,offset,linear,gjr", "--set", "backtest.combine=[\"model+linear\"]"]
FROM = "2004-01-01"


def backtest(out, *arguments, code=0, config="m.toml"):
    return run("backtest", "--config", config, "--out", out, "--quiet", *arguments, code=code)


def market(config=MARKET, **changes):
    write_market(**changes)
    return write_config("m.toml", config)


def rows_of(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def report_of(out):
    return json.loads(pathlib.Path(out, "backtest.json").read_text(encoding="utf-8"))
