# SPDX-License-Identifier: MIT
"""Read the guest's kernel log for what the kernel itself calls a fault."""

from __future__ import annotations

import re
from pathlib import Path

BEGIN = "guest: command begins"

# How the kernel's checkers open a report.
REPORT = re.compile(
    r"\bBUG: |\bBUG at |\] WARNING: "
    r"|\bOops\b|Kernel panic|general protection fault|kernel NULL pointer|stack segment:"
    r"|\b(?:KASAN|KCSAN|KFENCE|KMSAN|UBSAN): |kmemleak: \d+ new|unreferenced object"
    r"|INFO: task .* blocked for more than|INFO: rcu_\w+ .*stall|self-detected stall"
    r"|refcount_t: |ODEBUG: |list_(?:add|del) corruption|Object already free|Call Trace:"
)

# QEMU 7.2 offers RSA but refuses the raw form that the kernel's self-test uses.
EXPECTED = re.compile(
    r"alg: self-tests for rsa using virtio-crypto-rsa failed.*?---\[ end trace \w+ \]---", re.DOTALL
)


def since_begin(log: str) -> str:
    """The part of the log that was written after the command began; all of it if it never did."""
    return log.partition(BEGIN)[2] or log


def find_reports(log: str) -> list[str]:
    """Lines of `log` that open a report, in their order; the one expected at boot is left out."""
    boot, begin, rest = log.partition(BEGIN)
    log = EXPECTED.sub("", boot, count=1) + begin + rest
    return [line.strip() for line in log.splitlines() if REPORT.search(line)]


def read(path: Path) -> str:
    """The log as text, whatever bytes a dying machine wrote into it."""
    return path.read_text(encoding="utf-8", errors="replace").replace("\r", "")
