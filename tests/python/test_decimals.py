# SPDX-License-Identifier: Apache-2.0
"""Floats of 32 bits become the doubles that their shortest decimals name."""
import numpy as np
import pytest
from shoal.frames import shortest_decimals


@pytest.mark.parametrize("kind", ["normal", "rounded", "eighths", "whole", "bits", "near powers"])
def test_shortest_decimals_are_those_of_the_texts(kind):
    rng = np.random.default_rng(0)
    n = 40_000
    powers = np.concatenate([2.0 ** np.arange(-39, 43), 10.0 ** np.arange(-39, 38)]).astype(np.float32)
    values = {
        "normal": lambda: rng.normal(size=n), "rounded": lambda: np.round(rng.normal(size=n) * 100, 2), "eighths": lambda: rng.integers(0, 1000, n) / 8,
        "whole": lambda: rng.integers(0, 2**31, n), "bits": lambda: rng.integers(0, 2**32, n, dtype=np.uint64).astype(np.uint32).view(np.float32),
        "near powers": lambda: (powers.view(np.uint32)[:, None].astype(np.int64) + np.arange(-99, 99)).astype(np.uint32).view(np.float32).ravel(),
    }[kind]()  # fmt: skip
    values = np.append(values.astype(np.float32), np.float32([0.0, -0.0, np.nan, np.inf, -np.inf]))
    expected = values.astype(str).astype(np.float64)
    np.testing.assert_array_equal(shortest_decimals(values), expected)
    np.testing.assert_array_equal(np.signbit(shortest_decimals(values)), np.signbit(expected))


def test_float32_is_not_printed(monkeypatch):
    """Printing every number made fitting fifteen times as slow."""
    values = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    printed = []
    monkeypatch.setattr("shoal.frames.as_printed", lambda some: printed.append(len(some)) or some.astype(str).astype(np.float64))
    shortest_decimals(values)
    assert sum(printed) < 200
