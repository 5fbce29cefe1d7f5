# SPDX-License-Identifier: MIT
"""The structures that the crypto API takes keys in, or that they are found in.

Source: RFC 8017 appendix A.1 (RSA), RFC 5280 section 4.1 (SubjectPublicKeyInfo).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyasn1.codec.der import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import namedtype, univ

_RSA_PUBLIC = ("modulus", "publicExponent")
_RSA_PRIVATE = (
    "version",
    "modulus",
    "publicExponent",
    "privateExponent",
    "prime1",
    "prime2",
    "exponent1",
    "exponent2",
    "coefficient",
)


class _Algorithm(univ.Sequence):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("algorithm", univ.ObjectIdentifier()),
        namedtype.OptionalNamedType("parameters", univ.Any()),
    )


class _PublicKeyInfo(univ.Sequence):  # type: ignore[misc]
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("algorithm", _Algorithm()),
        namedtype.NamedType("subjectPublicKey", univ.BitString()),
    )


def _integers(names: Sequence[str], values: Sequence[int]) -> bytes:
    types = namedtype.NamedTypes(*(namedtype.NamedType(name, univ.Integer()) for name in names))
    sequence = univ.Sequence(componentType=types)
    for name, value in zip(names, values, strict=True):
        sequence[name] = value
    encoded: bytes = encoder.encode(sequence)
    return encoded


def rsa_public_key(modulus: int, exponent: int) -> bytes:
    """Return the DER of RSAPublicKey."""
    return _integers(_RSA_PUBLIC, (modulus, exponent))


def rsa_private_key(n: int, e: int, d: int, p: int, q: int) -> bytes:
    """Return the DER of RSAPrivateKey with two primes."""
    values = (0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    return _integers(_RSA_PRIVATE, values)


def public_key_info(der: bytes) -> tuple[str, bytes, bytes]:
    """Take a SubjectPublicKeyInfo apart.

    Returns:
        The object identifier of the algorithm with dots, the DER of its parameters, the key.

    Raises:
        ValueError: the DER is none.
    """
    try:
        info: Any
        info, rest = decoder.decode(der, asn1Spec=_PublicKeyInfo())
        parameters = info["algorithm"]["parameters"]
        if rest or not parameters.isValue:
            raise ValueError("no SubjectPublicKeyInfo with parameters")
        key: bytes = info["subjectPublicKey"].asOctets()
        return str(info["algorithm"]["algorithm"]), bytes(parameters), key
    except PyAsn1Error:
        raise ValueError("no SubjectPublicKeyInfo") from None
