# SPDX-License-Identifier: MIT
"""ECDSA and EC-RDSA (GOST R 34.10-2012), which the kernel verifies only."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .._context import NODE
from ..device import CryptoDevice
from ..enums import AlgClass
from . import names
from .signatures import Verifies


@dataclass(frozen=True, slots=True)
class EcdsaPublicKey(Verifies):
    """A public key of ECDSA; signatures are the DER of Ecdsa-Sig-Value (RFC 3279)."""

    curve: str
    """The curve's name at the crypto API, such as "nist-p256"."""
    point: bytes
    """The point, uncompressed, as the crypto API takes it (SEC 1 section 2.3.3)."""

    @property
    def default_hash(self) -> str:
        """The hash of the curve's strength."""
        return {"nist-p384": "sha384", "nist-p521": "sha512"}.get(self.curve, "sha256")

    @classmethod
    def from_numbers(cls, curve: str, x: int, y: int) -> EcdsaPublicKey:
        """Make a key of a curve's name at the crypto API and a point, which only the kernel checks.

        Raises:
            ValueError: the name does not end with the curve's bits, or x or y is out of range.
        """
        size = (int(curve.rpartition("-p")[2]) + 7) // 8
        try:
            return cls(curve, b"\x04" + x.to_bytes(size, "big") + y.to_bytes(size, "big"))
        except OverflowError:
            raise ValueError(f"the point is out of the range of {curve}") from None

    def verifier(self, hash: str = "", *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device that verifies signatures of digests, whatever their hash."""
        name = names.ecdsa(self.curve, path)
        return CryptoDevice(name, alg_class=AlgClass.SIG, key=self.point, path=path)


@dataclass(frozen=True, slots=True)
class EcrdsaPublicKey(Verifies):
    """A public key of EC-RDSA; signatures are s and r, one after the other (RFC 9215)."""

    key: bytes
    """DER of the OCTET STRING with the point, as the crypto API takes it."""
    parameters: bytes
    """DER of GostR3410-2012-PublicKeyParameters."""
    default_hash: str
    """Streebog of the key's length, the only one it is used with."""

    def verifier(self, hash: str = "", *, path: str | os.PathLike[str] = NODE) -> CryptoDevice:
        """Return a device that verifies signatures of digests.

        Raises:
            ValueError: the key is not used with this hash.
        """
        if hash not in ("", self.default_hash):
            raise ValueError(f"the key is used with {self.default_hash}, not {hash}")
        return CryptoDevice(
            "ecrdsa", alg_class=AlgClass.SIG, key=self.key, key_params=self.parameters, path=path
        )
