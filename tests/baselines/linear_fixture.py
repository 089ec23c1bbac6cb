#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes linear_fixture.hpp: linear models of losses by scikit-learn, numpy and SciPy, and the statistics of heterogeneity, empirical
Bayes and intercepts from their formulas in numpy.

usage: linear_fixture.py > linear_fixture.hpp      (needs numpy, scipy, scikit-learn)
"""
import numpy as np
import scipy.optimize
import scipy.stats
from sklearn.linear_model import LogisticRegression

from draws import tasks_of

FLOOR = 0.01  # of qlike
CASES = [  # seed, tasks, rows, inputs, level, spread, loss, offset, category
    (1, 12, 30, 3, 0.0, 0.0, "bce", False, False), (2, 12, 30, 3, 0.7, 0.0, "bce", False, False),
    (3, 15, 40, 4, 0.5, 0.6, "bce", True, False), (4, 8, 25, 5, 0.3, 0.2, "bce", False, True),
    (5, 30, 8, 2, 1.0, 0.0, "bce", True, False), (6, 12, 30, 3, 0.0, 0.0, "mse", False, False),
    (7, 12, 30, 3, 0.6, 0.4, "mse", True, False), (8, 9, 20, 5, 0.4, 0.0, "mse", False, True),
    (9, 12, 30, 3, 0.0, 0.0, "qlike", False, False), (10, 14, 40, 3, 1.0, 0.8, "qlike", True, False),
    (11, 10, 30, 5, 0.3, 0.3, "qlike", False, True), (12, 12, 40, 3, 0.3, 0.2, "softmax", False, False),
    (13, 12, 40, 5, 0.3, 0.2, "softmax", False, True)]


def logistic(o):
    return 1.0 / (1.0 + np.exp(-o))


def slopes(loss, o, y):
    """First derivative of the loss by the output, and the expected second one."""
    if loss == "bce":
        p = logistic(o)
        return p - y, p * (1 - p)
    if loss == "mse":
        return 2 * (o - y), np.full_like(o, 2.0)
    return 1 - np.maximum(y, FLOOR) * np.exp(-o), np.ones_like(o)


def losses(loss, o, y):
    if loss == "bce":
        return np.logaddexp(0, o) - y * o
    if loss == "mse":
        return (o - y) ** 2
    return np.maximum(y, FLOOR) * np.exp(-o) + o


def fit(loss, x, y, offset):
    z = np.column_stack([x, np.ones(len(x))])
    if loss in ("bce", "softmax") and not offset.any():
        model = LogisticRegression(C=np.inf, solver="lbfgs", tol=1e-12, max_iter=100000)
        model.fit(x, y)
        w = np.column_stack([model.coef_, model.intercept_])
        if loss == "bce":
            return polished(loss, w[0], z, y, offset)
        return w - w[0]
    if loss == "mse":
        return np.linalg.lstsq(z, y - offset, rcond=None)[0]
    start = np.zeros(z.shape[1])
    best = scipy.optimize.minimize(lambda w: losses(loss, offset + z @ w, y).mean(), start, method="BFGS",
                                   jac=lambda w: slopes(loss, offset + z @ w, y)[0] @ z / len(y), options={"gtol": 1e-10})
    return polished(loss, best.x, z, y, offset)


def polished(loss, w, z, y, offset):
    """Pseudo-inverse Newton steps; scikit-learn's own answer must not move by 1e-6 in a probability."""
    before = z @ w
    for _ in range(10):
        o = offset + z @ w
        g, h = slopes(loss, o, y)
        if loss == "qlike":
            h = np.maximum(y, FLOOR) * np.exp(-o)
        w = w - np.linalg.pinv(z.T @ (z * h[:, None]), rcond=1e-10) @ (z.T @ g)
    assert np.abs(logistic(z @ w) - logistic(before)).max() < 1e-6
    return w


def heterogeneity(loss, w, tasks):
    s, i, own = [], [], []
    for x, y, offset in tasks:
        o = offset + np.column_stack([x, np.ones(len(x))]) @ w
        g, h = slopes(loss, o, y)
        s.append(-g.sum())
        i.append(h.sum())
        if loss == "bce" and (y.min() == y.max()):
            continue
        a = scipy.optimize.brentq(lambda a: slopes(loss, o + a, y)[0].sum(), -60, 60, xtol=1e-14, rtol=1e-14)
        own.append((x, *slopes(loss, o + a, y)))
    dispersion = 1.0
    if loss != "bce":
        n = sum(len(g) for _, g, _ in own)
        dispersion = sum((g**2).sum() for _, g, _ in own) / sum(h.sum() for _, _, h in own) * n / (n - len(own))
    s, i = np.array(s) / dispersion, np.array(i) / dispersion
    t, traces = [], 0.0
    for x, g, h in own:
        score = x.T @ -g / dispersion
        center = (h @ x) / h.sum()
        information = (x - center).T @ ((x - center) * h[:, None]) / dispersion
        t.append(score @ score - np.trace(information))
        traces += np.trace(information @ information)
    t = np.array(t)
    q = (s**2 / i).sum()
    z = t.sum() / np.sqrt((t**2).sum())
    return [len(s), dispersion, q, scipy.stats.chi2.sf(q, len(s) - 1), ((s**2 - i).sum()) / (i**2).sum(), len(own), z,
            scipy.stats.norm.sf(z), t.sum() / traces]


def mode(loss, x, y, offset, mean, precision, dispersion):
    z = np.column_stack([x, np.ones(len(x))])
    w = mean.copy()
    for _ in range(100):
        o = offset + z @ w
        g, h = slopes(loss, o, y)
        if loss == "qlike":
            h = np.maximum(y, FLOOR) * np.exp(-o)
        hessian = z.T @ (z * h[:, None]) / dispersion + precision
        step = np.linalg.solve(hessian, z.T @ g / dispersion + precision @ (w - mean))

        def value(v):
            return losses(loss, offset + z @ v, y).sum() / dispersion + (v - mean) @ precision @ (v - mean) / 2
        share = 1.0
        while value(w - share * step) > value(w) + 1e-12 and share > 1e-8:
            share /= 2
        w = w - share * step
    return w, np.linalg.inv(hessian)


def empirical_bayes(loss, w, tasks, dispersion):
    """Expectation-maximisation from w and 0.1 I on, ended by the rule of definitions.md."""
    mean, covariance = w.copy(), 0.1 * np.eye(len(w))
    for _ in range(100):
        precision = np.linalg.inv(covariance)
        modes = [mode(loss, x, y, offset, mean, precision, dispersion) for x, y, offset in tasks]
        at = np.array([m for m, _ in modes])
        mean = at.mean(0)
        new = (at - mean).T @ (at - mean) / len(at) + np.mean([c for _, c in modes], axis=0)
        done = ((new - covariance) ** 2).sum() <= 1e-10 * (new**2).sum()
        covariance = new + 1e-8 * np.eye(len(w))
        if done:
            break
    return mean, covariance


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in np.ravel(values)) + "}"


def main():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Written by linear_fixture.py. Statistics: tasks, dispersion, q, its p, tau2, tasks with an intercept, z, its p, tau2.")
    print("#pragma once\n\n#include <vector>\n\n#include \"baselines/draws.hpp\"\n\nnamespace shoal::testing {\n")
    print("struct LinearFixture {\n  RowsCase rows;\n  std::vector<double> coefficients, statistics, prior_mean, prior_covariance;")
    print("  double intercept;  ///< posterior mode for the first task's first 20 rows at most, variance 0.3\n};\n")
    print("// clang-format off\ninline const std::vector<LinearFixture> linear_fixtures = {")
    for case in CASES:
        loss = case[6]
        tasks = [tuple(map(np.array, zip(*task))) for task in tasks_of(case)]
        x, y, offset = (np.concatenate([task[k] for task in tasks]) for k in range(3))
        w = fit(loss, x, y, offset)
        statistics, mean, covariance, intercept = [], [], [], 0.0
        if loss != "softmax":
            statistics = heterogeneity(loss, w, tasks)
            x0, y0, offset0 = (part[:20] for part in tasks[0])
            o = offset0 + np.column_stack([x0, np.ones(len(x0))]) @ w
            intercept = scipy.optimize.brentq(lambda a: slopes(loss, o + a, y0)[0].sum() / statistics[1] + a / 0.3, -60, 60, xtol=1e-14)
            if not case[8] and case[0] in (3, 7, 10):
                mean, covariance = empirical_bayes(loss, w, tasks, statistics[1])
        flags = ", ".join(str(flag).lower() for flag in case[7:])
        head = ", ".join(map(repr, case[:6])) + f", LossKind::{loss}, {flags}"
        print("    {{" + head + "},")
        print("     " + ",\n     ".join(numbers(v) for v in (w, statistics, mean, covariance)) + f",\n     {float(intercept)!r}}},")
    print("};\n// clang-format on\n\n}  // namespace shoal::testing")


main()
