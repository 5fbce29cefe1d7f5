# SPDX-License-Identifier: MIT
"""Reading a stream of any length in whole units, the last of which is recognised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Source(Protocol):
    """What is read: an unbuffered file, a pipe, or anything else with this method."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill the buffer from its beginning; returns the bytes read, 0 at the end."""


class Piece(NamedTuple):
    """Some of the stream."""

    data: memoryview
    """The bytes; writable, and valid until the next piece is taken."""
    last: bool
    """Whether the stream ends here."""


def pieces(source: Source, unit_bytes: int, most_units: int) -> Iterator[Piece]:
    """Cut a stream at multiples of a unit.

    The stream is read as it comes, so that data in a pipe wait for no more than the rest of their
    unit and the first byte behind it.

    Args:
        source: the stream, read to its end.
        unit_bytes: length of a unit, at least 1.
        most_units: most units in one piece, at least 1.

    Yields:
        pieces of one or more whole units, and one piece with `last` set that holds between 1 and
        `unit_bytes` bytes, or none if the stream is empty.
    """
    buffer = memoryview(bytearray(unit_bytes * most_units + 1))
    filled = 0
    while got := source.readinto(buffer[filled:]):
        filled += got
        whole = (filled - 1) // unit_bytes * unit_bytes
        if whole:
            yield Piece(buffer[:whole], last=False)
            buffer[: filled - whole] = buffer[whole:filled]
            filled -= whole
    yield Piece(buffer[:filled], last=True)
