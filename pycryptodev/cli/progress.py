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
def progress(
    total: int | None, label: str, *, unit: str = "B"
) -> Iterator[Callable[[int], object]]:
    """Show on standard error how far the work is, if that is a terminal.

    Args:
        total: length of the work; None where it is not known.
        label: what is worked on.
        unit: what the work is counted in.

    Yields:
        what to call with what has been done since the last call.
    """
    in_bytes = unit == "B"
    short = in_bytes and total is not None and total < LONG_BYTES
    if short or not sys.stderr.isatty():
        yield lambda done: None
        return
    # Takes longer to import than most commands to run.
    from tqdm import tqdm

    with tqdm(
        total=total,
        desc=label,
        unit=unit,
        unit_scale=in_bytes,
        unit_divisor=1024,
        leave=False,
        delay=DELAY_SECONDS,
        file=sys.stderr,
    ) as bar:
        yield bar.update
