#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes garch_fixture.hpp: the best GARCH(1,1) and GJR-GARCH(1,1) likelihoods that SciPy (from many starts) and arch find for simulated
series, and an independent likelihood at given parameters.

usage: garch_fixture.py > garch_fixture.hpp      (needs numpy, scipy, arch)
"""
import warnings

import numpy as np
import scipy.optimize
import scipy.signal
from arch import arch_model

from draws import returns_of

warnings.filterwarnings("ignore")
CASES = []  # seed, count, omega, alpha, gamma, beta, zeros
for count in (250, 1000, 3000):
    for number, shape in enumerate([
            (0.05, 0.05, 0.08, 0.88, 0.0), (0.1, 0.1, 0.0, 0.8, 0.0), (1.0, 0.0, 0.0, 0.0, 0.0), (0.5, 0.4, 0.0, 0.0, 0.0),
            (0.02, 0.0, 0.12, 0.92, 0.0), (0.01, 0.08, 0.0, 0.92, 0.0), (0.3, 0.05, -0.05, 0.6, 0.0), (0.2, 0.3, 0.3, 0.5, 0.0),
            (0.05, 0.05, 0.05, 0.9, 0.3), (1e-6, 0.04, 0.06, 0.91, 0.0), (50.0, 0.0, 0.3, 0.7, 0.0), (0.1, 0.02, 0.0, 0.2, 0.6)]):
        CASES.append((1000 * count + number, count, *shape))


def variances(p, r):
    """By SciPy's recursive filter: h_t = x_t + beta h_{t-1}, h_1 = mean square."""
    omega, alpha, gamma, beta = p
    h1 = np.mean(r**2)
    x = omega + (alpha + gamma * (r[:-1] < 0)) * r[:-1] ** 2
    return np.concatenate([[h1], scipy.signal.lfilter([1.0], [1.0, -beta], x, zi=[beta * h1])[0]])


def loglikelihood(p, r):
    h = variances(p, r)
    return -0.5 * np.sum(np.log(2 * np.pi) + np.log(h) + r**2 / h)


def allowed(p):
    omega, alpha, gamma, beta = p
    return omega > 0 and alpha >= 0 and alpha + gamma >= 0 and beta >= 0 and alpha + gamma / 2 + beta < 1


def best(r, gjr):
    scale = np.mean(r**2)

    def full(v):  # of free numbers: omega / scale, alpha, alpha + gamma, beta
        return (v[0] * scale, v[1], (v[2] - v[1]) if gjr else 0.0, v[-1])

    def cost(v):
        p = full(v)
        return -loglikelihood(p, r) / len(r) if allowed(p) else 1e10 + 1e3 * np.abs(v).sum()
    bounds = [(1e-12, 50.0)] + [(0.0, 1.999)] * (2 if gjr else 1) + [(0.0, 0.99999)]
    weights = np.array([0.0, 0.5, 0.5, 1.0]) if gjr else np.array([0.0, 1.0, 1.0])
    found = []
    for persistence in (0.2, 0.7, 0.95, 0.99):
        for news in (0.05, 0.3, 0.9):
            a = persistence * news
            start = np.array([1 - persistence, a, a, persistence - a] if gjr else [1 - persistence, a, persistence - a])
            result = scipy.optimize.minimize(cost, start, method="SLSQP", bounds=bounds, options={"ftol": 1e-12, "maxiter": 500},
                                             constraints={"type": "ineq", "fun": lambda v: 1 - 1e-9 - weights @ v})
            if np.isfinite(result.fun) and allowed(full(result.x)):
                found.append((result.fun, tuple(result.x)))
    found.sort()
    for _, at in found[:2]:
        result = scipy.optimize.minimize(cost, at, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000})
        if allowed(full(result.x)):
            found.append((result.fun, tuple(result.x)))
    value, at = min(found)
    candidates = [full(at)]
    fitted = arch_model(r, mean="Zero", vol="GARCH", p=1, o=int(gjr), q=1, rescale=False).fit(disp="off").params.values
    theirs = (fitted[0], fitted[1], fitted[2] if gjr else 0.0, fitted[-1])
    if allowed(theirs):
        candidates.append(theirs)
    return max(loglikelihood(p, r) for p in candidates)


def main():
    print("// SPDX-License-Identifier: Apache-2.0\n// Written by garch_fixture.py.\n#pragma once\n\n#include <vector>\n")
    print("#include \"baselines/draws.hpp\"\n\nnamespace shoal::testing {\n\nstruct GarchFixture {\n  ReturnsCase returns;")
    print("  double at_given;              ///< log-likelihood at the parameters of the case, those of beta = 0.3 where they are 0")
    print("  double best_garch, best_gjr;  ///< the largest that SciPy or arch find\n};\n")
    print("// clang-format off\ninline const std::vector<GarchFixture> garch_fixtures = {")
    for case in CASES:
        r = np.array(returns_of(case))
        given = loglikelihood((case[2], case[3], case[4], case[5] or 0.3), r)
        print("    {{" + ", ".join(map(repr, case)) + f"}}, {given!r}, {best(r, False)!r}, {best(r, True)!r}}},".replace("np.float64(", "").replace(")", ""))
    print("};\n// clang-format on\n\n}  // namespace shoal::testing")


main()
