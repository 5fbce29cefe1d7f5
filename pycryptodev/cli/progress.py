# SPDX-License-Identifier: MIT
"""A progress bar for long work that someone watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG_BYTES = 8 << 20
"""Less is done before a bar is of use."""
DELAY_SECONDS = 1.0


@contextmanager
def progress(total_bytes: int | None, label: str) -> Iterator[Callable[[int], object]]:
    """Show on standard error how far the work is, if that is a terminal.

    Args:
        total_bytes: length of the work; None where it is not known.
        label: what is worked on.

    Yields:
        what to call with the bytes done since the last call.
    """
    short = total_bytes is not None and total_bytes < LONG_BYTES
    if short or not sys.stderr.isatty():
        yield lambda done: None
        return
    # Takes longer to import than most commands to run.
    from tqdm import tqdm

    with tqdm(
        total=total_bytes,
        desc=label,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        leave=False,
        delay=DELAY_SECONDS,
        file=sys.stderr,
    ) as bar:
        yield bar.update
