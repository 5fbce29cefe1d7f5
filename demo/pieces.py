# SPDX-License-Identifier: MIT
"""A file in pieces, many of them in the device at the same time, by asyncio and by a queue."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import AlgorithmNotFound, AsyncCryptoDevice, CryptoDevice, Op, Request, query

from .job import COREUTILS, OPENSSL, Row, do_job, run_tool

PIECE_BYTES = 256 << 10
COMP_BYTES = 64 << 10
"""Half of what a codec takes, so that there is room for what cannot be made smaller."""
DEPTH = 32
ENGINE = "virtio_crypto_aes_cbc"


class Pieces:
    """The jobs that Python does on the pieces of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = path.read_bytes()
        self._key = os.urandom(32)

    def jobs(self) -> Iterator[Row]:
        """What is done to any file, by an engine too where there is one."""
        yield self._seal()
        yield self._hash()
        yield self._decrypt("cbc(aes)")
        try:
            query(ENGINE)
        except AlgorithmNotFound:
            return
        yield self._decrypt(ENGINE)

    def _cut(self, data: bytes, size: int = PIECE_BYTES) -> list[memoryview]:
        view = memoryview(data)
        return [view[at : at + size] for at in range(0, len(view), size)]

    def _job(
        self,
        operation: str,
        device: CryptoDevice | AsyncCryptoDevice,
        judge: str,
        work: Callable[[], bytes],
        expected: Callable[[], bytes],
    ) -> Row:
        by = "asyncio" if isinstance(device, AsyncCryptoDevice) else "Py queue"
        about = (self._path.name, len(self._data))
        return do_job(operation, device, judge, about, work, expected, by)

    def _seal(self) -> Row:
        """Seal the pieces as messages of their own, each awaited."""
        judge = AESGCM(self._key)
        messages = [
            (number.to_bytes(12, "big"), piece)
            for number, piece in enumerate(self._cut(self._data))
        ]

        async def sealed() -> bytes:
            return b"".join(
                await asyncio.gather(*(device.encrypt(text, iv=iv) for iv, text in messages))
            )

        with closing(AsyncCryptoDevice("gcm(aes)", key=self._key)) as device:
            return self._job(
                "seal",
                device,
                OPENSSL,
                lambda: asyncio.run(sealed()),
                lambda: b"".join(judge.encrypt(iv, text, None) for iv, text in messages),
            )

    def _hash(self) -> Row:
        """Hash each piece, awaited."""
        split = ["split", "-b", str(PIECE_BYTES), "--filter=sha256sum", str(self._path)]

        async def digests() -> bytes:
            return b"".join(await asyncio.gather(*map(device.digest, self._cut(self._data))))

        with closing(AsyncCryptoDevice("sha256")) as device:
            return self._job(
                "hash",
                device,
                COREUTILS,
                lambda: asyncio.run(digests()),
                lambda: bytes.fromhex("".join(run_tool(*split).decode().split()[::2])),
            )

    def compress(self) -> Row:
        """Compress blocks as a stream of awaited requests; each is a frame, and so is the file."""
        frames: list[bytes] = []

        async def compressed() -> bytes:
            requests = (Request(Op.COMPRESS, piece) for piece in self._cut(self._data, COMP_BYTES))
            async for result in device.stream(requests, depth=DEPTH):
                frames.append(result.get())
            return self._data

        with closing(AsyncCryptoDevice("zstd")) as device:
            return self._job(
                "compress",
                device,
                "zstd",
                lambda: asyncio.run(compressed()),
                lambda: run_tool("zstd", "-dc", text=b"".join(frames)),
            )

    def _decrypt(self, algorithm: str) -> Row:
        """Decrypt what OpenSSL encrypted: the IV of a piece is the end of the one before it."""
        iv = os.urandom(16)
        padding = 16 - len(self._data) % 16
        key_and_iv = ["-K", self._key.hex(), "-iv", iv.hex()]
        theirs = run_tool("openssl", "enc", "-aes-256-cbc", *key_and_iv, "-in", str(self._path))

        def decrypted() -> bytes:
            pieces = self._cut(theirs)
            ivs = [iv, *(bytes(piece[-16:]) for piece in pieces[:-1])]
            requests = (
                Request(Op.DECRYPT, piece, iv=before)
                for before, piece in zip(ivs, pieces, strict=True)
            )
            return b"".join(result.get() for result in device.stream(requests, depth=DEPTH))

        with CryptoDevice(algorithm, key=self._key) as device:
            return self._job(
                "decrypt",
                device,
                OPENSSL,
                decrypted,
                lambda: self._data + bytes([padding]) * padding,
            )
