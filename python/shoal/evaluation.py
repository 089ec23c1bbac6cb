# SPDX-License-Identifier: Apache-2.0
"""The table that an evaluation gives."""
from __future__ import annotations

from typing import Any


class EvaluationTable:
    """Query losses by number of adaptation steps: a line each, as `shoal evaluate` prints them."""

    def __init__(self, summary):
        self._summary = summary

    def to_dict(self) -> list[dict[str, Any]]:
        """Its lines as dictionaries.

        Returns
        -------
        list of dict
            For each number of steps: `steps`, `tasks`, `good`, `mean`, `half_width` (of the mean's 95 % interval), `median`, `q99`, `q999`,
            `divergence_rate` and `failures`.
        """
        return [dict(line) for line in self._summary]

    def __len__(self) -> int:
        return len(self._summary)

    def __str__(self) -> str:
        lines = [f"{'steps':>5} {'loss':>12} {'+-':>12} {'median':>12} {'q99':>12} {'q99.9':>12} {'tasks':>7} {'failed':>7}"]
        for one in self._summary:
            lines.append(
                f"{one['steps']:>5} {one['mean']:>12.6g} {one['half_width']:>12.3g} {one['median']:>12.6g} {one['q99']:>12.6g} "
                f"{one['q999']:>12.6g} {one['tasks']:>7} {one['tasks'] - one['good']:>7}"
            )
        return "\n".join(lines)

    __repr__ = __str__
