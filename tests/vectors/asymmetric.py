# SPDX-License-Identifier: MIT
"""How published vectors of keys in pairs map onto the CryptoAPI: RSA, ECDSA, ECDH, X25519, DH.

The device takes digests, so the parser makes them of the published messages. Keys are brought into
the encodings of the ABI header.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import functools
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from tests.vectors import cavp, lists, wycheproof
from tests.vectors.model import AlgClass, Direction, Expect, Record, Vector

Mapping = Callable[[Path], Iterator[Vector]]

NO_ALGORITHM = "the kernel does not have the algorithm"
VERIFIES_ONLY = "signing, of an algorithm with which the kernel verifies only"
NO_RESULT = "parameters or keys without a result"
CONTAINER = "in a container of keys that the program takes off, not the kernel"
SUBGROUP = "public key outside the subgroup, which the kernel tells in FIPS mode only"

# Bytes of a modulus. Source: rsa_check_key_length() of all kernels.
RSA_BYTES = (64, 128, 192, 256, 384, 512)

# Least bytes of a prime of "dh". Source: dh_check_params_length() of all kernels.
DH_BYTES = 192


def _hash(name: str) -> str:
    """The CryptoAPI's name of a hash, which for the hashes of this module is hashlib's."""
    if name.startswith("SHA3-"):
        return name.lower()
    name = name.replace("-", "").replace("/", "")
    if name in ("SHA512224", "SHA512256"):
        return f"sha512_{name[-3:]}"
    return name.lower()


def _digest(name: str, message: bytes) -> bytes:
    return hashlib.new(name.replace("-", "_"), message).digest()


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


# --- RSA --------------------------------------------------------------------------------------

# Hashes that PKCS #1 signatures are for; SHA-3 from 6.7 on.
RSA_HASHES = {"sha1", "sha224", "sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"}


@functools.cache
def _rsa_public(n: int, e: int) -> bytes:
    """RSAPublicKey in DER."""
    key = rsa.RSAPublicNumbers(e, n).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


@functools.cache
def _rsa_private(n: int, e: int, d: int) -> bytes:
    """RSAPrivateKey in DER, with the primes that belong to the exponents."""
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(e, n),
    )
    return _rsa_der(numbers.private_key(unsafe_skip_rsa_key_validation=True))


def _rsa_der(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


@functools.cache
def _rsa_from_pkcs8(der: bytes) -> tuple[bytes, int]:
    """RSAPrivateKey of a PKCS #8 key, and the length of the modulus in bytes."""
    key = serialization.load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    key = cast(rsa.RSAPrivateKey, key)
    return _rsa_der(key), -(-key.key_size // 8)


def _rsa(record: Record, modulus_bytes: int) -> Record:
    """The record, or that its key is refused for its size."""
    if modulus_bytes in RSA_BYTES:
        return record
    return Record(
        record.alg_class,
        record.name,
        key=record.key,
        private=record.private,
        expect=Expect.NOT_CONFIGURED,
        error=errno.EINVAL,
    )


def _rejected(record: Record, error: int = errno.EKEYREJECTED) -> Record:
    """What is to be refused when it is verified, decrypted or agreed upon."""
    return replace(record, expect=Expect.REFUSED, error=error, directions=Direction.DECRYPT)


def _signature(hash_name: str, key: bytes, digest: bytes, signature: bytes) -> Record:
    return Record(
        AlgClass.SIG,
        f"pkcs1(rsa,{hash_name})",
        key=key,
        plain=digest,
        tag=signature,
        directions=Direction.VERIFY,
    )


def cavp_rsa(path: Path) -> Iterator[Vector]:
    """CAVP's signatures of PKCS #1: to be verified, and with a private key to be made.

    Where a forgery's encoded message is published, the bare public operation gives it.
    """
    for entry in cavp.read(path, begin="shaalg", common_from="n"):
        n, e = int(entry.text("n"), 16), int(entry.text("e"), 16)
        size = -(-n.bit_length() // 8)
        name = _hash(entry.text("shaalg"))
        # In one file numbers lack the zeros in front, and messages are numbers there.
        message = entry.text("msg")
        digest = _digest(name, bytes.fromhex("0" * (len(message) % 2) + message))
        tag = int(entry.text("s"), 16).to_bytes(size, "big")
        record = _signature(name, _rsa_public(n, e), digest, tag)
        if "result" not in entry:
            d = int(entry.text("d"), 16) if "d" in entry else 0
            if d:
                key = _rsa_private(n, e, d)
                record = replace(record, key=key, private=True, directions=Direction.BOTH)
            yield Vector(entry.ident, (_rsa(record, size),))
            continue
        if entry.text("result").startswith("F"):
            record = _rejected(record)
        records = [_rsa(record, size)]
        for field in ("em with hash moved", "em with trailer wrong"):
            if field in entry and len(entry.octets(field)) == size:
                records.append(
                    Record(
                        AlgClass.AKCIPHER,
                        "rsa",
                        key=record.key,
                        plain=tag,
                        cipher=entry.octets(field),
                        directions=Direction.ENCRYPT,
                    )
                )
        yield Vector(entry.ident, tuple(records))


def rsa_signatures(path: Path) -> Iterator[Vector]:
    """RSA's own list of signatures, with SHA-1."""
    for ident, values in lists.read_rsa(path, "signature"):
        size = len(values["modulus"].lstrip(b"\0"))
        record = replace(
            _signature(
                "sha1",
                _rsa_of(values),
                _digest("sha1", values["message to be signed"]),
                values["signature"],
            ),
            private=True,
            directions=Direction.BOTH,
        )
        yield Vector(ident, (_rsa(record, size),))


def _rsa_of(values: dict[str, bytes]) -> bytes:
    fields = (values[name] for name in ("modulus", "public exponent", "exponent"))
    return _rsa_private(*map(_number, fields))


def rsa_encryptions(path: Path) -> Iterator[Vector]:
    """RSA's own list of encryptions. With the published padding the bare operation makes them."""
    for ident, values in lists.read_rsa(path, "encryption"):
        size = len(values["modulus"].lstrip(b"\0"))
        message, cipher, key = values["message"], values["encryption"], _rsa_of(values)
        padded = b"\0\2" + values["seed"] + b"\0" + message
        decrypted = _decrypted(key, message, cipher)
        bare = Record(AlgClass.AKCIPHER, "rsa", key=key, plain=padded, cipher=cipher, private=True)
        if len(padded) != size:
            raise ValueError(f"{ident}: {len(padded)} bytes, not {size}")
        yield Vector(ident, (_rsa(decrypted, size), _rsa(bare, size)))


def _decrypted(key: bytes, message: bytes, cipher: bytes) -> Record:
    return Record(
        AlgClass.AKCIPHER,
        "pkcs1pad(rsa)",
        key=key,
        plain=message,
        cipher=cipher,
        private=True,
        directions=Direction.DECRYPT,
    )


def wycheproof_rsa_decryption(path: Path) -> Iterator[Vector]:
    """RSAES-PKCS1-v1_5. A ciphertext of another length than the modulus is EINVAL."""
    for entry in wycheproof.read(path):
        key, size = _rsa_from_pkcs8(bytes.fromhex(entry.group["privateKeyPkcs8"]))
        record = _decrypted(key, entry.octets("msg"), entry.octets("ct"))
        if not entry.valid:
            wrong = errno.EBADMSG if len(record.cipher) == size else errno.EINVAL
            record = _rejected(replace(record, plain=b""), wrong)
        yield Vector(entry.ident, (_rsa(record, size),))


def implicit_rejection(path: Path) -> Iterator[Vector]:
    """Vectors of a draft that hides wrong padding, which the kernel tells."""
    for entry in cavp.read(path, begin="comment", common_from="key"):
        key, size = _rsa_from_pkcs8(entry.octets("key"))
        record = _decrypted(key, entry.octets("msg"), entry.octets("ct"))
        if entry.text("comment").startswith("Invalid"):
            record = _rejected(replace(record, plain=b""), errno.EBADMSG)
        yield Vector(entry.ident, (_rsa(record, size),))


def wycheproof_rsa_verification(path: Path) -> Iterator[Vector]:
    """RSASSA-PKCS1-v1_5. What is acceptable to Wycheproof, an encoding without its NULL, is not."""
    for entry in wycheproof.read(path):
        name = _hash(entry.group["sha"])
        if name not in RSA_HASHES:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        digest = _digest(name, entry.octets("msg"))
        key = bytes.fromhex(entry.group["publicKeyAsn"])
        record = _signature(name, key, digest, entry.octets("sig"))
        if not entry.valid:
            record = _rejected(record)
        yield Vector(entry.ident, (_rsa(record, entry.group["keySize"] // 8),))


def wycheproof_rsa_signing(path: Path) -> Iterator[Vector]:
    """RSASSA-PKCS1-v1_5, made. Short keys and SHA-1 are acceptable to the kernel."""
    for entry in wycheproof.read(path):
        name = _hash(entry.group["sha"])
        private = entry.group["privateKey"]
        fields = ("modulus", "publicExponent", "privateExponent")
        key = _rsa_private(*(int(private[field], 16) for field in fields))
        record = replace(
            _signature(name, key, _digest(name, entry.octets("msg")), entry.octets("sig")),
            private=True,
            directions=Direction.BOTH,
        )
        yield Vector(entry.ident, (_rsa(record, entry.group["keySize"] // 8),))


# --- ECDSA ------------------------------------------------------------------------------------

# Curves of the kernel's ECDSA, with the bytes of a coordinate.
ECDSA_CURVES = {"p192": 24, "p256": 32, "p384": 48, "p521": 66}

# Curves of the kernel's ECDH, with their orders. Source: FIPS 186-4, appendix D.1.2.
ECDH_ORDERS = {
    "p192": 0xFFFFFFFFFFFFFFFFFFFFFFFF99DEF836146BC9B1B4D22831,
    "p256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "p384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77A << 64
    | 0xECEC196ACCC52973,
}

_BYTES_OF_CURVE = {24: "p192", 32: "p256", 48: "p384"}


def _curve(name: str) -> str:
    """The name of a curve as the CryptoAPI's names have it, from any of its other names."""
    return name.lower().replace("secp", "p").replace("r1", "").replace("-", "")


def _point(x: str, y: str, size: int) -> bytes:
    """An uncompressed point; both coordinates of one length, whatever is wrong with them."""
    size = max(size, (len(x) + 1) // 2, (len(y) + 1) // 2)
    return b"\4" + int(x, 16).to_bytes(size, "big") + int(y, 16).to_bytes(size, "big")


def _ecdsa(curve: str, key: bytes, digest: bytes, signature: bytes) -> Record:
    return Record(
        AlgClass.SIG,
        f"x962(ecdsa-nist-{curve})",
        key=key,
        plain=digest,
        tag=signature,
        directions=Direction.VERIFY,
    )


def cavp_ecdsa(path: Path) -> Iterator[Vector]:
    """CAVP's signatures, of which the made ones can be verified as well; in both encodings.

    FIPS 186-2 knew SHA-1 only.
    """
    for entry in cavp.read(path, begin="msg"):
        curve, _, hash_name = entry.text("section").partition(",")
        curve = _curve(curve)
        if curve not in ECDSA_CURVES:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        size = ECDSA_CURVES[curve]
        r, s = int(entry.text("r"), 16), int(entry.text("s"), 16)
        record = _ecdsa(
            curve,
            _point(entry.text("qx"), entry.text("qy"), size),
            _digest(_hash(hash_name or "SHA-1"), entry.octets("msg")),
            utils.encode_dss_signature(r, s),
        )
        if "result" in entry and entry.text("result").startswith("F"):
            record = _rejected(record)
        fixed = replace(
            record,
            name=f"p1363(ecdsa-nist-{curve})",
            tag=r.to_bytes(size, "big") + s.to_bytes(size, "big"),
        )
        yield Vector(entry.ident, (record, fixed))


def cavp_public_keys(path: Path) -> Iterator[Vector]:
    """CAVP's public keys, which are valid or not."""
    for entry in cavp.read(path, begin="qx"):
        curve = _curve(entry.text("section"))
        if curve not in ECDSA_CURVES:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        refused = entry.text("result").startswith("F")
        record = Record(
            AlgClass.SIG,
            f"x962(ecdsa-nist-{curve})",
            key=_point(entry.text("qx"), entry.text("qy"), ECDSA_CURVES[curve]),
            expect=Expect.NOT_CONFIGURED if refused else Expect.CONFIGURED,
            error=errno.EINVAL if refused else 0,
        )
        yield Vector(entry.ident, (record,))


def rfc6979(path: Path) -> Iterator[Vector]:
    """The signatures of RFC 6979 in OpenSSL's form; what is left out there does sign."""
    keys: dict[str, ec.EllipticCurvePublicKey] = {}
    for ident, values in lists.read_evp(path):
        if "PublicKey" in values:
            with contextlib.suppress(UnsupportedAlgorithm):
                key = serialization.load_pem_public_key(values["pem"].encode())
                keys[values["PublicKey"]] = cast(ec.EllipticCurvePublicKey, key)
        elif "DigestSign" in values:
            yield Vector(ident, left_out=VERIFIES_ONLY)
        elif "DigestVerify" in values:
            public = keys.get(values["Key"])
            curve = _curve(public.curve.name) if public else ""
            if not public or curve not in ECDSA_CURVES:
                yield Vector(ident, left_out=NO_ALGORITHM)
                continue
            message = values["Input"].strip('"').encode()
            point = public.public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
            digest = _digest(_hash(values["DigestVerify"]), message)
            record = _ecdsa(curve, point, digest, bytes.fromhex(values["Output"]))
            yield Vector(ident, (_rejected(record) if "Result" in values else record,))


def wycheproof_ecdsa(encoding: str) -> Mapping:
    """ECDSA with signatures in DER (``x962``) or of fixed length (``p1363``)."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in wycheproof.read(path):
            key = entry.group["publicKey"]
            record = replace(
                _ecdsa(
                    _curve(key["curve"]),
                    bytes.fromhex(key["uncompressed"]),
                    _digest(_hash(entry.group["sha"]), entry.octets("msg")),
                    entry.octets("sig"),
                ),
                name=f"{encoding}(ecdsa-nist-{_curve(key['curve'])})",
            )
            yield Vector(entry.ident, (record if entry.valid else _rejected(record),))

    return vectors


# --- ECDH -------------------------------------------------------------------------------------


def _ecdh(curve: str, private: int, public: bytes, secret: bytes, own: bytes = b"") -> Record:
    """An agreement; a private value that the kernel does not take is refused.

    Args:
        private: private value.
        public: public key of the other side, X and Y; empty = only the own one is made.
        secret: X of the common point.
        own: own public key, if it is published.
    """
    order = ECDH_ORDERS[curve]
    size = (order.bit_length() + 7) // 8
    record = Record(
        AlgClass.KPP,
        f"ecdh-nist-{curve}",
        key=private.to_bytes(size, "big"),
        plain=public,
        cipher=secret,
        tag=own,
    )
    if 1 < private < order - 2:
        return record
    return Record(
        AlgClass.KPP,
        record.name,
        key=record.key,
        expect=Expect.NOT_CONFIGURED,
        error=errno.EINVAL,
    )


def _only(record: Record, direction: Direction, expect: Expect = Expect.SAME) -> Record:
    """The record in one direction, without what the other one is about."""
    if record.expect is Expect.NOT_CONFIGURED:
        return record
    if direction is Direction.PUBLIC_KEY:
        return replace(record, plain=b"", cipher=b"", expect=expect, directions=direction)
    return replace(record, tag=b"", expect=expect, directions=direction)


def _no_secret(record: Record) -> Record:
    """The public key of the other side is refused."""
    if record.expect is Expect.NOT_CONFIGURED:
        return record
    return _rejected(replace(record, cipher=b"", tag=b""), errno.EINVAL)


def cavp_ecdh(path: Path) -> Iterator[Vector]:
    """CAVP's agreements without anything behind them."""
    for entry in cavp.read(path):
        curve = _curve(entry.text("section"))
        if curve not in ECDH_ORDERS:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        record = _ecdh(
            curve,
            int(entry.text("diut"), 16),
            entry.octets("qcavsx") + entry.octets("qcavsy"),
            entry.octets("ziut"),
            entry.octets("qiutx") + entry.octets("qiuty"),
        )
        yield Vector(entry.ident, (record,))


# CAVP's names of its parameter sets, with what of them the kernel has.
_SETS = {"EA": "p192", "EC": "p256", "ED": "p384"}


def _validity(record: Record, result: str) -> Record:
    """What CAVP changed in an agreement, and how that shows."""
    if "CAVS's Static public key" in result:
        return _no_secret(record)
    if "IUT's Static" in result:
        return _only(record, Direction.PUBLIC_KEY, Expect.DIFFERENT)
    if "Z changed" in result:
        return _only(record, Direction.SHARED_SECRET, Expect.DIFFERENT)
    return record


def cavp_ecdh_validity(path: Path) -> Iterator[Vector]:
    """CAVP's agreements with something wrong in some; what is derived from Z is not looked at."""
    for entry in cavp.read(path):
        section = entry.text("section").split(" - ")[0]
        if section not in _SETS:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        record = _ecdh(
            _SETS[section],
            int(entry.text("dsiut"), 16),
            _point(entry.text("qscavsx"), entry.text("qscavsy"), 0)[1:],
            entry.octets("z"),
            _point(entry.text("qsiutx"), entry.text("qsiuty"), 0)[1:],
        )
        yield Vector(entry.ident, (_validity(record, entry.text("result")),))


def cavp_key_pairs(path: Path) -> Iterator[Vector]:
    """CAVP's key pairs: the public key of each private value."""
    for entry in cavp.read(path, begin="d"):
        x, y = entry.octets("qx"), entry.octets("qy")
        curve = _BYTES_OF_CURVE.get(len(x))
        if curve is None:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        record = _ecdh(curve, int(entry.text("d"), 16), b"", b"", x + y)
        yield Vector(entry.ident, (_only(record, Direction.PUBLIC_KEY),))


def multiples(curve: str) -> Mapping:
    """Multiples of the generator: public keys of small and of large private values."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path, begin="k"):
            if curve not in ECDH_ORDERS:
                yield Vector(entry.ident, left_out=NO_ALGORITHM)
                continue
            point = entry.octets("x") + entry.octets("y")
            record = _ecdh(curve, entry.number("k"), b"", b"", point)
            yield Vector(entry.ident, (_only(record, Direction.PUBLIC_KEY),))

    return vectors


def _spki_head(curve: str) -> bytes:
    """What stands before the point in the container of a public key."""
    private = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}[curve]
    der = (
        ec.generate_private_key(private)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return der[: -2 * (private.key_size // 8) - 1]


def _base64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _jwk_point(key: dict[str, str]) -> bytes:
    return b"\4" + _base64(key["x"]) + _base64(key["y"])


def _wycheproof_point(entry: wycheproof.Entry, head: bytes) -> bytes | None:
    """The encoded point of the other side, or None where another container holds it."""
    public = entry.test["public"]
    if isinstance(public, dict):
        return _jwk_point(public) if {"x", "y"} <= public.keys() else None
    if public.startswith("-----"):
        return None
    octets = bytes.fromhex(public)
    if "ecpoint" in entry.ident:
        return octets
    return octets.removeprefix(head) if octets.startswith(head) else None


def wycheproof_ecdh(path: Path) -> Iterator[Vector]:
    """ECDH. The kernel takes X and Y: a point in another encoding has another length."""
    head = b""
    for entry in wycheproof.read(path):
        curve = _curve(entry.group["curve"])
        if curve not in ECDH_ORDERS:
            yield Vector(entry.ident, left_out=NO_ALGORITHM)
            continue
        head = head or _spki_head(curve)
        point = _wycheproof_point(entry, head)
        private = entry.test["private"]
        if point is None or entry.has_flag("InvalidAsn"):
            yield Vector(entry.ident, left_out=CONTAINER)
            continue
        value = _base64(private["d"]) if isinstance(private, dict) else bytes.fromhex(private)
        size = (ECDH_ORDERS[curve].bit_length() + 7) // 8
        whole = len(point) == 1 + 2 * size and point.startswith(b"\4")
        record = _ecdh(curve, _number(value), point[1:] if whole else point, entry.octets("shared"))
        if not whole or entry.test["result"] == "invalid":
            record = _no_secret(record)
        yield Vector(entry.ident, (record,))


# --- X25519 -----------------------------------------------------------------------------------


def _x25519(private: bytes, public: bytes, secret: bytes) -> Record:
    record = Record(
        AlgClass.KPP,
        "curve25519",
        key=private,
        plain=public,
        cipher=secret,
        directions=Direction.SHARED_SECRET,
    )
    # RFC 7748 section 6.1: of small order.
    return record if any(secret) and len(public) == 32 else _no_secret(record)


def rfc7748(path: Path) -> Iterator[Vector]:
    """The vectors of RFC 7748."""
    for entry in cavp.read(path):
        fields = ("input_scalar", "input_u", "output_u")
        yield Vector(entry.ident, (_x25519(*(entry.octets(field) for field in fields)),))


_X25519_SPKI = bytes.fromhex("302a300506032b656e032100")
_X25519_PKCS8 = bytes.fromhex("302e020100300506032b656e04220420")


def _x25519_octets(value: str | dict[str, str], field: str, head: bytes) -> bytes | None:
    """A key of Wycheproof's, bare or in a container that is the usual one."""
    if isinstance(value, dict):
        return _base64(value.get(field, "")) if value.get("crv") == "X25519" else None
    if value.startswith("-----"):
        return None
    octets = bytes.fromhex(value)
    if len(octets) > 32:
        return octets.removeprefix(head) if octets.startswith(head) else None
    return octets


def wycheproof_x25519(path: Path) -> Iterator[Vector]:
    """X25519. A secret of zeros, acceptable to Wycheproof, is refused."""
    for entry in wycheproof.read(path):
        public = _x25519_octets(entry.test["public"], "x", _X25519_SPKI)
        private = _x25519_octets(entry.test["private"], "d", _X25519_PKCS8)
        # Of what is invalid with a key of the right length the container is.
        whole = public is not None and len(public) == 32
        if public is None or private is None or (whole and entry.test["result"] == "invalid"):
            yield Vector(entry.ident, left_out=CONTAINER)
        else:
            yield Vector(entry.ident, (_x25519(private, public, entry.octets("shared")),))


# --- DH ---------------------------------------------------------------------------------------


def _octets(number: int, size: int = 0) -> bytes:
    return number.to_bytes(size or (number.bit_length() + 7) // 8, "big")


def _dh(p: int, g: int, private: int, public: int, secret: int, own: int = 0) -> Record:
    """An agreement in a group that the caller names; a group that is too small is refused."""
    prime, generator, key = _octets(p), _octets(g), _octets(private)
    size = len(prime)
    if size < DH_BYTES or size % 8:
        return Record(
            AlgClass.KPP,
            "dh",
            key=key,
            iv=prime,
            assoc=generator,
            expect=Expect.NOT_CONFIGURED,
            error=errno.EINVAL,
        )
    record = Record(
        AlgClass.KPP,
        "dh",
        key=key,
        iv=prime,
        assoc=generator,
        plain=_octets(public),
        cipher=_octets(secret, size),
        tag=_octets(own, size) if own else b"",
    )
    return record if 1 < public < p - 1 else _no_secret(record)


def cavp_dh(path: Path) -> Iterator[Vector]:
    """CAVP's agreements in groups with a subgroup, and RFC 5114's in the same form."""
    for entry in cavp.read(path):
        fields = ("p", "g", "xstatiut", "ystatcavs", "z", "ystatiut", "q")
        p, g, private, public, secret, own, q = (int(entry.text(name), 16) for name in fields)
        result = entry.text("result")
        record = _dh(p, g, private, public, secret, own)
        if "CAVS's Static public key" in result and record.expect is Expect.SAME:
            if pow(public, q, p) == 1:
                raise ValueError(f"{entry.ident}: there is nothing wrong with the public key")
            yield Vector(entry.ident, left_out=SUBGROUP)
            continue
        yield Vector(entry.ident, (_validity(record, result),))


def botan_dh(path: Path) -> Iterator[Vector]:
    """Botan's agreements, with numbers in decimal."""
    for entry in cavp.read(path):
        p, g, private, public = (entry.number(name) for name in ("p", "g", "x", "y"))
        record = _dh(p, g, private, public, int(entry.text("k"), 16))
        yield Vector(entry.ident, (record,))


def bad_exchange(path: Path) -> Iterator[Vector]:
    """Two sides with different groups: the public key of one may be too large for the other."""
    for entry in cavp.read(path):
        p, g, private, public = (entry.number(name) for name in ("p1", "g", "x1", "y2"))
        record = _dh(p, g, private, public, 0)
        if record.expect is Expect.SAME:
            yield Vector(entry.ident, left_out=NO_RESULT)
        else:
            yield Vector(entry.ident, (record,))
