# SPDX-License-Identifier: MIT
"""Ciphers without authentication, byte for byte as `openssl enc -K -iv` has them."""

from __future__ import annotations

from collections.abc import Iterator

from .. import AlgClass, Algorithm, AmbiguousName, CryptoDevice, Op, Request, driver_info, query
from ..pieces import Piece, Source, pieces
from .exit_codes import AlgorithmError, DataError, UsageError
from .files import Write
from .keys import check_length

_PIECE_BYTES = 65536
"""Every configuration of the device takes as much in one request."""

_WHOLE_BLOCKS = ("cbc(", "ecb(")
"""Modes that take whole blocks only; `openssl enc` pads them as PKCS#7 does (RFC 5652, 6.3)."""


def crypt(
    op: Op,
    source: Source,
    write: Write,
    *,
    name: str,
    key: bytes,
    iv: bytes,
    padding: bool,
    path: str,
) -> None:
    """Encrypt or decrypt a stream.

    Args:
        op: ENCRYPT or DECRYPT.
        source: the input, read to its end.
        write: takes the output.
        name: generic or driver name of the cipher.
        key: its key.
        iv: its IV; empty if it takes none.
        padding: pad the modes that take whole blocks only.
        path: node of the device.

    Raises:
        UsageError: the algorithm does not take such a key or IV.
        AlgorithmError: it is no cipher, or does not take data that long.
        DataError: length or padding of the data are wrong.
    """
    algorithm = _query(name, path)
    if algorithm.alg_class is not AlgClass.SKCIPHER:
        raise AlgorithmError(f"--raw takes a cipher without authentication, which {name} is not")
    check_length(algorithm, key)
    if len(iv) != algorithm.iv_bytes:
        raise UsageError(f"{name} takes an IV of {algorithm.iv_bytes} bytes, not {len(iv)}")
    block_bytes = algorithm.block_bytes if algorithm.name.startswith(_WHOLE_BLOCKS) else 1
    padding = padding and block_bytes > 1
    with CryptoDevice(name, alg_class=AlgClass.SKCIPHER, key=key, path=path) as device:
        for data, last in _cut(source, algorithm, path):
            text = bytes(data)
            if last and padding and op is Op.ENCRYPT:
                text = _padded(text, block_bytes)
            if len(text) % block_bytes or (padding and not text):
                raise DataError(f"the input is not a multiple of {block_bytes} bytes long")
            request = Request(op, text, iv=iv, iv_out=algorithm.chains)
            (result,) = device.run([request])
            output = result.get()
            if last and padding and op is Op.DECRYPT:
                output = _unpadded(output, block_bytes)
            write(output)
            iv = result.iv or iv


def _query(name: str, path: str) -> Algorithm:
    try:
        return query(name, path=path)
    except AmbiguousName as error:
        if AlgClass.SKCIPHER not in error.choices:
            raise
        # Only that one can be meant.
        return query(name, AlgClass.SKCIPHER, path=path)


def _cut(source: Source, algorithm: Algorithm, path: str) -> Iterator[Piece]:
    """Cut the stream where the mode allows it, or else nowhere."""
    if algorithm.chains or algorithm.name.startswith("ecb("):
        unit_bytes = algorithm.chunk_bytes
        yield from pieces(source, unit_bytes, max(_PIECE_BYTES // unit_bytes, 1))
        return
    limit = driver_info(path=path).max_request_bytes
    piece = next(pieces(source, limit, 1))
    if not piece.last:
        raise AlgorithmError(
            f"{algorithm.name} takes its input in one request, which has at most {limit} bytes"
        )
    yield piece


def _padded(text: bytes, block_bytes: int) -> bytes:
    count = block_bytes - len(text) % block_bytes
    return text + bytes([count]) * count


def _unpadded(text: bytes, block_bytes: int) -> bytes:
    count = text[-1]
    if not 1 <= count <= block_bytes or text[-count:] != bytes([count]) * count:
        raise DataError("the padding is wrong: another key or IV, or damaged data")
    return text[:-count]
