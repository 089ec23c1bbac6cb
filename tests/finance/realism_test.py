#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The statistics of 200 simulated assets over 4,000 days against those of 70 real stocks (Cont 2001, "Empirical properties of asset
returns", lists the facts): heavy tails, no correlation of returns, slowly decaying correlation of their size, leverage, sums that are
closer to normal. The median of each must lie between the quartiles of the real ones, or where that is not asked, between their 5 % and
95 % quantiles.

usage: realism_test.py SHOAL
"""
import csv
import math
import pathlib
import subprocess
import sys
import tempfile

ASSETS, DAYS = 200, 4000
# name: what the median must lie in
REAL = {
    "kurtosis": (6.9, 19.4),
    "autocorrelation of returns, lag 1": (-0.031, 0.005),
    "autocorrelation of absolute returns, lag 1": (0.162, 0.246),
    "autocorrelation of absolute returns, lag 60": (0.063, 0.107),
    "Hill tail index": (2.96, 3.57),
    "leverage": (-0.042, -0.012),
    "autocorrelation of absolute returns, lag 20": (0.040, 0.234),
    "kurtosis of 21-day sums": (3.1, 14.7),
}


def mean(values):
    return math.fsum(values) / len(values)


def centred(values):
    middle = mean(values)
    return [value - middle for value in values]


def kurtosis(values):
    squares = [value * value for value in centred(values)]
    return mean([square * square for square in squares]) / mean(squares) ** 2


def autocorrelation(values, lag):
    values = centred(values)
    return math.fsum(a * b for a, b in zip(values, values[lag:])) / math.fsum(a * a for a in values)


def correlation(x, y):
    x, y = centred(x), centred(y)
    return math.fsum(a * b for a, b in zip(x, y)) / math.sqrt(math.fsum(a * a for a in x) * math.fsum(b * b for b in y))


def hill(values):
    """Of the largest 5 % of the sizes."""
    sizes = sorted((abs(value) for value in values), reverse=True)
    tail = len(sizes) // 20
    return 1.0 / mean([math.log(size / sizes[tail]) for size in sizes[:tail]])


def statistics(returns):
    sizes, squares = [abs(r) for r in returns], [r * r for r in returns]
    months = [math.fsum(returns[i : i + 21]) for i in range(0, len(returns) - 20, 21)]
    return {
        "kurtosis": kurtosis(returns),
        "autocorrelation of returns, lag 1": autocorrelation(returns, 1),
        "autocorrelation of absolute returns, lag 1": autocorrelation(sizes, 1),
        "autocorrelation of absolute returns, lag 20": autocorrelation(sizes, 20),
        "autocorrelation of absolute returns, lag 60": autocorrelation(sizes, 60),
        "Hill tail index": hill(returns),
        "leverage": mean([correlation(returns[:-days], squares[days:]) for days in range(1, 6)]),
        "kurtosis of 21-day sums": kurtosis(months),
    }


def main():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "market.csv"
        command = [sys.argv[1], "data", "simulate", "market-regimes", "--keys", str(ASSETS), "--rows", str(DAYS), "--out", str(file)]
        subprocess.run(command, check=True)
        returns = {}
        with open(file, newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                returns.setdefault(row["asset"], []).append(float(row["log_return"]))
    assert len(returns) == ASSETS and all(len(series) == DAYS for series in returns.values())
    found = [statistics(series) for series in returns.values()]
    failed = False
    for name, (low, high) in REAL.items():
        median = sorted(one[name] for one in found)[ASSETS // 2]
        inside = low <= median <= high
        failed = failed or not inside
        print(f"{name:45} {median:8.3f}  in [{low}, {high}]: {'yes' if inside else 'NO'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
