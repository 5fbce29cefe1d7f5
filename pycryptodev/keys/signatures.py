# SPDX-License-Identifier: MIT
"""Signing and verifying messages, which the device does with their digests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from .._context import NODE
from ..device import CryptoDevice
from ..hash import new

if TYPE_CHECKING:
    from typing_extensions import Buffer


class VerifyingKey(Protocol):
    """A public key that verifies signatures."""

    @property
    def default_hash(self) -> str:
        """Name of the hash where none is given."""

    def verifier(self, hash: str = "", *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device that verifies signatures of digests of this hash."""


class SigningKey(Protocol):
    """A private key that makes signatures."""

    @property
    def default_hash(self) -> str:
        """Name of the hash where none is given."""

    def signer(self, hash: str = "", *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device that signs digests of this hash."""


class Verifies:
    """What verifying keys have in common."""

    __slots__ = ()

    def verify(
        self: VerifyingKey,
        signature: Buffer,
        message: Buffer,
        *,
        hash: str = "",
        path: str | os.PathLike[str] = NODE,
    ) -> None:
        """Verify the signature of a message.

        Args:
            signature: the signature.
            message: what was signed, any length.
            hash: name of the hash at the crypto API; empty = default_hash.
            path: the node.

        Raises:
            InvalidSignature: it is not one of this message by this key.
            LimitReached: it is longer than max_key_bytes of the driver.
            AlgorithmNotFound, PolicyError: the kernel has no such algorithm, or may not be asked.
        """
        digest = new(hash or self.default_hash, message, path=path).digest()
        with self.verifier(hash, path=path) as device:
            device.verify(signature, digest)


class Signs:
    """What signing keys have in common."""

    __slots__ = ()

    def sign(
        self: SigningKey,
        message: Buffer,
        *,
        hash: str = "",
        path: str | os.PathLike[str] = NODE,
    ) -> bytes:
        """Sign a message.

        Args:
            message: any length.
            hash: name of the hash at the crypto API; empty = default_hash.
            path: the node.

        Returns:
            The signature.

        Raises:
            AlgorithmNotFound, PolicyError: the kernel has no such algorithm, or may not be asked.
        """
        digest = new(hash or self.default_hash, message, path=path).digest()
        with self.signer(hash, path=path) as device:
            return device.sign(digest)
