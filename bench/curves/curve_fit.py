# SPDX-License-Identifier: Apache-2.0
"""How well points follow a model: slopes on logarithmic axes, R^2, the largest deviation, and the range in which points are close."""
import math
import statistics

SLOPE_TOLERANCE, LARGEST_DEVIATION = 0.1, 1.5  # limits: beyond either one, a curve does not follow its model
CLOSE = 1.25  # factor: a point this near is on the model


def slope(x, y):
    """The slope of the straight line through the logarithms, by least squares."""
    log_x, log_y = [math.log(value) for value in x], [math.log(value) for value in y]
    return statistics.linear_regression(log_x, log_y).slope


def fit(x, y, model, constant=None):
    """Compares y with constant * model. Without a given constant this takes the median of y / model, which a few points with a fixed extra
    cost do not change. x must rise. The expected slope is that of the model over the same x, because a sum of powers has no slope of its
    own. None with fewer than two points."""
    for name, values in (("x", x), ("y", y), ("model", model)):
        if len(values) != len(x) or not all(value > 0 and math.isfinite(value) for value in values):
            raise ValueError(f"{name}: {len(values)} values for {len(x)} points, all must be above 0: {values}")
    if len(set(x)) < 2:
        return None
    ratios = [value / expected for value, expected in zip(y, model)]
    scale = statistics.median(ratios) if constant is None else constant
    residuals = [math.log(ratio / scale) for ratio in ratios]
    logs = [math.log(value) for value in y]
    spread = sum((value - statistics.fmean(logs)) ** 2 for value in logs)
    worst = max(range(len(x)), key=lambda i: abs(residuals[i]))
    close = longest_run([abs(r) <= math.log(CLOSE) for r in residuals])
    found = {"constant": scale, "slope": slope(x, y), "expected_slope": slope(x, model),
             "r2": 1 - sum(r * r for r in residuals) / spread if spread > 0 else 0.0,
             "largest_deviation": math.exp(residuals[worst]), "at": x[worst], "points": len(x),
             "close": [x[close[0]], x[close[1]]] if close else []}
    return {**found, "follows": follows(found)}


def follows(found):
    """Whether a curve follows its model. R^2 does not count: if a quantity hardly changes, R^2 is small even for a good model."""
    return (abs(found["slope"] - found["expected_slope"]) <= SLOPE_TOLERANCE and
            1 / LARGEST_DEVIATION <= found["largest_deviation"] <= LARGEST_DEVIATION)


def longest_run(flags):
    """First and last index of the longest run of true values, the later one of equal runs; None if there is none."""
    best, start = None, None
    for i, flag in enumerate(flags):
        start = (i if start is None else start) if flag else None
        if flag and (best is None or i - start >= best[1] - best[0]):
            best = (start, i)
    return best


def overhead(threads, seconds):
    """The s of T(N) = T(1) (1 / N + s), as the mean over N > 1; None if one thread or more threads were not measured."""
    times = dict(zip(threads, seconds))
    shares = [times[n] / times[1] - 1 / n for n in times if n > 1] if 1 in times else []
    return statistics.fmean(shares) if shares else None
