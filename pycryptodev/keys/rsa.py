# SPDX-License-Identifier: MIT
"""RSA: signatures of RSASSA-PKCS1-v1_5 and encryption of RSAES-PKCS1-v1_5 (RFC 8017)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from .._context import NODE
from ..device import CryptoDevice
from ..enums import AlgClass
from . import _asn1, names
from .signatures import Signs, Verifies

if TYPE_CHECKING:
    from typing_extensions import Buffer

_ENCRYPTION = "pkcs1pad(rsa)"


@dataclass(frozen=True, slots=True)
class RsaPublicKey(Verifies):
    """A public key."""

    der: bytes
    """RSAPublicKey, as the crypto API takes it."""

    default_hash = "sha256"

    @classmethod
    def from_numbers(cls, n: int, e: int) -> RsaPublicKey:
        """Make a key of modulus and public exponent, which only the kernel checks."""
        return cls(_asn1.rsa_public_key(n, e))

    def verifier(self, hash: str = "", *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device that verifies signatures of digests.

        Args:
            hash: name of the hash at the crypto API; empty = default_hash.
            path: the node.
        """
        name = names.rsa_signature(hash or self.default_hash, path)
        return CryptoDevice(name, alg_class=AlgClass.SIG, key=self.der, path=path)

    def encrypt(self, message: Buffer, *, path: str | os.PathLike[str] = NODE) -> bytes:
        """Encrypt a message that is at least 11 bytes shorter than the modulus."""
        with CryptoDevice(
            _ENCRYPTION, alg_class=AlgClass.AKCIPHER, key=self.der, path=path
        ) as device:
            return device.encrypt(message)


class _Private(Signs):
    """What private keys have in common, wherever they are."""

    __slots__ = ()

    default_hash = "sha256"

    def _device(self, name: str, alg_class: AlgClass, path: str | os.PathLike[str]) -> CryptoDevice:
        """Return a device of an algorithm with this key."""
        raise NotImplementedError

    def signer(self, hash: str = "", *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device that signs digests.

        Args:
            hash: name of the hash at the crypto API; empty = default_hash.
            path: the node.
        """
        name = names.rsa_signature(hash or self.default_hash, path)
        return self._device(name, AlgClass.SIG, path)

    def decrypt(self, ciphertext: Buffer, *, path: str | os.PathLike[str] = NODE) -> bytes:
        """Decrypt a message.

        Raises:
            InvalidPadding: it was not encrypted for this key. Who sends messages must not learn
                which of them raise this.
        """
        with self._device(_ENCRYPTION, AlgClass.AKCIPHER, path) as device:
            return device.decrypt(ciphertext)


@dataclass(frozen=True, slots=True)
class RsaPrivateKey(_Private):
    """A private key of two primes."""

    der: bytes = field(repr=False)
    """RSAPrivateKey, as the crypto API takes it."""
    public_key: RsaPublicKey
    """Its public half."""

    @classmethod
    def from_numbers(
        cls, n: int, e: int, d: int, p: int | None = None, q: int | None = None
    ) -> RsaPrivateKey:
        """Make a key.

        Args:
            n: modulus.
            e: public exponent.
            d: private exponent.
            p: first prime; None = both are computed.
            q: second prime.

        Raises:
            ValueError: the primes cannot be computed: the numbers are no key.
        """
        if p is None or q is None:
            p, q = rsa.rsa_recover_prime_factors(n, e, d)
        return cls(_asn1.rsa_private_key(n, e, d, p, q), RsaPublicKey.from_numbers(n, e))

    def _device(self, name: str, alg_class: AlgClass, path: str | os.PathLike[str]) -> CryptoDevice:
        return CryptoDevice(name, alg_class=alg_class, key=self.der, private=True, path=path)


@dataclass(frozen=True, slots=True)
class KeyringRsaKey(_Private):
    """A private key in the kernel's keyring, which the program need not be able to read.

    A device of it raises NoKey, KeyExpired, KeyRevoked, KeyRejected or KeyForbidden if the keyring
    does not give it, and InvalidRequest if what it gives is none.
    """

    serial: int
    """Serial number of a key of type user, logon, encrypted or trusted; its payload is the DER of
    RSAPrivateKey, as RsaPrivateKey.der."""

    def _device(self, name: str, alg_class: AlgClass, path: str | os.PathLike[str]) -> CryptoDevice:
        return CryptoDevice(
            name, alg_class=alg_class, key_serial=self.serial, private=True, path=path
        )
