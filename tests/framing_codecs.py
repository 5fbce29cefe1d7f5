# SPDX-License-Identifier: MIT
"""Codecs for tests of the file formats without the device, and the programs that judge them."""

from __future__ import annotations

import io
import subprocess
import zlib
from collections.abc import Callable, Sequence

from typing_extensions import Buffer

from pycryptodev.errors import BufferTooSmall, CorruptInput
from pycryptodev.framing.codec import Codec
from pycryptodev.framing.formats import Format
from pycryptodev.framing.reader import Reader

MOST_BYTES = 1 << 17
"""As the driver has it."""


class Zlib:
    """Raw deflate by zlib."""

    most_bytes = MOST_BYTES

    def compress(self, blocks: Sequence[Buffer]) -> list[bytes | None]:
        return [self._compress(data) for data in blocks]

    def _compress(self, data: Buffer) -> bytes:
        packer = zlib.compressobj(wbits=-15)
        return packer.compress(data) + packer.flush()

    def decompress(self, data: Buffer, most: int) -> bytes:
        unpacker = zlib.decompressobj(wbits=-15)
        try:
            expanded = unpacker.decompress(data, most)
        except zlib.error:
            raise CorruptInput from None
        if unpacker.unconsumed_tail:
            raise BufferTooSmall
        if not unpacker.eof:
            raise CorruptInput
        return expanded


class StoresDeflate(Zlib):
    """Reads deflate, and cannot compress anything."""

    def compress(self, blocks: Sequence[Buffer]) -> list[bytes | None]:
        return [None] * len(blocks)


class Zstd:
    """Frames by the program zstd."""

    most_bytes = MOST_BYTES

    def compress(self, blocks: Sequence[Buffer]) -> list[bytes | None]:
        return [tool("zstd", "-c", "--no-check", "-q", text=bytes(data)) for data in blocks]

    def decompress(self, data: Buffer, most: int) -> bytes:
        done = subprocess.run(["zstd", "-dcq"], input=bytes(data), capture_output=True, check=False)
        if done.returncode or len(done.stdout) > most:
            raise CorruptInput
        return done.stdout


class Stores:
    """Cannot compress anything, so that a format has to store it."""

    most_bytes = MOST_BYTES

    def compress(self, blocks: Sequence[Buffer]) -> list[bytes | None]:
        return [None] * len(blocks)

    def decompress(self, data: Buffer, most: int) -> bytes:
        raise CorruptInput


def tool(*command: str, text: bytes) -> bytes:
    """Run a program, which has to succeed, and return its standard output."""
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout


class Source(io.RawIOBase):
    """A pipe that gives so many bytes at once."""

    def __init__(self, data: bytes, at_once: int = 1 << 20) -> None:
        self._data = io.BytesIO(data)
        self._at_once = at_once

    def readinto(self, buffer: Buffer, /) -> int:
        return self._data.readinto(memoryview(buffer)[: self._at_once])


def packed(form: Format, data: bytes, codec: Codec) -> bytes:
    """Make a file."""
    return _collected(lambda write: form.compress(Source(data), write, codec))


def unpacked(form: Format, file: bytes, codec: Codec, at_once: int = 1 << 20) -> bytes:
    """Read a file."""
    return _collected(lambda write: form.decompress(Reader(Source(file, at_once)), write, codec))


def _collected(work: Callable[[Callable[[bytes | memoryview], object]], None]) -> bytes:
    parts: list[bytes] = []
    work(lambda part: parts.append(bytes(part)))
    return b"".join(parts)
