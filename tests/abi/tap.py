# SPDX-License-Identifier: MIT
"""Run the C tests and give each of their results to pytest.

A program runs all of its tests when the first of them is asked for; the others find their results
there. `make -C tests/abi` builds the programs, before the guest that runs them is started.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent
PROGRAMS = SOURCES.parents[1] / "build/tests/abi"
# For 64-bit callers, and for 32-bit ones.
BITS = ("64", "32")
# What is linked into the programs, and what is only compiled.
SHARED = {"harness", "device", "header", "ring", "simulator"}
# Programs for 64-bit callers alone: Debian has no liburing for the others.
ONLY_64 = {"uring", "uring_fixed", "uring_life", "engine_exec", "engine_uring"}
# Programs that need the administrator, and those of them that need the simulated engine.
ENGINE = {"engine", "engine_exec", "engine_uring"}
ADMIN = {"admin"} | ENGINE
# Limit for one program in seconds; each of its tests has a limit of its own.
TIMEOUT_S = 600

LINE = re.compile(r"^(not )?ok \d+ - (\S+)(?: # SKIP (.*))?$")


@dataclass(frozen=True)
class Result:
    """What became of one test.

    Args:
        passed: false if it failed.
        skipped: why it was not run; empty if it was.
        notes: what it said.
    """

    passed: bool
    skipped: str
    notes: str


def program_names() -> list[str]:
    """Names of the programs, by their sources."""
    return sorted({path.stem for path in SOURCES.glob("*.c")} - SHARED)


def _programs(names: list[str]) -> list[str]:
    """The programs (`64/config`) of these names."""
    return [
        f"{bits}/{name}" for bits in BITS for name in names if bits == "64" or name not in ONLY_64
    ]


def cases(names: list[str]) -> list[tuple[str, str]]:
    """Pairs of a program (`64/config`) and one of its tests, for all programs that are built."""
    found = []
    for program in _programs(names):
        path = PROGRAMS / program
        if path.exists():
            listed = subprocess.run([path, "--list"], capture_output=True, text=True, check=True)
            found += [(program, test) for test in listed.stdout.split()]
    return found


def missing(names: list[str]) -> list[str]:
    """The programs that have not been built."""
    return [program for program in _programs(names) if not (PROGRAMS / program).exists()]


@cache
def results(program: str) -> dict[str, Result]:
    """Run a program and return the result of each test that it reports."""
    done = subprocess.run(
        [PROGRAMS / program], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    found: dict[str, Result] = {}
    notes: list[str] = []
    for line in (done.stdout + done.stderr).splitlines():
        if match := LINE.match(line):
            failed, test, reason = match.groups()
            found[test] = Result(not failed, reason or "", "\n".join(notes))
            notes = []
        else:
            notes.append(line)
    return found


def check(program: str, test: str) -> None:
    """Pass, skip or fail as the program's test did."""
    result = results(program).get(test)
    if result is None:
        pytest.fail(f"{program} ended without a result of {test}", pytrace=False)
    if result.skipped:
        pytest.skip(result.skipped)
    if not result.passed:
        pytest.fail(result.notes, pytrace=False)
