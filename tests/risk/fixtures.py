#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fixtures.json: what SciPy, scikit-learn, statsmodels and mpmath say of small inputs, for the tests of src/risk.

The versions of these packages stand in the file. They need not be installed to run the tests: `pip install scipy scikit-learn statsmodels
mpmath` and `fixtures.py fixtures.json` write the file again. Likelihood ratios and distribution functions are computed with 50 digits (mpmath), because
the p-value of a ratio near 0 shows every rounding of it; where SciPy has the same function, this program checks that it agrees.
"""
import json
import math
import sys
import warnings

import mpmath
import numpy as np
import scipy
import scipy.stats
import sklearn
import sklearn.metrics
import statsmodels
import statsmodels.api as sm

mpmath.mp.dps = 50
numbers = np.random.default_rng(20240229)
fixtures = []


def add(kind, name, given, expected):
    fixtures.append({"kind": kind, "name": name, "given": given, "expected": expected})


def plain(values):
    return [float(value) for value in values]


def agree(ours, theirs, tolerance=1e-7):
    assert abs(float(ours) - float(theirs)) <= tolerance * max(1.0, abs(float(theirs))), (ours, theirs)
    return float(ours)


# Distribution functions.

def chi_square_survival(x, degrees):
    return mpmath.gammainc(mpmath.mpf(degrees) / 2, mpmath.mpf(x) / 2, mpmath.inf, regularized=True)


def binomial_pmf(k, n, p):
    p = mpmath.mpf(p)
    return mpmath.binomial(n, k) * p**k * (1 - p) ** (n - k)


def student_two_sided(t, degrees):
    t, degrees = mpmath.mpf(t), mpmath.mpf(degrees)
    return mpmath.betainc(degrees / 2, mpmath.mpf(1) / 2, 0, degrees / (degrees + t * t), regularized=True)


def distributions():
    add("normal", "two-sided p and distribution function", [z := [-38.0, -8.5, -3.0, -1e-9, 0.0, 0.3, 1.0, 1.96, 5.0, 12.0, 37.5]][0],
        [[agree(mpmath.erfc(abs(mpmath.mpf(x)) / mpmath.sqrt(2)), 2 * scipy.stats.norm.sf(abs(x))), float(mpmath.ncdf(x))] for x in z])
    points = [[x, n] for n in (1, 2, 3, 4, 9, 22, 49, 50, 999, 100000)
              for x in (1e-12, 0.01, 1.0, 3.841, 20.0, 49.5, 186.0, 600.0, 1000.0, 99000.0)]
    points = [[x, n] for x, n in points if not (n > 1000 and x < 99000) and x < 1300 + 2 * n]
    add("chi_square", "survival function", points,
        [agree(chi_square_survival(x, n), scipy.stats.chi2.sf(x, n)) for x, n in points])
    points = [[t, n] for n in (1, 2, 3, 9, 30, 200, 5000, 1000000) for t in (1e-8, 0.1, 0.7, 2.0, 4.5, 9.0)] + [[1e30, 2], [60.0, 12]]
    add("student_t", "two-sided p", points,
        [agree(student_two_sided(t, n), 2 * scipy.stats.t.sf(t, n)) for t, n in points])
    points = [[k, n, p] for n, p in ((1, 0.3), (10, 0.5), (250, 0.01), (250, 0.05), (4000, 0.01), (100000, 0.025))
              for k in sorted({0, 1, 2, 5, 10, n // 40, n // 20, n // 2, n - 1, n}) if k <= n]
    cdf = []
    for k, n, p in points:
        total = mpmath.fsum(binomial_pmf(i, n, p) for i in range(k + 1)) if n < 5000 else 1 - mpmath.betainc(
            k + 1, n - k, 0, p, regularized=True) if k < n else mpmath.mpf(1)
        cdf.append([float(binomial_pmf(k, n, p)), agree(total, scipy.stats.binom.cdf(k, n, p))])
    add("binomial", "probability and distribution function", points, cdf)
    points = points + [[5, 10, 0.5], [3, 10, 0.5], [0, 10, 0.0], [10, 10, 1.0], [3, 10, 0.0], [9, 10, 1.0], [2, 4, 0.5], [40, 4000, 0.01], [6, 9, 1 / 3]]
    add("binomial_test", "two-sided p", points, [float(scipy.stats.binomtest(k, n, p).pvalue) for k, n, p in points])


# Probabilities.

def calibration_error(y, p):
    groups = np.array_split(np.argsort(p, kind="stable"), 10)
    return sum(abs(np.mean(y[g]) - np.mean(p[g])) * len(g) for g in groups if len(g)) / len(y)


def calibration_line(y, p):
    x = sm.add_constant(np.log(p) - np.log1p(-p), has_constant="add")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = sm.Logit(y, x).fit(disp=False, method="newton", tol=1e-13, maxiter=200)
    return fit.params[1], fit.params[0]


def classification(name, y, p, line=True):
    y, p = np.asarray(y, float), np.asarray(p, float)
    both = 0 < y.sum() < len(y)
    auc = float(sklearn.metrics.roc_auc_score(y, p)) if both else None
    slope, intercept = calibration_line(y, p) if line else (None, None)
    add("classification", name, {"outcome": plain(y), "probability": plain(p)},
        {"rows": len(y), "positives": int(y.sum()),
         "log_loss": float(sklearn.metrics.log_loss(y, p, labels=[0, 1])),
         "brier": float(sklearn.metrics.brier_score_loss(y, p, pos_label=1)) if both else float(np.mean((y - p) ** 2)),
         "auc": auc, "gini": None if auc is None else 2 * auc - 1,
         "ks": float(scipy.stats.ks_2samp(p[y == 1], p[y == 0], method="asymp").statistic) if both else None,
         "ece": float(calibration_error(y, p)),
         "calibration_slope": slope if slope is None else float(slope),
         "calibration_intercept": intercept if intercept is None else float(intercept)})


def drawn(rows, sharpness=1.0, shift=0.0, digits=4):
    z = numbers.normal(-1.0, 1.3, rows)
    p = np.round(1 / (1 + np.exp(-z)), digits)
    y = (numbers.random(rows) < 1 / (1 + np.exp(-(sharpness * z + shift)))).astype(float)
    return y, np.clip(p, 10.0**-digits, 1 - 10.0**-digits)


def probabilities():
    classification("calibrated", *drawn(200))
    classification("too sharp", *drawn(151, sharpness=0.4))
    classification("too timid and shifted", *drawn(97, sharpness=2.0, shift=0.8))
    classification("many ties", *drawn(120, digits=1))
    classification("probabilities near 0", (y := drawn(300))[0], np.round(y[1] * 1e-5 + 1e-9, 12))
    classification("less than ten rows", [0, 1, 0, 1, 1, 0], [0.1, 0.3, 0.4, 0.5, 0.6, 0.7])
    classification("eleven rows", [0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1], np.round(np.linspace(0.05, 0.9, 11), 3))
    classification("worse than chance", [1, 1, 0, 1, 0, 0], [0.1, 0.3, 0.2, 0.4, 0.6, 0.5])
    classification("no positive", np.zeros(25), drawn(25)[1], line=False)
    classification("all positive", np.ones(13), drawn(13)[1], line=False)
    classification("one row", [1], [0.3], line=False)
    classification("one row, certain and wrong", [1], [0.0], line=False)
    classification("separable", [0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.9], line=False)
    classification("separable the wrong way round", [1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], line=False)
    classification("separable but for a tie", [0, 0, 1, 1], [0.1, 0.2, 0.2, 0.4], line=False)
    classification("equal probabilities", [0, 1, 0, 1, 1], np.full(5, 0.4), line=False)
    classification("a probability of 0", *zero_or_one(0.0), line=False)
    classification("a probability of 1", *zero_or_one(1.0), line=False)


def zero_or_one(value):
    y, p = drawn(40)
    p[7] = value
    return y, p


# Numbers, variances, distributions, quantiles, classes.

def forecasts():
    for name, rows in (("forty rows", 40), ("one row", 1), ("equal targets", 5)):
        y = np.full(rows, 1.1) if name == "equal targets" else np.round(numbers.normal(2, 3, rows), 3)
        f = np.round(y + numbers.normal(0.2, 1, rows), 3)
        add("regression", name, {"target": plain(y), "forecast": plain(f)},
            {"rmse": math.sqrt(sklearn.metrics.mean_squared_error(y, f)), "mae": float(sklearn.metrics.mean_absolute_error(y, f)),
             "r2": float(sklearn.metrics.r2_score(y, f)) if len(set(plain(y))) > 1 else None})
    for name, rows, floor in (("no floor", 60, None), ("floor", 60, 0.01), ("one row", 1, None)):
        h = np.round(np.exp(numbers.normal(0, 1, rows)), 5)
        x = np.round(h * numbers.chisquare(1, rows), 5) + (1e-5 if floor is None else 0)
        used = x if floor is None else np.maximum(x, floor)
        terms = [mpmath.mpf(a) / mpmath.mpf(b) - mpmath.log(mpmath.mpf(a) / mpmath.mpf(b)) - 1 for a, b in zip(plain(used), plain(h))]
        add("qlike", name, {"target": plain(x), "variance": plain(h), "floor": floor}, float(mpmath.fsum(terms) / rows))
    for name, rows in (("three hundred rows", 300), ("one row", 1)):
        mean, sd = np.round(numbers.normal(0, 1, rows), 3), np.round(numbers.uniform(0.5, 2, rows), 3)
        y = np.round(mean + sd * numbers.normal(0, 1.2, rows), 3)
        inside = [float(np.mean((y >= low) & (y <= high))) for low, high in (
            scipy.stats.norm.interval(share, mean, sd) for share in (0.5, 0.8, 0.95))]
        add("normal_coverage", name, {"target": plain(y), "mean": plain(mean), "variance": plain(sd**2)}, inside)
    levels = [0.5, 0.05, 0.9]
    y = np.round(numbers.normal(0, 1, 80), 3)
    q = np.round(scipy.stats.norm.ppf(levels)[None, :] + numbers.normal(0, 0.9, (80, 3)), 3)
    ordered = q[:, [1, 0, 2]]
    add("quantiles", "three levels out of order, some cross", {"target": plain(y), "quantiles": plain(q.ravel()), "levels": levels},
        {"levels": [{"coverage": float(np.mean(y < q[:, i])), "tick": float(sklearn.metrics.mean_pinball_loss(y, q[:, i], alpha=level)),
                     "kupiec_p": kupiec(80, int(np.sum(y < q[:, i])), level)[1]} for i, level in enumerate(levels)],
         "crossing": float(np.mean(np.any(np.diff(ordered, axis=1) < 0, axis=1)))})
    label = numbers.integers(0, 3, 50)
    p = np.round(numbers.dirichlet([1, 1, 1], 50), 3)
    p[:, 2] = np.round(1 - p[:, 0] - p[:, 1], 3)
    p[3], p[4], label[3], label[4] = [1, 0, 0], [0.4, 0.4, 0.2], 1, 1
    add("classes", "three classes, a certain mistake and a tie", {"label": label.tolist(), "probability": plain(p.ravel()), "classes": 3},
        {"log_loss": float(-np.mean(np.log(np.clip(p[np.arange(50), label], 2.0**-52, 1 - 2.0**-52)))),
         "accuracy": float(sklearn.metrics.accuracy_score(label, p.argmax(axis=1)))})
    y = [2, 0, 1, 1]
    q = [[0.2, 0.3, 0.5], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.5, 0.25, 0.25]]
    add("classes", "three classes", {"label": y, "probability": plain(np.ravel(q)), "classes": 3},
        {"log_loss": float(sklearn.metrics.log_loss(y, q, labels=[0, 1, 2])), "accuracy": float(sklearn.metrics.accuracy_score(y, np.argmax(q, 1)))})


# Value at risk.

def entropy(count, share):
    """count ln share, with 0 ln 0 = 0."""
    return mpmath.mpf(0) if count == 0 else count * mpmath.log(share)


def ratio(lr, degrees):
    return [float(lr), float(chi_square_survival(max(lr, mpmath.mpf(0)), degrees))]


def kupiec_ratio(n, x, level):
    level, n = mpmath.mpf(level), mpmath.mpf(n)
    return 2 * (entropy(n - x, (n - x) / n) + entropy(x, x / n) - entropy(n - x, 1 - level) - entropy(x, level))


def kupiec(n, x, level):
    return ratio(kupiec_ratio(n, x, level), 1)


def independence_ratio(n00, n01, n10, n11):
    rows = [mpmath.mpf(n00 + n01), mpmath.mpf(n10 + n11)]
    all_rows, ones = mpmath.mpf(sum(rows)), mpmath.mpf(n01 + n11)
    if all_rows == 0:
        return mpmath.mpf(0)
    restricted = entropy(n00 + n10, 1 - ones / all_rows) + entropy(n01 + n11, ones / all_rows)
    free = sum(entropy(n, n / row) if n else 0 for n, row in zip((n00, n01, n10, n11), (rows[0], rows[0], rows[1], rows[1])))
    lr = 2 * (free - restricted)
    if min(rows[0], rows[1], n00 + n10, n01 + n11) > 0:
        theirs = scipy.stats.chi2_contingency([[n00, n01], [n10, n11]], correction=False, lambda_="log-likelihood")
        agree(lr, theirs.statistic)
    return lr


def value_at_risk(name, target, var, level, es=None):
    y, v = np.asarray(target, float), np.asarray(var, float)
    hit = (y < v).astype(int)
    n, x = len(y), int(hit.sum())
    pairs = list(zip(hit[:-1], hit[1:]))
    transitions = [pairs.count((a, b)) for a in (0, 1) for b in (0, 1)]
    first, second = kupiec_ratio(n, x, level), independence_ratio(*transitions)
    window = hit[-250:]
    probability = scipy.stats.binom.cdf(window.sum(), len(window), level)
    expected = {"rows": n, "exceedances": x, "rate": x / n, "tick": float(sklearn.metrics.mean_pinball_loss(y, v, alpha=level)),
                "kupiec": ratio(first, 1), "binomial_p": float(scipy.stats.binomtest(x, n, level).pvalue),
                "independence": ratio(second, 1), "conditional_coverage": ratio(first + second, 2), "transitions": transitions,
                "traffic_light": [len(window), int(window.sum()), "green" if probability < 0.95 else "yellow" if probability < 0.9999 else "red"]}
    given = {"target": plain(y), "var": plain(v), "level": level}
    if es is not None:
        e = np.asarray(es, float)
        given["es"] = plain(e)
        expected["z2"] = float(1 - np.mean(y * hit / (level * e)))
        expected["fz0"] = float(np.mean(-1 * (y <= v) * (v - y) / (level * e) + v / e + np.log(-e) - 1))
    add("value_at_risk", name, given, expected)


def returns(rows, spread=1.0):
    return np.round(spread * numbers.standard_t(5, rows), 3)


def with_exceedances(rows, places):
    y = np.zeros(rows)
    y[list(places)] = -3
    return y, np.full(rows, -2.0)


def values_at_risk():
    y = returns(400)
    value_at_risk("forty-fold level, with ES", y, np.full(400, -1.9), 0.05, np.full(400, -2.8))
    y = returns(320)
    v = np.round(-2.2 - 0.3 * np.abs(numbers.normal(0, 1, 320)), 3)
    value_at_risk("moving VaR and ES", y, v, 0.025, np.round(v * 1.3, 3))
    value_at_risk("no exceedance", *with_exceedances(260, []), 0.01, np.full(260, -2.5))
    value_at_risk("all exceeded", *with_exceedances(40, range(40)), 0.05, np.full(40, -2.5))
    value_at_risk("none in a row", *with_exceedances(300, range(7, 300, 37)), 0.01)
    value_at_risk("in a row", *with_exceedances(300, range(100, 109)), 0.01)
    value_at_risk("exactly the level", *with_exceedances(100, [50]), 0.01)
    value_at_risk("exactly the level of five in a hundred", *with_exceedances(100, [3, 20, 21, 60, 99]), 0.05)
    value_at_risk("only the first row", *with_exceedances(250, [0]), 0.01)
    value_at_risk("only the last row", *with_exceedances(250, [249]), 0.01)
    value_at_risk("every second row", *with_exceedances(50, range(0, 50, 2)), 0.05)
    value_at_risk("one row, kept", [0.1], [-2.0], 0.01, [-2.5])
    value_at_risk("one row, exceeded", [-2.4], [-2.0], 0.01, [-2.5])
    value_at_risk("two rows", [-2.4, -3.0], [-2.0, -2.0], 0.05)
    value_at_risk("equal to the target is not exceeded", [-2.0, -2.0, -2.1, 0.0], [-2.0, -2.0, -2.0, -2.0], 0.01, [-2.4, -2.4, -2.4, -2.4])
    value_at_risk("an upper level", *with_exceedances(60, range(58)), 0.95)
    for count in (4, 5, 9, 10):
        value_at_risk(f"{count} of 250", *with_exceedances(250, range(11, 11 + 13 * count, 13)), 0.01)
    value_at_risk("older exceedances are outside the window", *with_exceedances(300, list(range(0, 50, 2)) + [200]), 0.01)


# Means in time.

def newey_west(series, lag):
    fit = sm.OLS(series, np.ones(len(series))).fit(cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": False}, use_t=False)
    return float(fit.params[0]), float(fit.bse[0]), float(fit.tvalues[0]), float(fit.pvalues[0])


def by_time(values, time):
    return np.array([np.mean(values[time == t]) for t in np.unique(time)])


def in_time():
    for name, rows, periods, lag in (("a row a day", 200, 200, 21), ("several rows a day", 300, 90, 5), ("no lag", 60, 60, 0),
                                     ("more lags than a quarter", 50, 25, 21), ("as many lags as periods", 12, 12, 12)):
        time = np.sort(numbers.integers(0, periods, rows)) if periods < rows else np.arange(rows)
        order = numbers.permutation(rows)
        time = time[order]
        noise = np.convolve(numbers.normal(0, 1, rows + 4), np.ones(5) / 5, mode="valid")[order]
        loss, other = np.round(1 + noise, 4), np.round(1.05 + 0.6 * numbers.normal(0, 1, rows), 4)
        series = by_time(loss - other, time)
        mean, _, t, p = newey_west(series, lag)
        add("diebold_mariano", name, {"loss": plain(loss), "other": plain(other), "time": time.tolist(), "lag": lag},
            {"mean": mean, "t": t, "p": p, "lag": lag, "periods": len(series)})
        series = by_time(loss, time)
        capped = min(lag, len(series) // 4)
        mean, error, _, _ = newey_west(series, capped)
        add("time_interval", name, {"values": plain(loss), "time": time.tolist(), "lag": lag},
            {"mean": mean, "half_width": error * float(scipy.stats.norm.ppf(0.975)), "lag": capped, "count": len(series)})
    for name, loss, other, time in (("equal losses", [1.0, 0.3, 2.0], [1.0, 0.3, 2.0], [0, 1, 2]), ("one period", [1.0, 2.0], [0.5, 1.0], [4, 4]),
                                    ("a constant difference", [0.4, 0.5, 0.6, 0.7], [0.3, 0.4, 0.5, 0.6], [0, 1, 2, 3])):
        add("diebold_mariano", name, {"loss": loss, "other": other, "time": time, "lag": 2},
            {"mean": float(np.mean(np.subtract(loss, other))), "t": None, "p": None, "lag": 2, "periods": len(set(time))})
    for rows in (2, 4, 20, 700):
        values = np.round(numbers.normal(1, 0.4, rows), 4)
        low, high = scipy.stats.t.interval(0.95, rows - 1, values.mean(), scipy.stats.sem(values))
        add("student_interval", f"{rows} values", plain(values), {"mean": float(values.mean()), "half_width": float((high - low) / 2)})


def stability():
    for name, expected, actual in (("shares that moved", [10, 20, 30, 40], [20, 20, 30, 30]), ("nothing moved", [5, 5], [10, 10]),
                                   ("an empty group", [50, 50, 0], [40, 40, 20]), ("a group that emptied", [1, 9], [0, 10])):
        e = [mpmath.mpf(x) / sum(expected) if x else mpmath.mpf(1e-4) for x in expected]
        a = [mpmath.mpf(x) / sum(actual) if x else mpmath.mpf(1e-4) for x in actual]
        add("stability", name, {"expected": expected, "actual": actual}, float(mpmath.fsum((y - x) * mpmath.log(y / x) for x, y in zip(e, a))))
    for name, then, now in (("scores", np.round(numbers.normal(0, 1, 101), 3), np.round(numbers.normal(0.4, 1.2, 60), 3)),
                            ("few values", np.array([1.0, 1.0, 1.0, 2.0, 5.0]), np.array([1.0, 2.0, 2.0, 7.0]))):
        bounds = np.quantile(then, np.arange(1, 10) / 10)
        shares = [np.bincount(np.searchsorted(bounds, x, side="left"), minlength=10) / len(x) for x in (then, now)]
        e, a = (np.where(share == 0, 1e-4, share) for share in shares)
        add("stability_of_values", name, {"expected": plain(then), "actual": plain(now)}, float(np.sum((a - e) * np.log(a / e))))


# Historical simulation: numpy's quantile, row by row, without a sorted window.

def tail(values, level, scale):
    quantile = np.quantile(values, level)
    return [float(scale * quantile), float(scale * np.mean(values[values <= quantile]))]


def simulated(returns, scales, levels, most, least):
    """[rows][levels] of VaR and ES, null where there is none; NaN in `returns` or `scales` is a value that is not known."""
    forecasts = []
    for row, scale in enumerate(scales):
        residuals = (returns[:row] / scales[:row])
        residuals = residuals[~np.isnan(residuals)][-most:]
        known = len(residuals) >= least and not np.isnan(scale)
        forecasts.append([tail(residuals, level, scale) if known else None for level in levels])
    return forecasts


def nullable(values):
    return [None if np.isnan(value) else float(value) for value in values]


def historical_simulations():
    """Draws of their own, so that the fixtures before these keep their values."""
    draws = np.random.default_rng(20241130)
    for name, rows, residuals, least, missing in (("a full year before the first forecast", 300, 250, 250, 0.0), ("fewer than the window", 90, 60, 20, 0.0),
                                                  ("missing returns and variances", 120, 50, 30, 0.15), ("one residual", 6, 1, 1, 0.0)):
        variances = np.round(np.exp(draws.normal(0, 0.7, rows)), 4)
        returns = np.round(np.sqrt(variances) * draws.standard_t(5, rows), 3)
        returns[draws.random(rows) < missing] = np.nan
        variances[draws.random(rows) < missing] = np.nan
        levels = [0.01, 0.025, 0.05, 0.5]
        add("filtered_simulation", name, {"returns": nullable(returns), "variances": nullable(variances), "levels": levels, "residuals": residuals, "least": least},
            simulated(returns, np.sqrt(variances), levels, residuals, least))
    for name, rows, window, digits in (("returns", 80, 41, 3), ("many equal returns", 60, 25, 0)):
        returns = np.round(draws.standard_t(4, rows), digits)
        returns[7] = np.nan
        levels = [0.01, 0.05, 0.25]
        add("historical_simulation", name, {"returns": nullable(returns), "levels": levels, "window": window},
            simulated(returns, np.ones(rows), levels, window, window))


def main():
    distributions()
    probabilities()
    forecasts()
    values_at_risk()
    in_time()
    stability()
    historical_simulations()
    versions = {module.__name__: module.__version__ for module in (np, scipy, sklearn, statsmodels, mpmath)}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write('{"versions": ' + json.dumps(versions) + ',\n"fixtures": [\n' + ",\n".join(map(json.dumps, fixtures)) + "\n]}\n")
    print(f"{len(fixtures)} fixtures")


main()
