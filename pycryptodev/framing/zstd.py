# SPDX-License-Identifier: MIT
"""zstd files of many small frames, which zstd reads.

The kernel's frames have no checksum; one is added to each, which zstd and the kernel check.

Source: RFC 8878, sections 3.1.1 (frames) and 3.1.2 (skippable frames).
"""

from __future__ import annotations

import xxhash

from ..errors import BufferTooSmall, CorruptInput
from ..pieces import Source
from .codec import Codec, compressed, too_large
from .errors import Damaged, FramingError, UnknownFormat, Unsupported
from .formats import SKIPPABLE, Format, Write
from .reader import Reader

MAGIC = b"\x28\xb5\x2f\xfd"

_CHECKSUM = 1 << 2
_RESERVED = 1 << 3
_SINGLE_SEGMENT = 1 << 5
_ID_BYTES = (0, 1, 2, 4)
_RLE_BLOCK, _RESERVED_BLOCK = 1, 3
_MOST_HEADER_BYTES = 18

_PROGRAM = "zstd -d"


def with_checksum(frame: bytes, data: bytes | memoryview) -> bytes:
    """Return a frame with the checksum of its data, which it may have already."""
    if frame[:4] != MAGIC:
        raise FramingError("the device's output is no zstd frame")
    if frame[4] & _CHECKSUM:
        return frame
    descriptor = bytes([frame[4] | _CHECKSUM])
    checksum = (xxhash.xxh64_intdigest(data) & 0xFFFFFFFF).to_bytes(4, "little")
    return frame[:4] + descriptor + frame[5:] + checksum


def compress(source: Source, write: Write, codec: Codec) -> None:
    """Write a zstd file."""
    empty = True
    for data, frame in compressed(source, codec):
        if frame is None:
            raise FramingError("the device's output is longer than zstd frames are")
        write(with_checksum(frame, data))
        empty = False
    if empty:
        write(_EMPTY)


def decompress(reader: Reader, write: Write, codec: Codec) -> None:
    """Read a zstd file."""
    number = 0
    while not reader.ended():
        magic = bytes(reader.peek(4))
        if magic in SKIPPABLE:
            reader.take(4)
            reader.skip(reader.number(4, "little"))
            continue
        if magic != MAGIC:
            if number:
                raise Damaged(f"what follows frame {number - 1} of the zstd file is none")
            raise UnknownFormat("no zstd file")
        what = f"frame {number} of the zstd file"
        frame = _Frame(reader, codec, what)
        write(memoryview(_expand(frame, reader, codec, what)))
        number += 1


def _expand(frame: _Frame, reader: Reader, codec: Codec, what: str) -> bytes:
    packed = bytes(reader.take(frame.bytes))
    if frame.content_bytes == 0:
        # What the device would say of room for nothing depends on the kernel.
        return b""
    if frame.dictionary:
        raise Unsupported(f"{what} needs a dictionary", _PROGRAM)
    try:
        data = codec.decompress(packed, codec.most_bytes)
    except (BufferTooSmall, CorruptInput):
        if frame.may_be_larger:
            raise too_large(f"{what}, if it is not damaged,", codec, _PROGRAM) from None
        raise Damaged(f"{what} is damaged") from None
    if frame.content_bytes not in (None, len(data)):
        raise Damaged(f"{what} has a wrong length")
    return data


class _Frame:
    """What the header and the blocks of the next frame tell.

    Attributes:
        bytes: length of the frame.
        content_bytes: length of the data; None if the frame does not tell.
        blocks: how many blocks it has.
        dictionary: number of the dictionary; 0 = none.
    """

    def __init__(self, reader: Reader, codec: Codec, what: str) -> None:
        self._what = what
        self._most = codec.most_bytes
        self._reader = reader
        self._too_large = too_large(what, codec, _PROGRAM)
        (descriptor,) = self._field(4, 1)
        if descriptor & _RESERVED:
            raise UnknownFormat(f"{what} is of a version that is not known here")
        single = descriptor & _SINGLE_SEGMENT
        at = 5 if single else 6
        id_bytes = _ID_BYTES[descriptor & 3]
        self.dictionary = int.from_bytes(self._field(at, id_bytes), "little")
        at += id_bytes
        size_flag = descriptor >> 6
        size_bytes = (1 if single else 0, 2, 4, 8)[size_flag]
        stored = int.from_bytes(self._field(at, size_bytes), "little")
        at += size_bytes
        # A length of two bytes is never less than 256.
        self.content_bytes = stored + (256 if size_bytes == 2 else 0) if size_bytes else None
        if self.content_bytes is not None and self.content_bytes > self._most:
            raise self._too_large
        self.blocks = 0
        end = self._end_of_blocks(at)
        self.bytes = end + (4 if descriptor & _CHECKSUM else 0)
        if self.bytes > self._most:
            raise self._too_large

    @property
    def may_be_larger(self) -> bool:
        """Whether the data may have more bytes than the device takes, which a block never has."""
        return self.content_bytes is None and self.blocks > 1

    def _field(self, at: int, size: int) -> bytes:
        if at + size > self._most:
            raise self._too_large
        seen = self._reader.peek(at + size)
        if len(seen) < at + size:
            raise Damaged(f"truncated: {self._what} ends too early")
        return bytes(seen[at:])

    def _end_of_blocks(self, at: int) -> int:
        while True:
            header = int.from_bytes(self._field(at, 3), "little")
            kind, size = header >> 1 & 3, header >> 3
            if kind == _RESERVED_BLOCK:
                raise Damaged(f"{self._what} has a block of no known type")
            self.blocks += 1
            at += 3 + (1 if kind == _RLE_BLOCK else size)
            if at > self._most:
                raise self._too_large
            if header & 1:
                return at


# A single segment of no bytes: the last block is raw and empty.
_EMPTY = MAGIC + bytes([_SINGLE_SEGMENT | _CHECKSUM, 0, 1, 0, 0]) + b"\x99\xe9\xd8\x51"

FORMAT = Format("zstd", ".zst", (MAGIC, *SKIPPABLE), ("zstd",), compress, decompress)
