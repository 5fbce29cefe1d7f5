# SPDX-License-Identifier: MIT
"""Memory of a batch of requests, and what it has to look like after it."""

from __future__ import annotations

import mmap

from .. import _structs

ALIGN = 64
GUARD = 32
PAGE = mmap.PAGESIZE
_POISON = b"\xa5"


class Arena:
    """Memory at chosen alignments, with guards around everything that is placed in it.

    Beside the memory that the driver works on stands what it has to become, so that one comparison
    tells whether all outputs are right and nothing else was touched.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._work = mmap.mmap(-1, size)
        self._want = bytearray(size)
        self._base = _structs.address(_structs.writable(self._work))
        self._poison = _POISON * size
        self._next = size - GUARD
        self.reset()

    @property
    def used(self) -> int:
        """Bytes that are in use."""
        return self._next

    def reset(self) -> None:
        """Make all of it free."""
        end = self._next + GUARD
        self._work[:end] = self._want[:end] = self._poison[:end]
        self._next = 0

    def place(
        self, work: bytes | None, want: bytes | None, size: int, offset: int = 0, before: int = 0
    ) -> int:
        """Take memory.

        Args:
            work: what is in it; None = arbitrary.
            want: what has to be in it afterwards; None = what is in it now.
            size: its length.
            offset: bytes behind a multiple of 64.
            before: bytes before the end of a page instead, if not 0.

        Returns:
            Its address.

        Raises:
            MemoryError: there is none left.
        """
        at = self._next + GUARD
        if before:
            at = -(-(at + before) // PAGE) * PAGE - before
        else:
            at = -(-at // ALIGN) * ALIGN + offset % ALIGN
        end = at + size
        if end + GUARD > self.size:
            raise MemoryError("a batch is larger than its arena")
        if work is not None:
            self._work[at:end] = work
            self._want[at:end] = work
        if want is not None:
            self._want[at : at + len(want)] = want
        self._next = end
        return self._base + at

    def fill(self, address: int, data: bytes) -> None:
        """Put something at an address, where it has to be afterwards, too."""
        at = address - self._base
        self._work[at : at + len(data)] = self._want[at : at + len(data)] = data

    def expect(self, address: int, want: bytes) -> None:
        """Say what has to be at an address afterwards."""
        at = address - self._base
        self._want[at : at + len(want)] = want

    def accept(self, address: int, size: int) -> None:
        """Take what is at an address now for what has to be there."""
        at = address - self._base
        self._want[at : at + size] = self._work[at : at + size]

    def content(self, address: int, size: int) -> bytes:
        """What is at an address now."""
        at = address - self._base
        return self._work[at : at + size]

    def wanted(self, address: int, size: int) -> bytes:
        """What has to be at an address."""
        at = address - self._base
        return bytes(self._want[at : at + size])

    def difference(self) -> int | None:
        """Return the first address that is not as it has to be; None if all are."""
        end = self._next + GUARD
        work = self._work[:end]
        want = bytes(self._want[:end])
        if work == want:
            return None
        return self._base + next(at for at in range(end) if work[at] != want[at])
