# SPDX-License-Identifier: MIT
"""The file format of lzop, which lzop reads.

Source: the format as lzop 1.04 writes it: a header, blocks with their lengths and checksums, a
length of zero; numbers are big-endian.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from ..pieces import Source
from .codec import Codec, compressed, expand, too_large
from .errors import Damaged, UnknownFormat
from .formats import Format, Write
from .reader import WINDOW_BYTES, Reader

MAGIC = b"\x89LZO\x00\r\n\x1a\n"

_WRITTEN_BY = 0x1040
"""The version of lzop that writes such files."""
_LIBRARY = 0x20A0
_NEEDED = 0x0940
"""The version since which they can be read; what is older has another header."""

_LZO1X = (1, 2, 3)
"""Numbers of the methods, which one decompressor takes."""
_LEVEL = 3
_MODE = 0o100644

_ADLER32_DATA, _ADLER32_PACKED = 0x1, 0x2
_EXTRA_FIELD = 0x40
_CRC32_DATA, _CRC32_PACKED = 0x100, 0x200
_MULTIPART, _FILTER, _CRC32_HEADER = 0x400, 0x800, 0x1000

# The unfiltered length of a block is never more.
_MOST_BLOCK_BYTES = 64 << 20

_PROGRAM = "lzop -d"

Update = Callable[[bytes | memoryview, int], int]
"""Goes on with a checksum."""


def compress(source: Source, write: Write, codec: Codec) -> None:
    """Write a file of lzop."""
    header = struct.pack(
        ">HHHBBIIIIB",
        *(_WRITTEN_BY, _LIBRARY, _NEEDED, _LZO1X[0], _LEVEL, _ADLER32_DATA, _MODE, 0, 0, 0),
    )
    write(MAGIC + header + struct.pack(">I", zlib.adler32(header)))
    for data, packed in compressed(source, codec):
        block = data if packed is None or len(packed) >= len(data) else packed
        write(struct.pack(">III", len(data), len(block), zlib.adler32(data)))
        write(block)
    write(bytes(4))


def decompress(reader: Reader, write: Write, codec: Codec) -> None:
    """Read files of lzop."""
    while True:
        flags = _read_header(reader)
        number = 0
        while size := reader.number(4, "big"):
            _take_block(reader, write, codec, flags, size, f"block {number} of the lzop file")
            number += 1
        if reader.ended():
            return
        if not reader.next_is(MAGIC):
            raise Damaged("what follows the end of the lzop file is none")


def _read_header(reader: Reader) -> int:
    if bytes(reader.take(len(MAGIC))) != MAGIC:
        raise UnknownFormat("no lzop file")
    header = bytes(reader.take(12))
    needed, method = int.from_bytes(header[4:6], "big"), header[6]
    flags = int.from_bytes(header[8:], "big")
    if not _NEEDED <= needed <= _WRITTEN_BY or method not in _LZO1X or flags & _MULTIPART:
        raise UnknownFormat("an lzop file of a version or method that is not known here")
    if flags & _FILTER:
        raise UnknownFormat("an lzop file with a filter, which is not known here")
    header += reader.take(13)
    header += reader.take(header[-1])
    checksum = zlib.crc32(header) if flags & _CRC32_HEADER else zlib.adler32(header)
    if reader.number(4, "big") != checksum:
        raise Damaged("the header of the lzop file has a wrong checksum")
    if flags & _EXTRA_FIELD:
        reader.skip(reader.number(4, "big") + 4)
    return flags


def _checksums(
    reader: Reader, flags: int, adler32: int, crc32: int
) -> list[tuple[Update, int, int]]:
    """Take the checksums that the flags announce: how each is computed, its beginning and value."""
    found: list[tuple[Update, int, int]] = []
    if flags & adler32:
        found.append((zlib.adler32, 1, reader.number(4, "big")))
    if flags & crc32:
        found.append((zlib.crc32, 0, reader.number(4, "big")))
    return found


def _take_block(
    reader: Reader, write: Write, codec: Codec, flags: int, size: int, what: str
) -> None:
    packed_bytes = reader.number(4, "big")
    if not 0 < packed_bytes <= size <= _MOST_BLOCK_BYTES:
        raise Damaged(f"{what} has a wrong length")
    of_data = _checksums(reader, flags, _ADLER32_DATA, _CRC32_DATA)
    if packed_bytes == size:
        _copy_block(reader, write, size, of_data, what)
        return
    of_packed = _checksums(reader, flags, _ADLER32_PACKED, _CRC32_PACKED)
    if size > codec.most_bytes:
        raise too_large(what, codec, _PROGRAM)
    packed = reader.take(packed_bytes)
    if any(compute(packed, begin) != value for compute, begin, value in of_packed):
        raise Damaged(f"{what} has a wrong checksum")
    data = expand(codec, packed, size, what)
    if any(compute(data, begin) != value for compute, begin, value in of_data):
        raise Damaged(f"{what} has a wrong checksum")
    write(memoryview(data))


def _copy_block(
    reader: Reader,
    write: Write,
    size: int,
    checksums: list[tuple[Update, int, int]],
    what: str,
) -> None:
    running = [begin for _, begin, _ in checksums]
    while size:
        part = reader.take(min(size, WINDOW_BYTES))
        running = [
            compute(part, so_far)
            for (compute, _, _), so_far in zip(checksums, running, strict=True)
        ]
        write(part)
        size -= len(part)
    if running != [value for _, _, value in checksums]:
        raise Damaged(f"{what} has a wrong checksum")


FORMAT = Format("lzop", ".lzo", (MAGIC,), ("lzo",), compress, decompress)
