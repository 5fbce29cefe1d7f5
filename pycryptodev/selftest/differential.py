# SPDX-License-Identifier: MIT
"""Random cases, for which another implementation's answers are taken to be right."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..device import CryptoDevice
from ..enums import AlgClass, Op
from ..errors import CryptoDevError, InvalidRequest
from ..info import Algorithm
from ..requests import Request
from .model import Case, Direction, Expect

CASES_PER_KEY = 4

_KEY_BYTES = (*range(1, 66), 100, 128, 131, 200)
"""Lengths of keys that are tried where the crypto API does not tell them."""
_AUTH_KEY_BYTES = 32
_MOST_BYTES = 8192


def key_lengths(
    algorithm: Algorithm, *, path: str | os.PathLike[str], tried: Sequence[int] = ()
) -> list[int]:
    """Return the lengths of keys that an implementation takes, 0 for no key.

    Args:
        algorithm: the implementation.
        path: node of the device.
        tried: the lengths to try; empty = all.
    """
    least, most = algorithm.key_min_bytes, algorithm.key_max_bytes
    candidates = tried or (range(least, most + 1) if most else _KEY_BYTES)
    found = [] if algorithm.needs_key else [0]
    source = random.Random(0)
    for size in candidates:
        try:
            with _open(algorithm, source.randbytes(size), 0, path):
                found.append(size)
        except CryptoDevError:
            continue
    return found


def cases(
    reference: Algorithm,
    *,
    count: int,
    seed: int,
    path: str | os.PathLike[str],
    tried: Sequence[int] = (),
) -> Iterator[Case]:
    """Yield random cases with the answers of an implementation.

    What it refuses has to be refused with the same error. The same seed gives the same cases.

    Args:
        reference: the implementation: a cipher, an AEAD or a hash.
        count: how many cases.
        seed: of the choices.
        path: node of the device.
        tried: lengths of keys; empty = all that it takes.
    """
    lengths = key_lengths(reference, path=path, tried=tried)
    for first in range(0, count if lengths else 0, CASES_PER_KEY):
        source = random.Random(f"{seed}:{first}")
        key = source.randbytes(source.choice(lengths))
        tag_bytes = _tag_bytes(reference, source)
        idents = [
            f"random {seed}:{number}" for number in range(first, min(first + CASES_PER_KEY, count))
        ]
        try:
            device = _open(reference, key, tag_bytes, path)
        except InvalidRequest:
            yield Case(
                ident=idents[0],
                alg_class=reference.alg_class,
                name=reference.name,
                key=key,
                auth_key=_auth_key(reference, key),
                tag_bytes=tag_bytes,
                expect=Expect.NOT_CONFIGURED,
                error=errno.EINVAL,
            )
            continue
        with device:
            for ident in idents:
                yield _case(device, key, ident, source)


def _open(
    algorithm: Algorithm, key: bytes, tag_bytes: int, path: str | os.PathLike[str]
) -> CryptoDevice:
    return CryptoDevice(
        algorithm.driver,
        key=key,
        auth_key=_auth_key(algorithm, key),
        alg_class=algorithm.alg_class,
        tag_bytes=tag_bytes,
        path=path,
    )


def _auth_key(algorithm: Algorithm, key: bytes) -> bytes:
    # Of no use but for this template, and then as good as any other.
    return key[:1] * _AUTH_KEY_BYTES if algorithm.name.startswith("authenc(") else b""


def _tag_bytes(algorithm: Algorithm, source: random.Random) -> int:
    most = algorithm.tag_max_bytes
    return source.choice([most, most, most, *range(4, most + 1)]) if most else 0


def _size(algorithm: Algorithm, source: random.Random) -> int:
    size = source.randrange(source.choice([17, 65, 513, 4097, _MOST_BYTES + 1]))
    unit = max(algorithm.block_bytes, algorithm.chunk_bytes, 1)
    # Mostly what modes take that have no use for a rest.
    return size if source.random() < 0.25 else size // unit * unit


def _iv(algorithm: Algorithm, source: random.Random) -> bytes:
    iv = source.randbytes(algorithm.iv_bytes)
    if algorithm.name.startswith("ccm("):
        # The length of the length minus 1, of which 3 to 7 leave room for every message here.
        iv = bytes([source.randrange(3, 8)]) + iv[1:]
    return iv


def _assoc(algorithm: Algorithm, source: random.Random) -> bytes:
    if algorithm.alg_class is not AlgClass.AEAD:
        return b""
    if algorithm.name.startswith("rfc4"):
        # Of IPsec: SPI and sequence number, and the IV, which is taken from the end.
        return source.randbytes(source.choice([16, 20]))
    return source.randbytes(source.randrange(source.choice([1, 33, 257])))


def _case(device: CryptoDevice, key: bytes, ident: str, source: random.Random) -> Case:
    algorithm = device.info
    plain = source.randbytes(_size(algorithm, source))
    iv, assoc = _iv(algorithm, source), _assoc(algorithm, source)
    is_hash = algorithm.alg_class is AlgClass.HASH
    op = Op.DIGEST if is_hash else Op.ENCRYPT
    (result,) = device.run([Request(op, plain, iv=iv, assoc=assoc)])
    case = Case(
        ident=ident,
        alg_class=algorithm.alg_class,
        name=algorithm.name,
        key=key,
        auth_key=_auth_key(algorithm, key),
        iv=iv,
        assoc=assoc,
        plain=plain,
        tag_bytes=algorithm.tag_bytes,
    )
    return _answered(case, result.error, result.data or b"", is_hash=is_hash)


def _answered(case: Case, error: CryptoDevError | None, output: bytes, *, is_hash: bool) -> Case:
    if error is not None:
        return replace(
            case,
            expect=Expect.REFUSED,
            error=error.errno or errno.EIO,
            tag=bytes(case.tag_bytes),
            directions=Direction.ENCRYPT,
        )
    if is_hash:
        return replace(case, tag=output)
    size = len(case.plain)
    return replace(case, cipher=output[:size], tag=output[size:])
