# SPDX-License-Identifier: MIT
"""What the driver tells of an open node in /proc."""

from __future__ import annotations

from pathlib import Path

PREFIX = "devcrypto-"


def lines(descriptor: int) -> dict[str, str]:
    """The device's own lines in the fdinfo of a descriptor, without their prefix."""
    text = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
    pairs = (line.split(":\t", 1) for line in text.splitlines())
    return {key.removeprefix(PREFIX): value for key, value in pairs if key.startswith(PREFIX)}


def numbers(descriptor: int) -> dict[str, int]:
    """Those of the lines that are numbers."""
    return {key: int(value) for key, value in lines(descriptor).items() if value.isdigit()}
