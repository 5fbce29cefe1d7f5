# SPDX-License-Identifier: MIT
"""What a file format of compressed data is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..pieces import Source
from .codec import Codec
from .reader import Reader

Write = Callable[[bytes | memoryview], object]
"""Takes some of the output, in order."""

SKIPPABLE = tuple(bytes([0x50 + low]) + b"\x2a\x4d\x18" for low in range(16))
"""Magic numbers of frames that zstd and lz4 pass over; four bytes with their length follow."""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format."""

    name: str
    """As its programs call it."""
    suffix: str
    """Of its files, with the dot."""
    magics: tuple[bytes, ...]
    """What its files begin with."""
    algorithms: tuple[str, ...]
    """Generic names of what it holds; the first one decompresses all. Empty = the file tells."""
    compress: Callable[[Source, Write, Codec], None]
    """Makes a file of a stream."""
    decompress: Callable[[Reader, Write, Codec], None]
    """Makes the stream of a file."""
