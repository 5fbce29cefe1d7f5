# SPDX-License-Identifier: MIT
"""Compressed files of any size, in the format of each codec's own programs.

The device compresses single blocks. What stands around them here is, by the algorithm:

=========  =======================  =====================================
deflate    gzip (RFC 1952)          read by gzip, zlib, bgzip
zstd       zstd frames (RFC 8878)   read by zstd
lz4, lz4hc LZ4 frame format         read by lz4
lzo        file format of lzop      read by lzop
others     docs/framing.md          read by this module
=========  =======================  =====================================

Files that those programs made can be read as far as each of their blocks fits into one request;
otherwise Unsupported says which does not, and by what it is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .._context import NODE
from ..device import CryptoDevice
from ..enums import AlgClass
from ..lookup import driver_info, query
from ..pieces import Source
from . import blocks, gzip, lz4, lzop, zstd
from .codec import DeviceCodec
from .errors import Damaged, FramingError, UnknownFormat, Unsupported
from .formats import Format, Write
from .reader import Reader

__all__ = [
    "DEFAULT_ALGORITHM",
    "FORMATS",
    "Damaged",
    "Format",
    "FramingError",
    "UnknownFormat",
    "Unsupported",
    "compress",
    "decompress",
    "format_of",
]

DEFAULT_ALGORITHM = "zstd"

FORMATS = (gzip.FORMAT, zstd.FORMAT, lz4.FORMAT, lzop.FORMAT, blocks.FORMAT)

_MAGIC_BYTES = max(len(magic) for each in FORMATS for magic in each.magics)


def format_of(name: str) -> Format:
    """Return the format for an algorithm, by its generic name."""
    return next((each for each in FORMATS if name in each.algorithms), blocks.FORMAT)


def recognise(reader: Reader) -> Format:
    """Return the format of a file, by how it begins.

    Raises:
        UnknownFormat: it has none of them.
    """
    start = bytes(reader.peek(_MAGIC_BYTES))
    for each in FORMATS:
        if start.startswith(each.magics):
            return each
    names = ", ".join(each.name for each in FORMATS[:-1])
    raise UnknownFormat(f"not a file of {names} or cryptodev compress")


def compress(
    source: Source,
    write: Write,
    *,
    algorithm: str = DEFAULT_ALGORITHM,
    path: str | os.PathLike[str] = NODE,
) -> None:
    """Compress a stream into a file of the algorithm's format.

    Args:
        source: the data, read to their end.
        write: takes the file piece by piece; each is valid until it returns.
        algorithm: generic or driver name.
        path: node of the device.

    Raises:
        AlgorithmNotFound, PolicyError: there is no such algorithm.
        CryptoDevError: the device failed.
    """
    name = query(algorithm, AlgClass.COMP, path=path).name
    chosen = format_of(name)
    with _codec(algorithm, path) as codec:
        if chosen is blocks.FORMAT:
            write(blocks.header(name))
        chosen.compress(source, write, codec)


def decompress(
    source: Source,
    write: Write,
    *,
    algorithm: str | None = None,
    path: str | os.PathLike[str] = NODE,
) -> None:
    """Decompress a file of one of the formats, which it is recognised by.

    Args:
        source: the file, read to its end.
        write: takes the data piece by piece, each valid until it returns. Only when `decompress`
            has returned are they known to be whole.
        algorithm: the driver to use; None = the best one for the format.
        path: node of the device.

    Raises:
        UnknownFormat: the file has none of the formats.
        Damaged: it was changed, or is truncated.
        Unsupported: a part of it does not fit into a request, or algorithm is not of its format.
        CryptoDevError: the device failed.
    """
    reader = Reader(source)
    found = recognise(reader)
    name = found.algorithms[0] if found.algorithms else blocks.read_name(reader)
    if algorithm is not None:
        other = query(algorithm, AlgClass.COMP, path=path).name
        if other not in (found.algorithms or (name,)):
            raise Unsupported(f"the file was compressed with {name}, not {other}")
    with _codec(algorithm or name, path) as codec:
        found.decompress(reader, write, codec)


@contextmanager
def _codec(name: str, path: str | os.PathLike[str]) -> Iterator[DeviceCodec]:
    with (
        CryptoDevice(name, alg_class=AlgClass.COMP, path=path) as device,
        device.queue() as queue,
    ):
        yield DeviceCodec(device, queue, driver_info(path=path).max_comp_bytes)
