# SPDX-License-Identifier: MIT
"""Read the guest's kernel log for what the kernel itself calls a fault."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

BEGIN = "guest: command begins"

# How the kernel's checkers open a report.
REPORT = re.compile(
    r"\bBUG: |\bBUG at |[\];] ?WARNING: "
    r"|\bOops\b|Kernel panic|general protection fault|kernel NULL pointer|stack segment:"
    r"|\b(?:KASAN|KCSAN|KFENCE|KMSAN|UBSAN): |kmemleak: \d+ new|unreferenced object"
    r"|INFO: task .* blocked for more than|INFO: rcu_\w+ .*stall|self-detected stall"
    r"|refcount_t: |ODEBUG: |list_(?:add|del) corruption|Object already free|Call Trace:"
    # A checker that has given up.
    r"|pagealloc: |Kernel memory leak detector disabled|INFO: lockdep is turned off"
)

# QEMU 7.2 offers RSA but refuses the raw form that the kernel's self-test uses.
EXPECTED = re.compile(
    r"alg: self-tests for rsa using virtio-crypto-rsa failed.*?---\[ end trace \w+ \]---", re.DOTALL
)

# KCSAN's reports begin so and end with a line of this; each stack entry names its module.
RACE = "BUG: KCSAN: "
RACE_END = "=" * 60
OURS = "[devcrypto"

# What the tests write to the log, around each of themselves.
MARK = re.compile(r"test (begins|ends): (.*)$")


# What the kernel says when it has come up.
UP = re.compile(r"Run \S+ as init process")


def came_up(log: str) -> bool:
    """Did the kernel run its first program?"""
    return bool(UP.search(log))


def since_begin(log: str) -> str:
    """The part of the log that was written after the command began; all of it if it never did."""
    return log.partition(BEGIN)[2] or log


def find_reports(log: str) -> list[str]:
    """Lines of `log` that open a report, in their order.

    Left out are the one that is expected at boot, and races in which no code of the project's takes
    part.
    """
    boot, begin, rest = log.partition(BEGIN)
    log = EXPECTED.sub("", boot, count=1) + begin + rest
    lines = log.splitlines()
    return [
        line.strip()
        for index, line in enumerate(lines)
        if REPORT.search(line) and not _is_foreign_race(lines, index)
    ]


def _is_foreign_race(lines: list[str], index: int) -> bool:
    """Whether KCSAN's report that begins there is of a race of the kernel with itself.

    A report without an end is not.
    """
    if RACE not in lines[index]:
        return False
    for line in lines[index:]:
        if OURS in line:
            return False
        if RACE_END in line:
            return True
    return False


def attribute(log: str) -> Iterator[tuple[str, str]]:
    """The reports in `log`, each with where it falls, as the marks of the tests tell.

    Yields:
        pairs of `in TEST` or `after TEST`, empty ahead of the first mark, and the line that opens
        the report.
    """
    reports = iter(find_reports(log))
    report = next(reports, None)
    where = ""
    for line in log.splitlines():
        if mark := MARK.search(line):
            where = f"{'in' if mark[1] == 'begins' else 'after'} {mark[2].strip()}"
        elif line.strip() == report:
            yield where, report
            report = next(reports, None)


def read(path: Path) -> str:
    """The log as text, whatever bytes a dying machine wrote into it."""
    return path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
