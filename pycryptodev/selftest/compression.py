# SPDX-License-Identifier: MIT
"""Cases of compression, of which nobody publishes vectors, and who judges them.

A codec compresses as it likes, so that what it makes is right if it expands to the text. Who
expands it, and makes what the codec has to expand, is zlib where the format is zlib's; else the
codec itself, which shows that nothing is lost on the way there and back and no more; or another
implementation.
"""

from __future__ import annotations

import errno
import os
import random
import zlib
from collections.abc import Iterator
from functools import partial

from ..algorithms import PROC_CRYPTO, parse_proc_crypto
from ..device import CryptoDevice
from ..enums import AlgClass
from ..errors import CryptoDevError
from ..info import Algorithm
from .model import Case, Direction, Expect, Judge

COUNT = 24
"""Texts that are compressed if nobody says how many."""

_NAMES = ("842", "deflate", "lz4", "lz4hc", "lzo", "lzo-rle", "zstd")
"""What kernels have, and load when they are asked for it."""
_ZLIB_WINDOWS = {"deflate": -15, "zlib-deflate": 15}
_WORDS = (b"the ", b"kernel ", b"driver ", b"of ", b"a ", b"crypto ", b"engine\n", b"\0\0\0\0")
_MOST_BYTES = 40_000
_CORRUPT = b"\xff" * 64
"""The beginning of nothing, in any of the formats."""


def names() -> list[str]:
    """Return the generic names of the codecs that the machine may have."""
    entries = parse_proc_crypto(PROC_CRYPTO.read_text(encoding="ascii"))
    registered = {each.name for each in entries if each.alg_class is AlgClass.COMP}
    return sorted(registered.union(_NAMES))


def zlib_judge(name: str) -> Judge | None:
    """Return zlib, if it knows the format."""
    window = _ZLIB_WINDOWS.get(name)
    if window is None:
        return None

    def compress(text: bytes) -> bytes:
        packer = zlib.compressobj(wbits=window)
        return packer.compress(text) + packer.flush()

    def expand(packed: bytes, size: int) -> bytes:
        # What stands behind the stream, or is missing of it, is wrong as well.
        expander = zlib.decompressobj(wbits=window)
        try:
            text = expander.decompress(packed, size + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        if not expander.eof or expander.unused_data:
            raise ValueError("not one whole stream")
        return text

    return Judge("zlib", compress, expand)


def driver_judge(driver: str, name: str, *, path: str | os.PathLike[str]) -> Judge:
    """Return an implementation as a judge.

    Args:
        driver: its name.
        name: what the report calls it.
        path: node of the device.
    """
    device = partial(CryptoDevice, driver, alg_class=AlgClass.COMP, path=path)

    def compress(text: bytes) -> bytes:
        with device() as codec:
            return codec.compress(text)

    def expand(packed: bytes, size: int) -> bytes:
        try:
            with device() as codec:
                return codec.decompress(packed, most=size)
        except CryptoDevError as error:
            raise ValueError(str(error)) from None

    return Judge(name, compress, expand)


def cases(name: str, asked: str, *, path: str | os.PathLike[str]) -> Iterator[Case]:
    """Yield cases for an implementation, with the best judge that there is.

    Args:
        name: generic name.
        asked: name that gives the implementation.
        path: node of the device.
    """
    if (judge := zlib_judge(name)) is not None:
        yield from _cases(name, judge, count=COUNT, seed=0)
        return
    itself = driver_judge(asked, "itself, there and back", path=path)
    yield from _cases(name, itself, count=COUNT, seed=0, directions=Direction.ENCRYPT)


def against(
    reference: Algorithm, *, count: int, seed: int, path: str | os.PathLike[str]
) -> Iterator[Case]:
    """Yield random cases that another implementation judges; see differential.cases()."""
    judge = driver_judge(reference.driver, reference.driver, path=path)
    yield from _cases(reference.name, judge, count=count, seed=seed)


def _cases(
    name: str, judge: Judge, *, count: int, seed: int, directions: Direction = Direction.BOTH
) -> Iterator[Case]:
    for number in range(count):
        text = _text(random.Random(f"{seed}:{number}"))
        yield Case(
            ident=f"text {seed}:{number}",
            alg_class=AlgClass.COMP,
            name=name,
            plain=text,
            cipher=judge.compress(text) if Direction.DECRYPT in directions else b"",
            judge=judge,
            directions=directions,
        )
    yield Case(
        ident="what nobody compressed",
        alg_class=AlgClass.COMP,
        name=name,
        plain=bytes(_MOST_BYTES),
        cipher=_CORRUPT,
        judge=judge,
        expect=Expect.REFUSED,
        error=errno.EILSEQ,
        directions=Direction.DECRYPT,
    )


def _text(source: random.Random) -> bytes:
    """Something that does not compress, compresses well, or both in turn."""
    size = source.randrange(1, source.choice([17, 65, 513, 4097, _MOST_BYTES]))
    text = bytearray()
    while len(text) < size:
        kind = source.randrange(3)
        if kind == 0:
            text += source.randbytes(source.randrange(1, 300))
        elif kind == 1:
            text += source.randbytes(1) * source.randrange(1, 3000)
        else:
            text += b"".join(source.choices(_WORDS, k=200))
    return bytes(text[:size])
