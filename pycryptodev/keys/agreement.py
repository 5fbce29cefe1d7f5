# SPDX-License-Identifier: MIT
"""Key agreement: ECDH, X25519 and Diffie-Hellman."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dh, ec, x25519

from .._context import NODE
from ..device import CryptoDevice
from ..enums import AlgClass
from .errors import KeyFileError

CURVES: dict[str, type[ec.EllipticCurve]] = {
    "nist-p192": ec.SECP192R1,
    "nist-p256": ec.SECP256R1,
    "nist-p384": ec.SECP384R1,
    "nist-p521": ec.SECP521R1,
}
"""Curves by their names at the crypto API."""

X25519 = "curve25519"
DH = "dh"


@dataclass(frozen=True, slots=True)
class Group:
    """Where keys agree: both sides have to have the same."""

    name: str
    """Name at the crypto API: "ecdh-nist-p256", "curve25519" or "dh"."""
    p: int = 0
    """Of DH, the prime."""
    g: int = 0
    """Of DH, the generator."""

    @property
    def value_bytes(self) -> int:
        """Of DH, the length of public keys and secrets in bytes."""
        return (self.p.bit_length() + 7) // 8

    @property
    def kernel_name(self) -> str:
        """The name by which the kernel has the group itself.

        By that it makes private values and takes them from its keyring.

        Raises:
            KeyFileError: it has no such group.
        """
        if self.name != DH:
            return self.name
        for bits in _RFC_7919:
            if (self.p, self.g) == (ffdhe_prime(bits), 2):
                return f"ffdhe{bits}(dh)"
        raise KeyFileError("of DH, the kernel has the groups of RFC 7919 only")


_RFC_7919 = {2048: 560316, 3072: 2625351, 4096: 5736041, 6144: 15705020, 8192: 10965728}
"""Of each prime, the summand that makes it one."""


@cache
def ffdhe_prime(bits: int) -> int:
    """Return the prime of the group ffdhe2048 to ffdhe8192.

    Source:
        RFC 7919 appendix A: 2^b - 2^(b-64) + ([2^(b-130) e] + X) * 2^64 - 1.
    """
    guard = 64
    term = total = 1 << (bits - 130 + guard)
    divisor = 1
    while term:
        term //= divisor
        total += term
        divisor += 1
    euler = total >> guard
    return (1 << bits) - (1 << (bits - 64)) + ((euler + _RFC_7919[bits]) << 64) - 1


@dataclass(frozen=True, slots=True)
class AgreementPublicKey:
    """What one side shows the other."""

    group: Group
    """The group."""
    value: bytes
    """As the crypto API has it: X, Y of ECDH, 32 bytes of X25519, a number of DH."""

    def pem(self) -> bytes:
        """Return the key in PEM, SubjectPublicKeyInfo.

        Raises:
            ValueError: it is no key of its group.
        """
        return self._object().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def _object(self) -> ec.EllipticCurvePublicKey | x25519.X25519PublicKey | dh.DHPublicKey:
        group = self.group
        if group.name == X25519:
            return x25519.X25519PublicKey.from_public_bytes(self.value)
        if group.name == DH:
            parameters = dh.DHParameterNumbers(group.p, group.g)
            value = int.from_bytes(self.value, "big")
            return dh.DHPublicNumbers(value, parameters).public_key()
        curve = CURVES[group.name.removeprefix("ecdh-")]()
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + self.value)


class _Private:
    """What private keys have in common, wherever they are."""

    __slots__ = ()

    group: Group

    def device(self, *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device with this private value."""
        raise NotImplementedError

    def exchange(self, peer: AgreementPublicKey, *, path: str | os.PathLike[str] = NODE) -> bytes:
        """Return the secret that is shared with the owner of a public key.

        Raises:
            ValueError: the two keys are of different groups.
            InvalidRequest: the public key is not one of its group.
        """
        with self.device(path=path) as device:
            return agree(device, self.group, peer)


@dataclass(frozen=True, slots=True)
class AgreementPrivateKey(_Private):
    """What one side keeps."""

    group: Group
    """The group."""
    value: bytes = field(repr=False)
    """As the crypto API has it."""

    def device(self, *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device with this private value."""
        if self.group.name != DH:
            return CryptoDevice(self.group.name, alg_class=AlgClass.KPP, key=self.value, path=path)
        return CryptoDevice(
            DH,
            alg_class=AlgClass.KPP,
            key=self.value,
            dh_p=_bytes(self.group.p),
            dh_g=_bytes(self.group.g),
            path=path,
        )


@dataclass(frozen=True, slots=True)
class KeyringAgreementKey(_Private):
    """What one side keeps in the kernel's keyring, and the program need not be able to read.

    A device of it raises NoKey, KeyExpired, KeyRevoked, KeyRejected or KeyForbidden if the keyring
    does not give it, and InvalidRequest if what it gives is none.
    """

    group: Group
    """The group."""
    serial: int
    """Serial number of a key of type user, logon, encrypted or trusted; its payload is the private
    value, as AgreementPrivateKey.value: of ECDH with the zeros in front, of DH 32 bytes or more."""

    def device(self, *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device with this private value.

        Raises:
            KeyFileError: the kernel does not have the group itself.
        """
        return CryptoDevice(
            self.group.kernel_name, alg_class=AlgClass.KPP, key_serial=self.serial, path=path
        )


def generate(group: Group, *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
    """Return a device with a private value that the kernel makes, and that never leaves it.

    Raises:
        KeyFileError: the kernel makes none in this group.
    """
    return CryptoDevice(group.kernel_name, alg_class=AlgClass.KPP, generate=True, path=path)


def agree(device: CryptoDevice, group: Group, peer: AgreementPublicKey) -> bytes:
    """Return the secret of a device with a private value of this group; see exchange()."""
    if group != peer.group:
        raise ValueError(f"keys of {group.name} and {peer.group.name}, or of two groups")
    secret = device.shared_secret(peer.value)
    # Of numbers, the zeros in front are part of the secret for everybody else (RFC 8446, 7.4.1).
    return secret.rjust(group.value_bytes, b"\0")


def shown(device: CryptoDevice, group: Group) -> AgreementPublicKey:
    """Return the public key of a device with a private value of this group."""
    return AgreementPublicKey(group, device.public_key().rjust(group.value_bytes, b"\0"))


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
