# SPDX-License-Identifier: MIT
"""Every operation of an algorithm, once: that it is not only listed, but does its work.

What comes out is held against what went in, or against the other operations of the algorithm;
whether it is right, published vectors and other programs say elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from pycryptodev import AlgClass, CryptoDevice, keys, query
from pycryptodev._context import NODE
from pycryptodev.keys.agreement import CURVES, ffdhe_prime
from pycryptodev.selftest import differential
from pycryptodev.selftest.model import Case, Expect
from tests.vectors import model as vectors
from tests.vectors.model import Direction, Record

TEXT = b"what the operations are done with, in one piece or in two."
GOST_KEYS = Path(__file__).parent / "host/data"
GOST_TEXT = b"a message of the tests"
GOST_SIGNATURES = {
    256: "f26f324010ea37b0f8bd24cd6de7849739a2d8522ee175b186aca3a4708e21cf"
    "ea2777e99879002a0ddee0b15a108469d3ee1065b5df9245ceab9fa93a5bbeaa",
    512: "7637f9a7d14db10544bcbd149008105584bb601ba983a3a7cabf0b7b714a5c3b"
    "4d8471e2645922d27191f9f6e280278cec64a2f9d4b987a0a78e32c0ab762fb0"
    "306114dc84bf96890910ae9eb90c8e7a3c7be1abf64e1572075b1d2837071b49"
    "192e1ec380bcf4a6c5388ed5a41306ef33a4711181f48fc898acf79e8891f8db",
}
"""Of GOST_TEXT, by OpenSSL's engine gost: `openssl dgst -md_gost12_256 -sign`."""

ENCRYPT, DECRYPT = "encrypt", "decrypt"
DIGEST, STREAM, SAVED = "digest", "stream", "save and restore"
GENERATE, RESEED = "generate", "reseed"
COMPRESS, DECOMPRESS = "compress", "decompress"
SIGN, VERIFY = "sign", "verify"
PUBLIC_KEY, SHARED_SECRET = "public key", "shared secret"

OPERATIONS = {
    AlgClass.SKCIPHER: (ENCRYPT, DECRYPT),
    AlgClass.AEAD: (ENCRYPT, DECRYPT),
    AlgClass.HASH: (DIGEST, STREAM, SAVED),
    AlgClass.RNG: (GENERATE, RESEED),
    AlgClass.COMP: (COMPRESS, DECOMPRESS),
    AlgClass.AKCIPHER: (ENCRYPT, DECRYPT),
    AlgClass.SIG: (SIGN, VERIFY),
    AlgClass.KPP: (PUBLIC_KEY, SHARED_SECRET),
}
"""What algorithms of a class do, if not all of them do all of it."""

KEYS = (32, 24, 16, 36, 35, 1088)
"""Lengths of keys of which every AEAD and keyed hash takes one; the last is nhpoly1305's."""

Performed = Iterator[str]


def _case(name: str, alg_class: AlgClass) -> Case:
    """A random case with what the algorithm made of it."""
    # By the generic name, which the policy may allow without the implementation's.
    asked = replace(query(name, alg_class), driver=name)
    most = asked.key_max_bytes
    return next(
        case
        for case in differential.cases(
            asked, count=400, seed=1, path=NODE, tried=[most] if most else KEYS
        )
        if case.expect is Expect.SAME and len(case.plain) >= 32
    )


def _device(case: Case) -> CryptoDevice:
    return CryptoDevice(
        case.name,
        key=case.key,
        auth_key=case.auth_key,
        alg_class=case.alg_class,
        tag_bytes=case.tag_bytes,
    )


def _cipher(name: str, alg_class: AlgClass) -> Performed:
    if name.startswith("kw("):
        yield from _key_wrap(name)
        return
    case = _case(name, alg_class)
    yield ENCRYPT
    with _device(case) as device:
        text = device.decrypt(case.cipher + case.tag, iv=case.iv, assoc=case.assoc)
        assert text == case.plain
    yield DECRYPT


def _key_wrap(name: str) -> Performed:
    """RFC 3394 section 4.1: the device does not give the first 8 bytes of what was wrapped."""
    plain = bytes.fromhex("00112233445566778899aabbccddeeff")
    wrapped = bytes.fromhex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5")
    with CryptoDevice(name, key=bytes(range(16))) as device:
        assert device.encrypt(plain, iv=bytes(8)) == wrapped[8:]
        yield ENCRYPT
        assert device.decrypt(wrapped[8:], iv=wrapped[:8]) == plain
        yield DECRYPT


def _hash(name: str, alg_class: AlgClass) -> Performed:
    case = _case(name, alg_class)
    yield DIGEST
    with _device(case) as device:
        stream = device.hash(case.plain[:7])
        stream.update(case.plain[7:])
        assert stream.digest() == case.tag
        yield STREAM
        if device.info.saved_bytes:
            state = device.hash(case.plain[:7]).save()
            restored = device.restore(state)
            restored.update(case.plain[7:])
            assert restored.digest() == case.tag
            yield SAVED


def _rng(name: str, alg_class: AlgClass) -> Performed:
    with CryptoDevice(name, alg_class=alg_class) as device:
        assert device.random(32) != device.random(32)
        yield GENERATE
        device.reseed()
        assert any(device.random(32))
        yield RESEED


def _comp(name: str, alg_class: AlgClass) -> Performed:
    with CryptoDevice(name, alg_class=alg_class) as device:
        packed = device.compress(TEXT * 9)
        assert len(packed) < len(TEXT) * 9
        yield COMPRESS
        assert device.decompress(packed) == TEXT * 9
        yield DECOMPRESS


@cache
def _rsa_key() -> keys.RsaPrivateKey:
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    public = numbers.public_numbers
    return keys.RsaPrivateKey.from_numbers(public.n, public.e, numbers.d, numbers.p, numbers.q)


def _akcipher(name: str, alg_class: AlgClass) -> Performed:
    with CryptoDevice(name, alg_class=alg_class, key=_rsa_key().der, private=True) as device:
        cipher = device.encrypt(TEXT)
        yield ENCRYPT
        # Of bare RSA it is a number, which may have zeros in front.
        assert device.decrypt(cipher).lstrip(b"\0") == TEXT
        yield DECRYPT


def _sig(name: str, alg_class: AlgClass) -> Performed:
    if "rsa," in name:
        with CryptoDevice(name, alg_class=alg_class, key=_rsa_key().der, private=True) as device:
            digest = TEXT.ljust(64)[: device.info.digest_bytes]
            signature = device.sign(digest)
            yield SIGN
            device.verify(signature, digest)
        yield VERIFY
        return
    # Of the other ones the kernel only verifies.
    if name == "ecrdsa":
        for bits, signed in GOST_SIGNATURES.items():
            key = keys.verifying_key((GOST_KEYS / f"gost{bits}.pem").read_bytes())
            key.verify(bytes.fromhex(signed), GOST_TEXT)
    else:
        _verify_ecdsa(name)
    yield VERIFY


def _verify_ecdsa(name: str) -> None:
    match = re.search(r"nist-p\d+", name)
    assert match is not None
    signer = ec.generate_private_key(CURVES[match[0]]())
    digest = TEXT[:32]
    signature = signer.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    if name.startswith("p1363("):
        size = (signer.key_size + 7) // 8
        numbers = decode_dss_signature(signature)
        signature = b"".join(number.to_bytes(size, "big") for number in numbers)
    public = signer.public_key().public_numbers()
    point = keys.EcdsaPublicKey.from_numbers(match[0], public.x, public.y).point
    with CryptoDevice(name, alg_class=AlgClass.SIG, key=point) as device:
        device.verify(signature, digest)


def _kpp(name: str, alg_class: AlgClass) -> Performed:
    with _agreeing(name, b"\3") as one, _agreeing(name, b"\5") as other:
        shown = one.public_key()
        yield PUBLIC_KEY
        assert one.shared_secret(other.public_key()) == other.shared_secret(shown)
        yield SHARED_SECRET


def _agreeing(name: str, value: bytes) -> CryptoDevice:
    """One side of an agreement, with a private value that is in the range of every group."""
    prime = ffdhe_prime(2048).to_bytes(256, "big") if name == "dh" else b""
    return CryptoDevice(
        name,
        alg_class=AlgClass.KPP,
        key=value * (24 if name.startswith("ecdh-") else 32),
        dh_p=prime,
        dh_g=b"\2" if prime else b"",
    )


_OF: dict[AlgClass, Callable[[str, AlgClass], Performed]] = {
    AlgClass.SKCIPHER: _cipher,
    AlgClass.AEAD: _cipher,
    AlgClass.HASH: _hash,
    AlgClass.RNG: _rng,
    AlgClass.COMP: _comp,
    AlgClass.AKCIPHER: _akcipher,
    AlgClass.SIG: _sig,
    AlgClass.KPP: _kpp,
}


def perform(name: str, alg_class: AlgClass) -> list[str]:
    """Perform the operations of an algorithm, and return those that it has.

    Args:
        name: generic name.
        alg_class: its class.

    Raises:
        AssertionError, CryptoDevError: one of them does not do its work.
    """
    return list(_OF[alg_class](name, alg_class))


def of_record(record: Record) -> tuple[str, ...]:
    """Return the operations that the runner of published vectors performs for a record."""
    alg_class = AlgClass(record.alg_class)
    found = OPERATIONS[alg_class]
    if record.expect in (vectors.Expect.NOT_CONFIGURED, vectors.Expect.CONFIGURED):
        return ()
    if alg_class is AlgClass.HASH:
        return DIGEST, STREAM
    if alg_class is AlgClass.RNG:
        return found
    return tuple(
        operation
        for operation, direction in zip(found, (Direction.ENCRYPT, Direction.DECRYPT), strict=True)
        if direction in record.directions and (operation is not PUBLIC_KEY or record.tag)
    )
