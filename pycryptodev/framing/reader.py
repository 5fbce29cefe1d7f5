# SPDX-License-Identifier: MIT
"""Reading a stream field by field, with a look ahead."""

from __future__ import annotations

from typing import Literal

from ..pieces import Source
from .errors import Damaged

WINDOW_BYTES = 1 << 18
"""Most bytes that can be looked at; more than two blocks of the device."""


class Reader:
    """A stream that is read once, in constant memory."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._buffer = memoryview(bytearray(WINDOW_BYTES))
        self._start = self._end = 0

    def peek(self, size: int) -> memoryview:
        """Return the next bytes and leave them where they are.

        Args:
            size: how many, at most WINDOW_BYTES.

        Returns:
            The bytes, fewer only where the stream ends; valid until the next call.
        """
        if size > WINDOW_BYTES - self._start:
            held = self._end - self._start
            self._buffer[:held] = bytes(self._buffer[self._start : self._end])
            self._start, self._end = 0, held
        while self._end - self._start < size:
            got = self._source.readinto(self._buffer[self._end :])
            if not got:
                break
            self._end += got
        return self._buffer[self._start : min(self._start + size, self._end)]

    def next_is(self, expected: bytes) -> bool:
        """Return whether these bytes come next."""
        return bytes(self.peek(len(expected))) == expected

    def take(self, size: int) -> memoryview:
        """Return the next bytes, all of them, and go on behind them.

        Raises:
            Damaged: the stream ends before.
        """
        taken = self.peek(size)
        if len(taken) < size:
            raise Damaged("truncated: the file ends too early")
        self._start += size
        return taken

    def skip(self, size: int) -> None:
        """Go on behind bytes of any number."""
        while size:
            part = min(size, WINDOW_BYTES)
            self.take(part)
            size -= part

    def ended(self) -> bool:
        """Return whether the stream has ended."""
        return not self.peek(1)

    def number(self, size: int, order: Literal["big", "little"]) -> int:
        """Take an unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), order)
