# SPDX-License-Identifier: MIT
"""What a run says: as text, as JSON, in the Test Anything Protocol."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

from .model import Failure, Outcome

Print = Callable[[str], object]

_SHOWN = 10
"""Failures of an implementation that are shown but in JSON, which has all that are kept."""


@dataclass(slots=True)
class Totals:
    """Sums over all implementations."""

    drivers: int = 0
    """Implementations that did at least one case."""
    passed: int = 0
    """Cases that were right."""
    failed: int = 0
    """Cases that were wrong."""
    skipped: int = 0
    """Cases that were not run."""
    requests: int = 0
    """Requests."""
    seed: int | None = None
    """Of the random cases; None if there are none."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Vectors that are no cases, by reason."""

    def add(self, outcome: Outcome) -> None:
        """Add an implementation."""
        self.drivers += bool(outcome.passed or outcome.failed)
        self.passed += outcome.passed
        self.failed += outcome.failed
        self.skipped += outcome.skipped
        self.requests += outcome.requests


class Report(ABC):
    """A form of report.

    Args:
        print: takes a line.
    """

    def __init__(self, print: Print) -> None:
        self._print = print

    @abstractmethod
    def outcome(self, outcome: Outcome) -> None:
        """Tell of an implementation."""

    @abstractmethod
    def end(self, totals: Totals) -> None:
        """Tell of all."""


class Text(Report):
    """For people."""

    def outcome(self, outcome: Outcome) -> None:
        verdict = _verdict(outcome)
        counts = f"{outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
        self._print(f"{verdict:4}  {outcome.driver:32}  {outcome.name:28}  {counts}")
        if outcome.judge:
            self._print(f"      judged by {outcome.judge}")
        for reason, count in outcome.reasons.items():
            self._print(f"      skipped {count}: {reason}")
        for line in _failures(outcome):
            self._print(f"      {line}")

    def end(self, totals: Totals) -> None:
        for reason, count in sorted(totals.left_out.items()):
            self._print(f"left out {count}: {reason}")
        if totals.seed is not None:
            self._print(f"seed {totals.seed}")
        self._print(
            f"{totals.drivers} drivers, {totals.requests} requests: {totals.passed} passed, "
            f"{totals.failed} failed, {totals.skipped} skipped"
        )


class Tap(Report):
    """Test Anything Protocol, version 13: a test for each implementation."""

    def __init__(self, print: Print) -> None:
        super().__init__(print)
        self._count = 0
        print("TAP version 13")

    def outcome(self, outcome: Outcome) -> None:
        self._count += 1
        verdict = _verdict(outcome)
        head = "not ok" if verdict == "FAIL" else "ok"
        line = f"{head} {self._count} - {outcome.driver} {outcome.name}"
        if verdict == "skip":
            line += f" # SKIP {', '.join(outcome.reasons)}"
        self._print(line)
        self._print(
            f"# {outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped, "
            f"{outcome.requests} requests"
        )
        if outcome.judge:
            self._print(f"# judged by {outcome.judge}")
        for text in _failures(outcome):
            self._print(f"# {text}")

    def end(self, totals: Totals) -> None:
        if totals.seed is not None:
            self._print(f"# seed {totals.seed}")
        self._print(f"1..{self._count}")


class Json(Report):
    """For programs: one object."""

    def __init__(self, print: Print) -> None:
        super().__init__(print)
        self._outcomes: list[Mapping[str, object]] = []

    def outcome(self, outcome: Outcome) -> None:
        self._outcomes.append(
            asdict(outcome) | {"alg_class": outcome.alg_class.name.lower()},
        )

    def end(self, totals: Totals) -> None:
        self._print(json.dumps(asdict(totals) | {"outcomes": self._outcomes}, indent=2))


def _verdict(outcome: Outcome) -> str:
    if outcome.failed:
        return "FAIL"
    return "ok" if outcome.passed else "skip"


def _failures(outcome: Outcome) -> list[str]:
    lines = []
    for failure in outcome.failures[:_SHOWN]:
        lines += _lines(failure)
    if outcome.failed > _SHOWN:
        lines.append(f"and {outcome.failed - _SHOWN} more")
    return lines


def _lines(failure: Failure) -> list[str]:
    return [
        f"{failure.vector} ({failure.layout})",
        f"  expected {failure.expected}",
        f"  got      {failure.got}",
    ]
