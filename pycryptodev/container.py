# SPDX-License-Identifier: MIT
"""The container: authenticated encryption of files and pipes of any length.

docs/container.md is its specification. In short: a header with a random salt, from which and from
the caller's key HKDF makes a key for this file alone; then chunks, each sealed by an AEAD with a
nonce that holds the chunk's number and whether it is the last. Chunks that are changed, reordered,
dropped, repeated or appended do not verify, and no plaintext leaves before its chunk has verified.

Source: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, "Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015; HKDF: RFC 5869.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from ._context import NODE
from .device import CryptoDevice
from .enums import AlgClass, Op
from .errors import InvalidTag
from .lookup import query
from .nonces import ccm_iv
from .pieces import Piece, Source, pieces
from .queue import Queue
from .requests import Request

DEFAULT_ALGORITHM = "gcm(aes)"

MAGIC = b"\x89DCRYPT\n"
VERSION = 1
CHUNK_BYTES = 65536
"""Plaintext of a chunk, and the most that a reader accepts.

Every configuration of the device takes as much in one request.
"""
SALT_BYTES = 32
COMMITMENT_BYTES = 32
TAG_BYTES = 16
MAX_CHUNKS = 1 << 32

_NONCE_PREFIX_BYTES = 7
_NONCE_SUFFIX = struct.Struct(">I?")
_FIXED = struct.Struct(f">{len(MAGIC)}sHHI{SALT_BYTES}s")
_MAX_NAME_BYTES = 127
_BATCH_CHUNKS = 16

Write = Callable[[memoryview], object]
"""Takes some of the output, in order."""


class ContainerError(ValueError):
    """A container cannot be made or read."""


class UnsupportedAlgorithm(ContainerError):
    """Containers do not use this algorithm."""


class WrongKeyLength(ContainerError):
    """The algorithm does not take a key of this length."""


class UnknownFormat(ContainerError):
    """Not a container, or one of a version that is not known here."""


class WrongKey(ContainerError):
    """The key is not the one that the container was made with, or its header was changed."""


class Damaged(ContainerError):
    """A chunk does not verify: changed, moved, truncated or extended."""


@dataclass(frozen=True, slots=True)
class Suite:
    """An AEAD that a container may use."""

    name: str
    """Generic name in the crypto API."""
    key_lengths: tuple[int, ...]
    """Lengths of the caller's key, and so of the file's, in bytes."""
    iv: Callable[[bytes], bytes]
    """Turns the 12 bytes of a nonce into the IV of the crypto API."""


SUITES = {
    suite.name: suite
    for suite in (
        Suite("gcm(aes)", (16, 24, 32), bytes),
        Suite("ccm(aes)", (16, 24, 32), ccm_iv),
        Suite("rfc7539(chacha20,poly1305)", (32,), bytes),
    )
}


def suite_of(name: str) -> Suite:
    """The suite of a generic name.

    Raises:
        UnsupportedAlgorithm: there is none.
    """
    if name not in SUITES:
        raise UnsupportedAlgorithm(f"containers use {', '.join(SUITES)}, not {name}")
    return SUITES[name]


def hkdf_sha256(key: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """Derive key material.

    Computed here and not by the device: it is a few hundred bytes of hashing, and a container
    must not depend on a policy that allows hmac(sha256) too.

    Args:
        key: input keying material.
        salt: of any length.
        info: what the result is bound to.
        length: bytes wanted, at most 8160.

    Source: RFC 5869.
    """
    pseudorandom = hmac.digest(salt, key, "sha256")
    block = output = b""
    for index in range(1, -(-length // hashlib.sha256().digest_size) + 1):
        block = hmac.digest(pseudorandom, block + info + bytes([index]), "sha256")
        output += block
    return output[:length]


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in front of the chunks, without the commitment to the key."""

    suite: Suite
    chunk_bytes: int
    salt: bytes

    def pack(self) -> bytes:
        """The fields as they stand in the container: the header up to the commitment."""
        name = self.suite.name.encode("ascii")
        return _FIXED.pack(MAGIC, VERSION, len(name), self.chunk_bytes, self.salt) + name

    @classmethod
    def read(cls, source: Source) -> Header:
        """Take the fields from the beginning of a container.

        Raises:
            UnknownFormat: what is there is no header of this version.
            UnsupportedAlgorithm: its algorithm is not one of containers.
        """
        fixed = _read_exactly(source, _FIXED.size)
        magic, version, name_bytes, chunk_bytes, salt = _FIXED.unpack(fixed)
        if magic != MAGIC:
            raise UnknownFormat("not a container of cryptodev")
        if version != VERSION:
            raise UnknownFormat(f"version {version} of the container is not known here")
        if not 1 <= name_bytes <= _MAX_NAME_BYTES:
            raise UnknownFormat("the header of the container is damaged")
        name = ascii(_read_exactly(source, name_bytes).decode("latin-1"))[1:-1]
        if not 1 <= chunk_bytes <= CHUNK_BYTES:
            raise UnknownFormat(f"chunks of {chunk_bytes} bytes are not allowed")
        return cls(suite_of(name), chunk_bytes, salt)


@dataclass(frozen=True, slots=True)
class FileKeys:
    """What HKDF makes of the caller's key for one container."""

    commitment: bytes
    """Ends the header: no other key gives the same."""
    key: bytes = field(repr=False)
    """The key of the AEAD, as long as the caller's."""
    nonce_prefix: bytes
    """The beginning of every nonce."""

    @classmethod
    def derive(cls, key: bytes, header: Header) -> FileKeys:
        """Derive from the caller's key and the header.

        Raises:
            WrongKeyLength: the algorithm does not take a key of this length.
        """
        suite = header.suite
        if len(key) not in suite.key_lengths:
            lengths = " or ".join(map(str, suite.key_lengths))
            raise WrongKeyLength(f"{suite.name} takes a key of {lengths} bytes, not {len(key)}")
        length = COMMITMENT_BYTES + len(key) + _NONCE_PREFIX_BYTES
        material = hkdf_sha256(key, salt=header.salt, info=header.pack(), length=length)
        return cls(
            material[:COMMITMENT_BYTES],
            material[COMMITMENT_BYTES:-_NONCE_PREFIX_BYTES],
            material[-_NONCE_PREFIX_BYTES:],
        )

    def nonce(self, index: int, last: bool) -> bytes:
        """The 12 bytes of the nonce of a chunk.

        Args:
            index: number of the chunk, from 0.
            last: whether the container ends with it.

        Raises:
            ContainerError: a container has no room for a chunk of this number.
        """
        if index >= MAX_CHUNKS:
            raise ContainerError(f"a container takes at most {MAX_CHUNKS} chunks")
        return self.nonce_prefix + _NONCE_SUFFIX.pack(index, last)


def _read_exactly(source: Source, length: int) -> bytes:
    buffer = memoryview(bytearray(length))
    filled = 0
    while filled < length:
        got = source.readinto(buffer[filled:])
        if not got:
            raise UnknownFormat("too short for a container of cryptodev")
        filled += got
    return bytes(buffer)


def encrypt(
    source: Source,
    write: Write,
    key: bytes,
    *,
    algorithm: str = DEFAULT_ALGORITHM,
    chunk_bytes: int = CHUNK_BYTES,
    path: str = NODE,
) -> None:
    """Encrypt a stream into a container.

    Args:
        source: the plaintext, read to its end.
        write: takes the container piece by piece; each is valid until it returns.
        key: the caller's key, which may be used for any number of containers.
        algorithm: generic or driver name of one of the `SUITES`.
        chunk_bytes: plaintext of a chunk, 1 to 65536.
        path: node of the device.

    Raises:
        UnsupportedAlgorithm: containers do not use the algorithm.
        WrongKeyLength: the algorithm does not take a key of this length.
        ValueError: chunk_bytes is out of range.
        CryptoDevError: the device failed.
    """
    if not 1 <= chunk_bytes <= CHUNK_BYTES:
        raise ValueError(f"chunk_bytes is not from 1 to {CHUNK_BYTES}")
    header = Header(suite_of(query(algorithm, path=path).name), chunk_bytes, os.urandom(SALT_BYTES))
    keys = FileKeys.derive(key, header)
    with (
        CryptoDevice(algorithm, alg_class=AlgClass.AEAD, key=keys.key, path=path) as device,
        device.queue() as queue,
    ):
        chunks = _Chunks(device, queue, Op.ENCRYPT, header, keys)
        write(memoryview(chunks.header))
        for piece in pieces(source, chunk_bytes, _BATCH_CHUNKS):
            chunks.run(piece, write)


def decrypt(
    source: Source,
    write: Write,
    key: bytes,
    *,
    algorithm: str | None = None,
    path: str = NODE,
) -> None:
    """Decrypt a container.

    Args:
        source: the container, read to its end.
        write: takes the plaintext piece by piece, each after it has been verified and valid until
            `write` returns. Only when `decrypt` has returned is it known to be complete.
        key: the caller's key.
        algorithm: the driver to use; None = the best one of the header's algorithm.
        path: node of the device.

    Raises:
        UnknownFormat: this is no container of a known version.
        UnsupportedAlgorithm: containers do not use its algorithm, or `algorithm` is another one.
        WrongKeyLength: the algorithm does not take a key of this length.
        WrongKey: another key was used, or the header was changed.
        Damaged: a chunk does not verify. Those before it have been written.
        CryptoDevError: the device failed.
    """
    header = Header.read(source)
    name = header.suite.name
    keys = FileKeys.derive(key, header)
    if not hmac.compare_digest(_read_exactly(source, COMMITMENT_BYTES), keys.commitment):
        raise WrongKey("the key is wrong, or the header of the container was changed")
    if algorithm is not None and (other := query(algorithm, path=path).name) != name:
        raise UnsupportedAlgorithm(f"the container was made with {name}, not {other}")
    with (
        CryptoDevice(algorithm or name, alg_class=AlgClass.AEAD, key=keys.key, path=path) as device,
        device.queue() as queue,
    ):
        chunks = _Chunks(device, queue, Op.DECRYPT, header, keys)
        for piece in pieces(source, header.chunk_bytes + TAG_BYTES, _BATCH_CHUNKS):
            chunks.run(piece, write)


class _Chunks:
    """Seals or opens the chunks of one container, side by side, and writes them in their order."""

    def __init__(
        self, device: CryptoDevice, queue: Queue, op: Op, header: Header, keys: FileKeys
    ) -> None:
        self.header = header.pack() + keys.commitment
        self._device = device
        self._queue = queue
        self._op = op
        self._suite = header.suite
        self._keys = keys
        self._index = 0
        sealed_bytes = header.chunk_bytes + TAG_BYTES
        seals = op is Op.ENCRYPT
        self._from_bytes = header.chunk_bytes if seals else sealed_bytes
        self._to_bytes = sealed_bytes if seals else header.chunk_bytes
        self._output = memoryview(bytearray(_BATCH_CHUNKS * self._to_bytes))

    def run(self, piece: Piece, write: Write) -> None:
        """Work on some chunks, and write as many as are good.

        Args:
            piece: whole chunks, or the last one alone.
            write: takes the result.
        """
        inputs = [
            piece.data[start : start + self._from_bytes]
            for start in range(0, len(piece.data) or 1, self._from_bytes)
        ]
        if self._op is Op.DECRYPT:
            self._check_last(piece)
        results = self._queue.run(
            self._request(number, data, piece.last) for number, data in enumerate(inputs)
        )
        good_bytes = 0
        try:
            for data, result in zip(inputs, results, strict=True):
                if isinstance(result.error, InvalidTag):
                    raise Damaged(self._diagnosis(data, piece.last)) from None
                result.get()
                good_bytes += result.written
                self._index += 1
        finally:
            write(self._output[:good_bytes])

    def _request(self, number: int, data: memoryview, last: bool) -> Request:
        start = number * self._to_bytes
        size = len(data) + self._to_bytes - self._from_bytes
        return Request(
            self._op,
            data,
            self._output[start : start + size],
            iv=self._iv(self._index + number, last),
            assoc=self.header,
        )

    def _iv(self, index: int, last: bool) -> bytes:
        return self._suite.iv(self._keys.nonce(index, last))

    def _check_last(self, piece: Piece) -> None:
        """Refuse a last chunk without a whole tag, and an empty one that is not the only one."""
        if len(piece.data) < TAG_BYTES + bool(self._index):
            raise Damaged(f"truncated: chunk {self._index} is not complete")

    def _diagnosis(self, data: memoryview, last: bool) -> str:
        """What is wrong with a chunk whose tag is."""
        iv = self._iv(self._index, not last)
        try:
            self._device.decrypt(data, iv=iv, assoc=self.header)
        except InvalidTag:
            return f"chunk {self._index} does not verify: it was changed, moved or cut off"
        if last:
            return f"truncated: chunk {self._index} is the last one here, but not of the container"
        return f"data follow the container's last chunk, {self._index}"
