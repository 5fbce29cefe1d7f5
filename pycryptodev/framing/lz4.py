# SPDX-License-Identifier: MIT
"""LZ4 frames of independent blocks of 64 KiB, which lz4 reads.

Source: the LZ4 frame format, version 1.6.
"""

from __future__ import annotations

import struct

import xxhash

from ..errors import BufferTooSmall, CorruptInput
from ..pieces import Source
from .codec import Codec, compressed, too_large
from .errors import Damaged, UnknownFormat, Unsupported
from .formats import SKIPPABLE, Format, Write
from .reader import WINDOW_BYTES, Reader

MAGIC = b"\x04\x22\x4d\x18"
LEGACY_MAGIC = b"\x02\x21\x4c\x18"

_VERSION = 1 << 6
_VERSION_MASK = 3 << 6
_INDEPENDENT = 1 << 5
_BLOCK_CHECKSUM = 1 << 4
_CONTENT_SIZE = 1 << 3
_CONTENT_CHECKSUM = 1 << 2
_RESERVED = 1 << 1
_DICTIONARY = 1 << 0

_BLOCK_SIZES = {4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22}
_STORED = 1 << 31

_PROGRAM = "lz4 -d"


def _checksum_of_header(descriptor: bytes) -> int:
    return xxhash.xxh32_intdigest(descriptor) >> 8 & 0xFF


def compress(source: Source, write: Write, codec: Codec) -> None:
    """Write an LZ4 frame."""
    descriptor = bytes([_VERSION | _INDEPENDENT | _CONTENT_CHECKSUM, 4 << 4])
    write(MAGIC + descriptor + bytes([_checksum_of_header(descriptor)]))
    checksum = xxhash.xxh32()
    for data, packed in compressed(source, codec):
        checksum.update(data)
        if packed is None or len(packed) >= len(data):
            write(struct.pack("<I", _STORED | len(data)))
            write(data)
        else:
            write(struct.pack("<I", len(packed)) + packed)
    write(struct.pack("<II", 0, checksum.intdigest()))


def decompress(reader: Reader, write: Write, codec: Codec) -> None:
    """Read LZ4 frames."""
    number = 0
    while not reader.ended():
        magic = bytes(reader.take(4))
        if magic in SKIPPABLE:
            reader.skip(reader.number(4, "little"))
            continue
        if magic == LEGACY_MAGIC:
            raise Unsupported("the file has the legacy format of lz4, blocks of 8 MiB", _PROGRAM)
        if magic != MAGIC:
            if number:
                raise Damaged(f"what follows frame {number - 1} of the lz4 file is none")
            raise UnknownFormat("no lz4 file")
        _Frame(reader, codec).decompress(write)
        number += 1


class _Frame:
    """A frame behind its magic number."""

    def __init__(self, reader: Reader, codec: Codec) -> None:
        self._reader = reader
        self._codec = codec
        self._checksum = xxhash.xxh32()
        self._size = 0
        descriptor = bytes(reader.take(2))
        flags, sizes = descriptor
        if flags & _VERSION_MASK != _VERSION or flags & _RESERVED or sizes & 0x8F:
            raise UnknownFormat("the lz4 frame is of a version that is not known here")
        if sizes >> 4 not in _BLOCK_SIZES:
            raise UnknownFormat("the lz4 frame has blocks of a size that is not known here")
        self._flags = flags
        self._block_bytes = _BLOCK_SIZES[sizes >> 4]
        self._content_bytes = None
        if flags & _CONTENT_SIZE:
            descriptor += bytes(reader.take(8))
            self._content_bytes = int.from_bytes(descriptor[2:], "little")
        if flags & _DICTIONARY:
            raise Unsupported("the lz4 frame needs a dictionary", _PROGRAM)
        if reader.number(1, "little") != _checksum_of_header(descriptor):
            raise Damaged("the header of the lz4 frame has a wrong checksum")

    def decompress(self, write: Write) -> None:
        """Take the blocks and the end."""
        number = 0
        while size := self._reader.number(4, "little"):
            what = f"block {number} of the lz4 frame"
            if number and not self._flags & _INDEPENDENT:
                raise Unsupported(f"{what} depends on the one before", _PROGRAM)
            if size & ~_STORED > self._block_bytes:
                raise Damaged(f"{what} has a wrong length")
            checksum = xxhash.xxh32()
            if size & _STORED:
                self._copy(size & ~_STORED, checksum, write)
            else:
                self._expand(size, checksum, what, write)
            self._check(_BLOCK_CHECKSUM, checksum, what)
            number += 1
        if self._content_bytes not in (None, self._size):
            raise Damaged("the lz4 frame has a wrong length")
        self._check(_CONTENT_CHECKSUM, self._checksum, "the lz4 frame")

    def _check(self, flag: int, checksum: xxhash.xxh32, what: str) -> None:
        if self._flags & flag and self._reader.number(4, "little") != checksum.intdigest():
            raise Damaged(f"{what} has a wrong checksum")

    def _put(self, data: bytes | memoryview, write: Write) -> None:
        self._checksum.update(data)
        self._size += len(data)
        write(data)

    def _copy(self, size: int, checksum: xxhash.xxh32, write: Write) -> None:
        while size:
            part = self._reader.take(min(size, WINDOW_BYTES))
            checksum.update(part)
            self._put(part, write)
            size -= len(part)

    def _expand(self, size: int, checksum: xxhash.xxh32, what: str, write: Write) -> None:
        most = self._codec.most_bytes
        if size > most:
            raise too_large(what, self._codec, _PROGRAM)
        packed = self._reader.take(size)
        checksum.update(packed)
        try:
            data = self._codec.decompress(packed, min(self._block_bytes, most))
        except (BufferTooSmall, CorruptInput):
            if self._block_bytes > most:
                raise too_large(f"{what}, if it is not damaged,", self._codec, _PROGRAM) from None
            raise Damaged(f"{what} is damaged") from None
        self._put(memoryview(data), write)


FORMAT = Format("lz4", ".lz4", (MAGIC, LEGACY_MAGIC), ("lz4", "lz4hc"), compress, decompress)
