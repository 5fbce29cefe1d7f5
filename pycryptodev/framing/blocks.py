# SPDX-License-Identifier: MIT
"""A format for codecs that have none of their own, such as 842 and lzo-rle.

docs/framing.md is its specification: a header with the algorithm's name, blocks with their lengths
and checksums, a length of zero; numbers are big-endian.
"""

from __future__ import annotations

import re
import struct
import zlib

from ..pieces import Source
from .codec import BLOCK_BYTES, Codec, compressed, expand
from .errors import Damaged, UnknownFormat
from .formats import Format, Write
from .reader import Reader

MAGIC = b"\x89DCPACK\n"
VERSION = 1

_FIXED = struct.Struct(f">{len(MAGIC)}sHH")
_BLOCK = struct.Struct(">III")
_NAME = re.compile(rb"[!-~]{1,127}")


def header(name: str) -> bytes:
    """Return the header of a file with an algorithm of this generic name."""
    return _FIXED.pack(MAGIC, VERSION, len(name)) + name.encode("ascii")


def read_name(reader: Reader) -> str:
    """Take the header, and return the generic name of the algorithm."""
    magic, version, name_bytes = _FIXED.unpack(reader.take(_FIXED.size))
    if magic != MAGIC or version != VERSION:
        raise UnknownFormat(f"version {version} of the format is not known here")
    name = bytes(reader.take(name_bytes))
    if not _NAME.fullmatch(name):
        raise Damaged("the header of the file is damaged")
    return name.decode("ascii")


def compress(source: Source, write: Write, codec: Codec) -> None:
    """Write the blocks and the end, behind the header."""
    for data, packed in compressed(source, codec):
        block = data if packed is None or len(packed) >= len(data) else packed
        write(_BLOCK.pack(len(data), len(block), zlib.crc32(data)))
        write(block)
    write(bytes(4))


def decompress(reader: Reader, write: Write, codec: Codec) -> None:
    """Read the blocks and the end, behind the header."""
    number = 0
    while size := int.from_bytes(reader.peek(4), "big"):
        what = f"block {number}"
        size, packed_bytes, checksum = _BLOCK.unpack(reader.take(_BLOCK.size))
        if not 0 < packed_bytes <= size <= BLOCK_BYTES:
            raise Damaged(f"{what} has a wrong length")
        packed = reader.take(packed_bytes)
        data = packed if packed_bytes == size else expand(codec, packed, size, what)
        if zlib.crc32(data) != checksum:
            raise Damaged(f"{what} has a wrong checksum")
        write(memoryview(data))
        number += 1
    reader.take(4)
    if not reader.ended():
        raise Damaged("data follow the end of the file")


FORMAT = Format("blocks", ".dcpack", (MAGIC,), (), compress, decompress)
