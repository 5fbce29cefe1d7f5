# SPDX-License-Identifier: MIT
"""Project Wycheproof's signatures, RSA decryptions and key agreements.

The kernel takes a digest where a signature is verified, the coordinates of a point where keys are
agreed on, and the keys of RSA in the DER of RFC 8017 appendix A.1.
"""

from __future__ import annotations

import errno
import hashlib
from functools import cache

from ..enums import AlgClass
from .model import Case, Direction, Expect, LeftOut
from .wycheproof_model import ACCEPTABLE, NO_ALGORITHM, Entry

KEY_LENGTH = "a length of RSA keys that the kernel does not take"
ENCODING = "an encoding of points that the kernel does not take"
NO_PKCS8 = "keys in PKCS #8, which the library cryptography would open"

_RSA_BITS = (1024, 1536, 2048, 3072, 4096)
_HASHES = {
    "SHA-1": "sha1",
    "SHA-224": "sha224",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
    "SHA3-224": "sha3-224",
    "SHA3-256": "sha3-256",
    "SHA3-384": "sha3-384",
    "SHA3-512": "sha3-512",
}
_CURVES = {"secp192r1": ("p192", 24), "secp256r1": ("p256", 32), "secp384r1": ("p384", 48)}


def _signature(entry: Entry, name: str, key: bytes, hash_name: str) -> Case | LeftOut:
    if entry.test["result"] == "acceptable":
        return LeftOut(entry.ident, ACCEPTABLE)
    digest = hashlib.new(hash_name.replace("sha3-", "sha3_"), entry.octets("msg")).digest()
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.SIG,
        name=name,
        key=key,
        plain=digest,
        tag=entry.octets("sig"),
        expect=Expect.SAME if entry.valid else Expect.REFUSED,
        error=0 if entry.valid else errno.EKEYREJECTED,
    )


def rsa_signature(entry: Entry, name: str) -> Case | LeftOut:
    """RSASSA-PKCS1-v1_5."""
    hash_name = _HASHES.get(entry.group.get("sha", ""))
    if entry.group.get("type") != "RsassaPkcs1Verify" or hash_name is None:
        return LeftOut(entry.ident, NO_ALGORITHM)
    if entry.group["keySize"] not in _RSA_BITS:
        return LeftOut(entry.ident, KEY_LENGTH)
    key = bytes.fromhex(entry.group["publicKeyAsn"])
    return _signature(entry, f"pkcs1pad(rsa,{hash_name})", key, hash_name)


def ecdsa_signature(entry: Entry, name: str) -> Case | LeftOut:
    """ECDSA with the signature in DER."""
    hash_name = _HASHES.get(entry.group.get("sha", ""))
    if entry.group.get("type") != "EcdsaVerify" or hash_name is None:
        return LeftOut(entry.ident, NO_ALGORITHM)
    public = entry.group["publicKey"]
    curve = {**_CURVES, "secp521r1": ("p521", 66)}.get(public["curve"])
    if curve is None:
        return LeftOut(entry.ident, NO_ALGORITHM)
    key = bytes.fromhex(public["uncompressed"])
    return _signature(entry, f"ecdsa-nist-{curve[0]}", key, hash_name)


def rsa_decryption(entry: Entry, name: str) -> Case | LeftOut:
    """RSAES-PKCS1-v1_5."""
    if entry.group["keySize"] not in _RSA_BITS:
        return LeftOut(entry.ident, KEY_LENGTH)
    if entry.test["result"] == "acceptable":
        return LeftOut(entry.ident, ACCEPTABLE)
    key = _private_key(bytes.fromhex(entry.group["privateKeyPkcs8"]))
    if key is None:
        return LeftOut(entry.ident, NO_PKCS8)
    cipher = entry.octets("ct")
    fits = len(cipher) <= entry.group["keySize"] // 8
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.AKCIPHER,
        name=name,
        key=key,
        plain=entry.octets("msg"),
        cipher=cipher,
        expect=Expect.SAME if entry.valid else Expect.REFUSED,
        error=0 if entry.valid else errno.EBADMSG if fits else errno.EINVAL,
        directions=Direction.DECRYPT,
    )


@cache
def _private_key(data: bytes) -> bytes | None:
    """RSAPrivateKey of a key in PKCS #8, of which a file has few; None without the library."""
    try:
        from cryptography.hazmat.primitives import serialization as form
    except ImportError:
        return None
    # Whether it is a good key is for the implementation to say.
    return form.load_der_private_key(data, None, unsafe_skip_rsa_key_validation=True).private_bytes(
        form.Encoding.DER, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
    )


def _agreement(entry: Entry, name: str, private: bytes, public: bytes, *, valid: bool) -> Case:
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.KPP,
        name=name,
        key=private,
        plain=public,
        cipher=entry.octets("shared"),
        expect=Expect.SAME if valid else Expect.REFUSED,
        error=0 if valid else errno.EINVAL,
    )


def ecdh(entry: Entry, name: str) -> Case | LeftOut:
    """ECDH with points as such; the kernel has their coordinates without the byte ahead."""
    curve = _CURVES.get(entry.group.get("curve", ""))
    if entry.group.get("type") != "EcdhEcpointTest" or curve is None:
        return LeftOut(entry.ident, NO_ALGORITHM)
    public = entry.octets("public")
    if entry.test["result"] == "acceptable" or public[:1] != b"\x04":
        return LeftOut(entry.ident, ENCODING)
    private = entry.octets("private").lstrip(b"\0")
    return _agreement(entry, f"ecdh-nist-{curve[0]}", private, public[1:], valid=entry.valid)


def x25519(entry: Entry, name: str) -> Case | LeftOut:
    """X25519; a secret of zeros comes of a point of small order, which is refused."""
    if entry.group.get("type") != "XdhComp" or entry.group.get("curve") != "curve25519":
        return LeftOut(entry.ident, NO_ALGORITHM)
    return _agreement(
        entry,
        "curve25519",
        entry.octets("private"),
        entry.octets("public"),
        valid=any(entry.octets("shared")),
    )
