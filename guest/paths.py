# SPDX-License-Identifier: MIT
"""Where things lie: the checkout, what is built in it, and the cache outside it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "devcrypto"


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Keep two runs that start together from preparing the same directory twice."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
