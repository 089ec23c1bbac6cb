# SPDX-License-Identifier: Apache-2.0
"""Random numbers and data that draws.hpp draws bit by bit alike: what the oracles of this folder are computed on."""
import math


class Draws:
    """Knuth's linear congruential generator with 64 bits; a normal number is the sum of twelve uniform ones less 6."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) * 2.0**-53

    def normal(self):
        total = 0.0
        for _ in range(12):
            total += self.uniform()
        return total - 6.0


def tasks_of(case):
    """Rows (x, y, offset) of every task. A case: seed, tasks, rows of a task, inputs, deviation of levels and of slopes, loss,
    whether there is an offset, whether the last three inputs are one category."""
    seed, tasks, rows, inputs, level, spread, loss, with_offset, category = case
    draws = Draws(seed)
    common = [draws.normal() for _ in range(inputs)]
    result = []
    for _ in range(tasks):
        intercept = level * draws.normal() - 0.7
        slopes = [0.5 * b + spread * draws.normal() for b in common]
        task = []
        for _ in range(rows):
            x = [draws.normal() for _ in range(inputs)]
            if category:
                chosen = int(draws.uniform() * 3.0)
                x[inputs - 3 :] = [1.0 if chosen == k else 0.0 for k in range(3)]
            offset = 0.3 * draws.normal() if with_offset else 0.0
            output = offset + intercept
            for b, value in zip(slopes, x):
                output += b * value
            draw = draws.uniform()
            if loss == "bce":
                y = 1.0 if draw < 1.0 / (1.0 + math.exp(-output)) else 0.0
            elif loss == "mse":
                y = output + draws.normal()
            elif loss == "qlike":
                y = math.exp(0.3 * output) * draws.normal() ** 2
            else:
                y = float((draw < 1.0 / (1.0 + math.exp(-output))) + (draw < 1.0 / (1.0 + math.exp(1.0 - output))))
            task.append((x, y, offset))
        result.append(task)
    return result


def returns_of(case):
    """A GJR series. A case: seed, number of returns, omega, alpha, gamma, beta, and the share of returns that are 0."""
    seed, count, omega, alpha, gamma, beta, zeros = case
    draws = Draws(seed)
    h = omega / max(1.0 - alpha - gamma / 2.0 - beta, 0.02)
    series = []
    for _ in range(count):
        idle = draws.uniform() < zeros
        r = 0.0 if idle else math.sqrt(h) * draws.normal()
        series.append(r)
        h = omega + (alpha + (gamma if r < 0.0 else 0.0)) * r * r + beta * h
    return series
