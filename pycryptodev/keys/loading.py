# SPDX-License-Identifier: MIT
"""Keys out of PEM and DER."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dh, ec, rsa, x25519

from . import _asn1
from .agreement import CURVES, DH, X25519, AgreementPrivateKey, AgreementPublicKey, Group
from .ecdsa import EcdsaPublicKey, EcrdsaPublicKey
from .errors import EncryptedKey, KeyFileError
from .rsa import RsaPrivateKey, RsaPublicKey

if TYPE_CHECKING:
    from typing_extensions import Buffer

    PublicKey = RsaPublicKey | EcdsaPublicKey | EcrdsaPublicKey

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s(.*?)-----END \1-----", re.DOTALL)

# Object identifiers of RFC 9215, and the hash that keys of each are used with.
_GOST = {"1.2.643.7.1.1.1.1": "streebog256", "1.2.643.7.1.1.1.2": "streebog512"}


def verifying_key(data: Buffer) -> PublicKey:
    """Return the key that verifies signatures.

    Args:
        data: PEM or DER of a public key, of a certificate, or of a private key, whose public half
            is taken.

    Raises:
        KeyFileError: it is none, or of an algorithm that the kernel does not have.
    """
    key = _public(bytes(data))
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return RsaPublicKey.from_numbers(numbers.n, numbers.e)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return EcdsaPublicKey(_curve(key.curve), _point(key))
    if isinstance(key, EcrdsaPublicKey):
        return key
    raise KeyFileError("a public key of RSA, ECDSA or EC-RDSA is needed")


def signing_key(data: Buffer, password: bytes | None = None) -> RsaPrivateKey:
    """Return the key that signs, which is one of RSA.

    Args:
        data: PEM or DER of a private key.
        password: of an encrypted key.

    Raises:
        EncryptedKey: the key is encrypted, and the password is missing or wrong.
        KeyFileError: it is no private key, or not one of RSA.
    """
    key = _private(bytes(data), password)
    if isinstance(key, rsa.RSAPrivateKey):
        private = key.private_numbers()
        public = private.public_numbers
        return RsaPrivateKey.from_numbers(public.n, public.e, private.d, private.p, private.q)
    raise KeyFileError("the kernel signs with private keys of RSA only")


def agreement_public_key(data: Buffer) -> AgreementPublicKey:
    """Return the public key of the other side of a key agreement.

    Args:
        data: PEM or DER of a public key of ECDH, X25519 or DH, or of a private one, whose public
            half is taken.

    Raises:
        KeyFileError: it is none.
    """
    key = _public(bytes(data))
    if isinstance(key, ec.EllipticCurvePublicKey):
        return AgreementPublicKey(Group(f"ecdh-{_curve(key.curve)}"), _point(key)[1:])
    if isinstance(key, x25519.X25519PublicKey):
        return AgreementPublicKey(Group(X25519), _raw(key))
    if isinstance(key, dh.DHPublicKey):
        numbers = key.public_numbers()
        group = _dh_group(numbers.parameter_numbers)
        return AgreementPublicKey(group, numbers.y.to_bytes(group.value_bytes, "big"))
    raise KeyFileError("a public key of ECDH, X25519 or DH is needed")


def agreement_private_key(data: Buffer, password: bytes | None = None) -> AgreementPrivateKey:
    """Return the private key of one's own side of a key agreement.

    Args:
        data: PEM or DER of a private key of ECDH, X25519 or DH.
        password: of an encrypted key.

    Raises:
        EncryptedKey: the key is encrypted, and the password is missing or wrong.
        KeyFileError: it is none.
    """
    key = _private(bytes(data), password)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        value = key.private_numbers().private_value
        size = (key.curve.key_size + 7) // 8
        return AgreementPrivateKey(Group(f"ecdh-{_curve(key.curve)}"), value.to_bytes(size, "big"))
    if isinstance(key, x25519.X25519PrivateKey):
        raw = key.private_bytes(
            serialization.Encoding.Raw,
            serialization.PrivateFormat.Raw,
            serialization.NoEncryption(),
        )
        return AgreementPrivateKey(Group(X25519), raw)
    if isinstance(key, dh.DHPrivateKey):
        numbers = key.private_numbers()
        group = _dh_group(numbers.public_numbers.parameter_numbers)
        return AgreementPrivateKey(group, numbers.x.to_bytes(group.value_bytes, "big"))
    raise KeyFileError("a private key of ECDH, X25519 or DH is needed")


def _curve(curve: ec.EllipticCurve) -> str:
    found = next((name for name, kind in CURVES.items() if isinstance(curve, kind)), None)
    if found is None:
        raise KeyFileError(f"the kernel does not have the curve {curve.name}")
    return found


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _raw(key: x25519.X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _dh_group(parameters: dh.DHParameterNumbers) -> Group:
    return Group(DH, parameters.p, parameters.g)


def _public(data: bytes) -> Any:
    """Return a public key out of whatever has one."""
    label = _label(data)
    try:
        if label == b"CERTIFICATE":
            return x509.load_pem_x509_certificate(data).public_key()
        if label.endswith(b"PRIVATE KEY"):
            return _private(data, None).public_key()
        if label:
            return serialization.load_pem_public_key(data)
        for load in (serialization.load_der_public_key, _certificate, _private_half):
            try:
                return load(data)
            except ValueError:
                continue
    except (UnsupportedAlgorithm, ValueError) as error:
        if isinstance(error, KeyFileError):
            raise
        return _gost(data)
    raise KeyFileError("neither PEM nor DER of a public key")


def _certificate(data: bytes) -> Any:
    return x509.load_der_x509_certificate(data).public_key()


def _private_half(data: bytes) -> Any:
    return _private(data, None).public_key()


def _private(data: bytes, password: bytes | None) -> Any:
    pem = bool(_label(data))
    load = serialization.load_pem_private_key if pem else serialization.load_der_private_key
    try:
        return load(data, password)
    except TypeError:
        if password is None:
            raise EncryptedKey("the private key is encrypted") from None
        raise KeyFileError("the private key is not encrypted, but a password was given") from None
    except UnsupportedAlgorithm:
        raise KeyFileError("a private key of an algorithm that is not known here") from None
    except ValueError:
        if password is not None:
            raise EncryptedKey("no private key, or another password") from None
        raise KeyFileError("neither PEM nor DER of a private key") from None


def _label(data: bytes) -> bytes:
    found = _PEM.search(data)
    return found[1] if found else b""


def _gost(data: bytes) -> EcrdsaPublicKey:
    found = _PEM.search(data)
    try:
        der = base64.b64decode(found[2], validate=False) if found else data
        algorithm, parameters, key = _asn1.public_key_info(der)
    except (binascii.Error, ValueError):
        raise KeyFileError("neither PEM nor DER of a public key") from None
    if algorithm not in _GOST:
        raise KeyFileError(f"a public key of an algorithm that is not known here: {algorithm}")
    return EcrdsaPublicKey(key, parameters, _GOST[algorithm])
