# SPDX-License-Identifier: MIT
"""The caller's buffers and the ABI's structures in C memory.

A request carries plain addresses. Whoever puts an address into one holds the object that these
functions return for the buffer until the ioctl has returned: it keeps the memory where it is.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._abi import ffi
from .errors import CryptoDevError, from_errno

if TYPE_CHECKING:
    from _cffi_backend import FFI
    from typing_extensions import Buffer

    CData = FFI.CData

REQUEST_BYTES = ffi.sizeof("struct devcrypto_request")
SEGMENT_BYTES = ffi.sizeof("struct devcrypto_segment")
COMPLETION_BYTES = ffi.sizeof("struct devcrypto_completion")

# Longest buffer that the header can express.
MOST_BYTES = 2**32 - 1

# Outputs up to this size go through memory that a block keeps.
_SCRATCH_BYTES = 4096

_uintptr = ffi.typeof("uintptr_t")
_bytes = ffi.typeof("unsigned char[]")
_uncleared = ffi.new_allocator(should_clear_after_alloc=False)


def too_long() -> CryptoDevError:
    """Return the error of a buffer whose length the header cannot express."""
    return from_errno(errno.EDQUOT, "a buffer of 4 GiB or more")


def wrong_iv(iv: Buffer, wanted: int) -> ValueError:
    """Return the error of an IV that does not have the bytes that are wanted.

    Raises:
        TypeError: the object has no buffer.
    """
    return ValueError(f"the IV has {len(readable(iv, 'iv'))} bytes, not {wanted}")


def readable(buffer: Buffer, what: str = "data") -> CData:
    """Return the memory of an object, held in place as long as the result lives.

    Raises:
        TypeError: the object has no buffer.
        ValueError: its memory is not C-contiguous.
    """
    try:
        return ffi.from_buffer(_bytes, buffer)
    except BufferError:
        raise ValueError(f"{what} is not C-contiguous") from None
    except TypeError:
        raise TypeError(f"{what} has no buffer: {type(buffer).__name__}") from None


def writable(buffer: Buffer, what: str = "out") -> CData:
    """Return the memory of an object that may be written to, held in place like readable()'s.

    Raises:
        TypeError: the object has no buffer, or a read-only one.
        ValueError: its memory is not C-contiguous.
    """
    try:
        return ffi.from_buffer(_bytes, buffer, True)
    except (BufferError, TypeError):
        readable(buffer, what)
        raise TypeError(f"{what} is read-only: {type(buffer).__name__}") from None


def memory(size: int) -> CData:
    """Return fresh memory with arbitrary content."""
    return _uncleared(_bytes, size)


def copy(start: int, size: int) -> CData:
    """Return fresh memory with the content of the memory at an address."""
    copied = memory(size)
    ffi.memmove(copied, ffi.cast("void *", start), size)
    return copied


def address(held: CData) -> int:
    """Return the address of held memory."""
    return int(ffi.cast(_uintptr, held))


def start(held: CData) -> int:
    """Return the address of held memory; 0 if it is empty, for fields an operation does not use."""
    return address(held) if len(held) else 0


def write(start: int, data: bytes) -> None:
    """Write to the memory at an address."""
    ffi.memmove(ffi.cast("void *", start), data, len(data))


def content(held: CData, size: int) -> bytes:
    """Return a copy of the first bytes of held memory."""
    copied: bytes = ffi.buffer(held, size)[:]
    return copied


def segments(pieces: Sequence[CData]) -> CData:
    """Return an array of struct devcrypto_segment that names pieces of held memory.

    Raises:
        LimitReached: a length does not fit into 32 bits.
    """
    return segments_at([(address(piece), len(piece)) for piece in pieces])


def segments_at(pieces: Sequence[tuple[int, int]]) -> CData:
    """Return an array of struct devcrypto_segment that names pieces by address and length.

    Raises:
        LimitReached: a length does not fit into 32 bits.
    """
    entries = [{"addr": start, "bytes": size} for start, size in pieces]
    try:
        return ffi.new("struct devcrypto_segment[]", entries)
    except OverflowError:
        raise too_long() from None


def _text(array: CData) -> str:
    raw: bytes = ffi.buffer(array)[:]
    return raw.partition(b"\0")[0].decode("ascii")


def plain(structure: Any) -> dict[str, Any]:
    """Return the fields of a structure as Python objects, NUL-terminated arrays as str."""
    fields: dict[str, Any] = {}
    for name, _ in ffi.typeof(structure).item.fields:
        value = getattr(structure, name)
        fields[name] = value if isinstance(value, int) else _text(value)
    return fields


class Requests:
    """An array of struct devcrypto_request and the struct devcrypto_run that names it.

    It is made of a mapping for each request: the fields that are not zero, by their names in the
    header.

    Attributes:
        call: the struct devcrypto_run, as the buffer that the ioctl takes.
    """

    def __init__(self, entries: Sequence[Mapping[str, int]]) -> None:
        self._entries: Any = ffi.new("struct devcrypto_request[]", entries)
        self._run: Any = ffi.new(
            "struct devcrypto_run *",
            {"request_bytes": REQUEST_BYTES, "segment_bytes": SEGMENT_BYTES},
        )
        self.call = ffi.buffer(self._run)

    def select(self, first: int, count: int) -> None:
        """Let the next call execute count requests from first on."""
        self._run.requests = address(self._entries) + first * REQUEST_BYTES
        self._run.count = count

    def result(self, index: int) -> tuple[int, int, int]:
        """Return out_result, out_bytes and out_flags of a request."""
        entry = self._entries[index]
        return entry.out_result, entry.out_bytes, entry.out_flags


class Submission:
    """The struct devcrypto_submit of one queue, with room for completions.

    Attributes:
        call: the structure, as the buffer that the ioctl takes.
        room: completions that one call takes at most.

    Synchronization: one thread at a time.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self._entries: Any = None
        self._completions: Any = ffi.new("struct devcrypto_completion[]", room)
        self._submit: Any = ffi.new(
            "struct devcrypto_submit *",
            {
                "completions": address(self._completions),
                "max_completions": room,
                "completion_bytes": COMPLETION_BYTES,
            },
        )
        self.call = ffi.buffer(self._submit)

    def prepare(self, entries: Sequence[Mapping[str, int]], at_least: int, timeout_ns: int) -> None:
        """Let the next call submit requests, and wait for completions.

        Args:
            entries: of each request the fields that are not zero.
            at_least: completions to wait for.
            timeout_ns: how long; 0 = as long as it takes.
        """
        submit = self._submit
        self._entries = ffi.new("struct devcrypto_request[]", entries) if entries else None
        submit.requests = address(self._entries) if entries else 0
        submit.count = len(entries)
        submit.request_bytes = REQUEST_BYTES if entries else 0
        submit.segment_bytes = SEGMENT_BYTES if entries else 0
        submit.min_completions = min(at_least, self.room)
        submit.timeout_ns = timeout_ns

    def forget(self) -> None:
        """Forget what the last call did."""
        self._entries = None
        self._submit.out_submitted = 0
        self._submit.out_completed = 0

    def accepted(self) -> int:
        """Return how many of the requests were accepted, from the first on."""
        count: int = self._submit.out_submitted
        return count

    def completions(self) -> list[tuple[int, int, int, int]]:
        """Return user_data, result, out_bytes and flags of each completion."""
        taken = self._completions[0 : self._submit.out_completed]
        return [(each.user_data, each.result, each.out_bytes, each.flags) for each in taken]


class Block:
    """One request that is used again and again, with room for its IV and a small output.

    What is the same in every request of a context is set once. The IV is the block's own copy,
    so that what the driver writes back never lands in the caller's object.

    Synchronization: one thread at a time.
    """

    __slots__ = ("_iv", "_iv_bytes", "_iv_room", "_request", "_run", "_scratch", "call")

    def __init__(self, iv_bytes: int, tag_bytes: int) -> None:
        self._iv = ffi.new(_bytes, max(iv_bytes, 1))
        self._iv_room = ffi.buffer(self._iv, iv_bytes)
        self._iv_bytes = iv_bytes
        self._scratch = ffi.new(_bytes, _SCRATCH_BYTES)
        self._request: Any = ffi.new(
            "struct devcrypto_request *",
            {
                "iv": address(self._iv) if iv_bytes else 0,
                "iv_bytes": iv_bytes,
                "tag_bytes": tag_bytes,
            },
        )
        self._run: Any = ffi.new(
            "struct devcrypto_run *",
            {"requests": address(self._request), "count": 1, "request_bytes": REQUEST_BYTES},
        )
        self.call = ffi.buffer(self._run)

    def room(self, size: int) -> CData:
        """Return memory for an output, valid until the block is used again."""
        return self._scratch if size <= _SCRATCH_BYTES else memory(size)

    def put(self, fields: Mapping[str, int]) -> None:
        """Set fields of the request by their names in the header.

        Raises:
            LimitReached: a length does not fit into 32 bits.
        """
        try:
            self._request[0] = fields
        except OverflowError:
            raise too_long() from None

    def put_iv(self, iv: Buffer) -> None:
        """Copy the IV of the next request.

        Raises:
            TypeError: the object has no buffer.
            ValueError: the IV has another length than the algorithm takes, or is not C-contiguous.
        """
        try:
            self._iv_room[:] = iv
        except (BufferError, TypeError, ValueError):
            raise wrong_iv(iv, self._iv_bytes) from None

    def iv(self) -> bytes:
        """Return the IV as the driver left it."""
        value: bytes = self._iv_room[:]
        return value

    def result(self) -> tuple[int, int]:
        """Return out_result and out_bytes."""
        request = self._request
        return request.out_result, request.out_bytes
