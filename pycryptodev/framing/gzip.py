# SPDX-License-Identifier: MIT
"""gzip files of many small members, which gzip, zlib and bgzip read.

Every member tells its own length in the extra field "BC", as the files of bgzip have it, so that a
reader need not find the end of a deflate stream. Of members without it one request must take all.

Source: RFC 1952; "The BGZF compression format" in section 4.1 of the SAM format specification.
"""

from __future__ import annotations

import struct
import zlib

from ..errors import BufferTooSmall, CorruptInput
from ..pieces import Source
from .codec import Codec, compressed, expand, too_large
from .errors import Damaged, UnknownFormat
from .formats import Format, Write
from .reader import Reader

MAGIC = b"\x1f\x8b\x08"
"""The file's, and the number of the method deflate."""

MEMBER_BYTES = 0xFF00
"""Data of a member; it has at most 65536 bytes with what stands around them."""

_FIXED = struct.Struct("<3sBIBB")
_EXTRA = struct.Struct("<H2sHH")
_TRAILER = struct.Struct("<II")
_HCRC, _FEXTRA, _FNAME, _FCOMMENT = 2, 4, 8, 16
_KNOWN_FLAGS = 0x1F
_OF_UNKNOWN_SYSTEM = 255
_HEADER_BYTES = _FIXED.size + _EXTRA.size
_MOST_MEMBER_BYTES = 1 << 16

_EMPTY_DEFLATE = b"\x03\x00"
"""A final block with fixed codes that has nothing in it (RFC 1951 section 3.2.6)."""

_PROGRAM = "gzip -d"


def _member(deflated: bytes, data: bytes | memoryview) -> bytes:
    size = _HEADER_BYTES + len(deflated) + _TRAILER.size
    header = _FIXED.pack(MAGIC, _FEXTRA, 0, 0, _OF_UNKNOWN_SYSTEM)
    extra = _EXTRA.pack(6, b"BC", 2, size - 1)
    return header + extra + deflated + _TRAILER.pack(zlib.crc32(data), len(data))


def _stored(data: memoryview) -> bytes:
    """Return a deflate stream of one stored block (RFC 1951 section 3.2.4)."""
    return struct.pack("<BHH", 1, len(data), len(data) ^ 0xFFFF) + data


def compress(source: Source, write: Write, codec: Codec) -> None:
    """Write a gzip file."""
    room = _MOST_MEMBER_BYTES - _HEADER_BYTES - _TRAILER.size
    for data, deflated in compressed(source, codec, MEMBER_BYTES):
        if deflated is None or len(deflated) > room:
            deflated = _stored(data)
        write(_member(deflated, data))
    # By an empty member a reader knows the end.
    write(_member(_EMPTY_DEFLATE, b""))


def decompress(reader: Reader, write: Write, codec: Codec) -> None:
    """Read a gzip file."""
    number, blocked, last_bytes = 0, False, 0
    while True:
        size = _read_header(reader)
        blocked = size is not None
        what = f"member {number} of the gzip file"
        if size is None:
            data = _take_whole_member(reader, codec, what)
        else:
            data = _take_member(reader, codec, size, what)
        write(memoryview(data))
        last_bytes = len(data)
        number += 1
        while reader.next_is(b"\0"):
            reader.take(1)
        if reader.ended():
            break
        if not reader.next_is(MAGIC):
            raise Damaged(f"what follows {what} is none")
    if blocked and last_bytes:
        raise Damaged("truncated: the gzip file ends without the empty member at its end")


def _read_header(reader: Reader) -> int | None:
    """Take a member's header; returns the bytes up to the trailer, None if it does not tell."""
    magic, flags, _, _, _ = _FIXED.unpack(reader.take(_FIXED.size))
    if magic != MAGIC or flags & ~_KNOWN_FLAGS:
        raise UnknownFormat("a gzip file with flags or a method that are not known here")
    header_bytes = _FIXED.size
    member_bytes = None
    if flags & _FEXTRA:
        extra = bytes(reader.take(reader.number(2, "little")))
        header_bytes += 2 + len(extra)
        member_bytes = _blocked_size(extra)
    for flag in (_FNAME, _FCOMMENT):
        if flags & flag:
            header_bytes += _skip_text(reader)
    if flags & _HCRC:
        reader.take(2)
        header_bytes += 2
    if member_bytes is None:
        return None
    size = member_bytes - header_bytes - _TRAILER.size
    if size < 1:
        raise Damaged("a member of the gzip file is shorter than its header")
    return size


def _blocked_size(extra: bytes) -> int | None:
    at = 0
    while at + 4 <= len(extra):
        name, size = struct.unpack_from("<2sH", extra, at)
        value = extra[at + 4 : at + 4 + size]
        if name == b"BC" and len(value) == 2:
            return int.from_bytes(value, "little") + 1
        at += 4 + size
    return None


def _skip_text(reader: Reader) -> int:
    size = 1
    while reader.number(1, "little"):
        size += 1
    return size


def _take_member(reader: Reader, codec: Codec, size: int, what: str) -> bytes:
    member = reader.take(size + _TRAILER.size)
    checksum, length = _TRAILER.unpack(member[size:])
    if length > _MOST_MEMBER_BYTES:
        raise Damaged(f"{what} has a wrong length")
    if not length:
        # What the device would say of room for nothing depends on the kernel.
        if checksum or bytes(member[:size]) != _EMPTY_DEFLATE:
            raise Damaged(f"{what} should be empty")
        return b""
    data = expand(codec, member[:size], length, what)
    if zlib.crc32(data) != checksum:
        raise Damaged(f"{what} has a wrong checksum")
    return data


def _take_whole_member(reader: Reader, codec: Codec, what: str) -> bytes:
    """Decompress a member that does not tell its length.

    A deflate stream tells its end only to who decodes it, and the device does not say where that
    was. But the checksum of the data and their length stand right behind it: they are looked for.
    """
    most = codec.most_bytes
    seen = bytes(reader.peek(most + _TRAILER.size))
    is_all = len(seen) < most + _TRAILER.size
    try:
        data = codec.decompress(seen[:most], most)
    except (BufferTooSmall, CorruptInput) as error:
        length = int.from_bytes(seen[-4:], "little") if is_all else most + 1
        if isinstance(error, BufferTooSmall) or length > most:
            raise too_large(f"{what}, if it is not damaged,", codec, _PROGRAM) from None
        raise Damaged(f"{what} is damaged") from None
    end = seen.find(_TRAILER.pack(zlib.crc32(data), len(data)))
    if end < 0:
        raise Damaged(f"{what} has a wrong checksum, or is truncated")
    reader.take(end + _TRAILER.size)
    return data


FORMAT = Format("gzip", ".gz", (MAGIC,), ("deflate",), compress, decompress)
