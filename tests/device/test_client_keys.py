# SPDX-License-Identifier: MIT
"""Signatures, asymmetric encryption and key agreement, judged by OpenSSL in both directions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature as JudgesInvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dh, ec, padding, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pycryptodev import (
    AlgClass,
    AlgorithmNotFound,
    BufferTooSmall,
    CryptoDevice,
    InvalidPadding,
    InvalidRequest,
    InvalidSignature,
    NoKey,
    NotSupported,
    Op,
    Request,
    keys,
    query,
)
from pycryptodev.keys.agreement import ffdhe_prime
from tests.operations import GOST_SIGNATURES, GOST_TEXT

DATA = Path(__file__).parents[1] / "host/data"
TEXT = b"a message of the tests"
JUDGE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NUMBERS = JUDGE.private_numbers()
OWN = keys.RsaPrivateKey.from_numbers(
    NUMBERS.public_numbers.n, NUMBERS.public_numbers.e, NUMBERS.d, NUMBERS.p, NUMBERS.q
)
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
CURVES: dict[str, ec.EllipticCurve] = {
    "nist-p192": ec.SECP192R1(),
    "nist-p256": ec.SECP256R1(),
    "nist-p384": ec.SECP384R1(),
}


def private(key: object) -> bytes:
    data: bytes = key.private_bytes(  # type: ignore[attr-defined]
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return data


def public(key: object) -> bytes:
    half = key.public_key()  # type: ignore[attr-defined]
    data: bytes = half.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at:][1:]


# Signatures of RSA


@pytest.mark.parametrize("name", HASHES)
def test_openssl_verifies_what_is_signed(name: str) -> None:
    signature = OWN.sign(TEXT, hash=name)
    JUDGE.public_key().verify(signature, TEXT, padding.PKCS1v15(), HASHES[name])
    assert signature == JUDGE.sign(TEXT, padding.PKCS1v15(), HASHES[name])


@pytest.mark.parametrize("name", HASHES)
def test_what_openssl_signs_is_verified(name: str) -> None:
    signature = JUDGE.sign(TEXT, padding.PKCS1v15(), HASHES[name])
    OWN.public_key.verify(signature, TEXT, hash=name)
    for wrong, text in ((changed(signature, 9), TEXT), (signature, TEXT + b"!")):
        with pytest.raises(InvalidSignature):
            OWN.public_key.verify(wrong, text, hash=name)
        with pytest.raises(JudgesInvalidSignature):
            JUDGE.public_key().verify(wrong, text, padding.PKCS1v15(), HASHES[name])


@pytest.mark.parametrize("length", [0, 1, 255, 257])
def test_a_signature_of_a_wrong_length(length: int) -> None:
    with pytest.raises(InvalidSignature):
        OWN.public_key.verify(bytes(length), TEXT)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_digest_of_a_wrong_length(length: int) -> None:
    with OWN.signer() as device:
        assert (device.info.digest_bytes, device.info.output_bytes) == (32, 256)
        with pytest.raises(InvalidRequest):
            device.sign(bytes(length))
        with pytest.raises(InvalidRequest):
            device.verify(bytes(256), bytes(length))


def test_a_public_key_signs_nothing() -> None:
    with OWN.public_key.verifier() as device, pytest.raises(InvalidRequest):
        device.sign(bytes(32))


def test_a_signer_verifies_in_between() -> None:
    digest = hashlib.sha256(TEXT).digest()
    with OWN.signer() as device:
        signature = device.sign(digest)
        device.verify(signature, digest)
        assert device.sign(digest) == signature


def test_signatures_in_a_batch() -> None:
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(3)]
    with OWN.signer() as device:
        signatures = [result.get() for result in device.run(Request(Op.SIGN, d) for d in digests)]
        results = device.run(
            Request(Op.VERIFY, digest, signature=signature)
            for digest, signature in zip(digests, reversed(signatures), strict=True)
        )
    for number, signature in enumerate(signatures):
        JUDGE.public_key().verify(signature, bytes([number]), padding.PKCS1v15(), hashes.SHA256())
    kinds = [type(result.error) for result in results]
    assert kinds == [InvalidSignature, type(None), InvalidSignature]


def test_a_signature_without_key() -> None:
    with pytest.raises(NoKey):
        CryptoDevice("rsa", alg_class=AlgClass.AKCIPHER)


@pytest.mark.parametrize("key", [b"\x30\x00", b"no key", OWN.public_key.der[:-1]])
def test_what_is_no_key_of_rsa(key: bytes) -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice("rsa", alg_class=AlgClass.AKCIPHER, key=key)


# Encryption of RSA


def test_openssl_decrypts_what_is_encrypted() -> None:
    sealed = OWN.public_key.encrypt(TEXT)
    assert JUDGE.decrypt(sealed, padding.PKCS1v15()) == TEXT


def test_what_openssl_encrypts_is_decrypted() -> None:
    sealed = JUDGE.public_key().encrypt(TEXT, padding.PKCS1v15())
    assert OWN.decrypt(sealed) == TEXT


def test_a_wrong_padding() -> None:
    number = pow(3, NUMBERS.public_numbers.e, NUMBERS.public_numbers.n)
    with pytest.raises(InvalidPadding):
        OWN.decrypt(number.to_bytes(256, "big"))


def test_the_bare_operation() -> None:
    e, n = NUMBERS.public_numbers.e, NUMBERS.public_numbers.n
    with CryptoDevice("rsa", alg_class=AlgClass.AKCIPHER, key=OWN.der, private=True) as device:
        text = b"\x01" * 256
        out = bytearray(256)
        assert device.encrypt_into(text, out) == 256
        assert int.from_bytes(out, "big") == pow(int.from_bytes(text, "big"), e, n)
        assert device.decrypt(out).rjust(256, b"\0") == text


def encrypting() -> CryptoDevice:
    """A device with the public key."""
    return CryptoDevice("rsa", alg_class=AlgClass.AKCIPHER, key=OWN.public_key.der)


def test_output_that_does_not_fit() -> None:
    with encrypting() as device, pytest.raises(BufferTooSmall) as caught:
        device.encrypt_into(b"\x01" * 255, bytearray(255))
    assert caught.value.needed == 256


def test_an_iv_is_for_other_ciphers() -> None:
    with encrypting() as device, pytest.raises(ValueError, match="no IV"):
        device.encrypt(TEXT, iv=bytes(16))


def test_a_public_key_decrypts_nothing() -> None:
    with encrypting() as device, pytest.raises(InvalidRequest):
        device.decrypt(bytes(256))


def test_a_cipher_does_not_sign() -> None:
    with CryptoDevice("cbc(aes)", key=bytes(16)) as device:
        with pytest.raises(NotSupported):
            device.sign(bytes(32))
        with pytest.raises(NotSupported):
            device.verify(bytes(32), bytes(32))
        with pytest.raises(NotSupported):
            device.public_key()


# ECDSA and EC-RDSA


def require_ecdsa(requires: Callable[[str], None], curve: str) -> None:
    """Skip where the kernel has neither name."""
    try:
        query(f"x962(ecdsa-{curve})", AlgClass.SIG)
    except AlgorithmNotFound:
        requires(f"ecdsa-{curve}")


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("name", ["sha256", "sha384"])
def test_ecdsa(requires: Callable[[str], None], curve: str, name: str) -> None:
    require_ecdsa(requires, curve)
    judge = ec.generate_private_key(CURVES[curve])
    own = keys.verifying_key(public(judge))
    signature = judge.sign(TEXT, ec.ECDSA(HASHES[name]))
    own.verify(signature, TEXT, hash=name)
    for wrong, text in ((changed(signature, 12), TEXT), (signature, TEXT + b"!"), (b"", TEXT)):
        with pytest.raises(InvalidSignature):
            own.verify(wrong, text, hash=name)


@pytest.mark.requires("ecrdsa")
@pytest.mark.parametrize("bits", GOST_SIGNATURES)
def test_ecrdsa(requires: Callable[[str], None], bits: int) -> None:
    requires(f"streebog{bits}")
    key = keys.verifying_key((DATA / f"gost{bits}.pem").read_bytes())
    signature = bytes.fromhex(GOST_SIGNATURES[bits])
    key.verify(signature, GOST_TEXT)
    for wrong, text in ((changed(signature, 12), GOST_TEXT), (signature, GOST_TEXT + b"!")):
        with pytest.raises(InvalidSignature):
            key.verify(wrong, text)


# Key agreement


@pytest.mark.parametrize("curve", CURVES)
def test_ecdh(requires: Callable[[str], None], curve: str) -> None:
    requires(f"ecdh-{curve}")
    own, other = (ec.generate_private_key(CURVES[curve]) for _ in range(2))
    key = keys.agreement_private_key(private(own))
    secret = own.exchange(ec.ECDH(), other.public_key())
    assert key.exchange(keys.agreement_public_key(public(other))) == secret
    with key.device() as device:
        assert keys.shown(device, key.group).pem() == public(own)


@pytest.mark.parametrize("curve", CURVES)
def test_ecdh_with_a_key_of_the_kernels(requires: Callable[[str], None], curve: str) -> None:
    requires(f"ecdh-{curve}")
    other = ec.generate_private_key(CURVES[curve])
    peer = keys.agreement_public_key(public(other))
    if curve == "nist-p192" and not os.uname().release.startswith("6.1."):
        # Later kernels generate keys of the curves of FIPS 186-5 only.
        with pytest.raises(NotSupported):
            keys.generate(peer.group)
        return
    with keys.generate(peer.group) as device, keys.generate(peer.group) as second:
        value = device.public_key()
        assert value != second.public_key()
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve], b"\x04" + value)
        assert keys.agree(device, peer.group, peer) == other.exchange(ec.ECDH(), theirs)


@pytest.mark.requires("curve25519")
def test_x25519() -> None:
    own, other = (x25519.X25519PrivateKey.generate() for _ in range(2))
    key = keys.agreement_private_key(private(own))
    secret = own.exchange(other.public_key())
    assert key.exchange(keys.agreement_public_key(public(other))) == secret
    with keys.generate(key.group) as device:
        theirs = x25519.X25519PublicKey.from_public_bytes(device.public_key())
        assert device.shared_secret(other.public_key().public_bytes_raw()) == other.exchange(theirs)


@pytest.mark.requires("dh")
def test_dh() -> None:
    parameters = dh.DHParameterNumbers(ffdhe_prime(2048), 2).parameters()
    own, other = (parameters.generate_private_key() for _ in range(2))
    key = keys.agreement_private_key(private(own))
    secret = own.exchange(other.public_key())
    assert key.exchange(keys.agreement_public_key(public(other))) == secret
    with key.device() as device:
        assert keys.shown(device, key.group).pem() == public(own)


@pytest.mark.requires("ffdhe2048(dh)")
def test_dh_with_a_key_of_the_kernels() -> None:
    other = dh.DHParameterNumbers(ffdhe_prime(2048), 2).parameters().generate_private_key()
    peer = keys.agreement_public_key(public(other))
    with keys.generate(peer.group) as device:
        y = int.from_bytes(device.public_key(), "big")
        numbers = other.public_key().public_numbers().parameter_numbers
        theirs = dh.DHPublicNumbers(y, numbers).public_key()
        assert keys.agree(device, peer.group, peer) == other.exchange(theirs)


BAD_POINTS = {
    "off the curve": bytes(63) + b"\1",
    "zero": bytes(64),
    "too short": bytes(63),
    "too long": bytes(65),
    "out of range": b"\xff" * 64,
    "nothing": b"",
}


@pytest.mark.requires("ecdh-nist-p256")
@pytest.mark.parametrize("point", BAD_POINTS.values(), ids=BAD_POINTS)
def test_a_bad_point(point: bytes) -> None:
    with CryptoDevice("ecdh-nist-p256", generate=True) as device, pytest.raises(InvalidRequest):
        device.shared_secret(point)


@pytest.mark.requires("curve25519")
@pytest.mark.parametrize("point", [bytes(32), b"\1" + bytes(31), bytes(31), b""])
def test_a_bad_point_of_x25519(point: bytes) -> None:
    with CryptoDevice("curve25519", generate=True) as device, pytest.raises(InvalidRequest):
        device.shared_secret(point)


@pytest.mark.requires("ffdhe2048(dh)")
@pytest.mark.parametrize("value", [0, 1, ffdhe_prime(2048) - 1, ffdhe_prime(2048)])
def test_a_bad_value_of_dh(value: int) -> None:
    with CryptoDevice("ffdhe2048(dh)", generate=True) as device, pytest.raises(InvalidRequest):
        device.shared_secret(value.to_bytes(256, "big"))


@pytest.mark.requires("dh")
def test_dh_makes_no_private_values() -> None:
    with pytest.raises(NotSupported):
        CryptoDevice("dh", generate=True, dh_p=ffdhe_prime(2048).to_bytes(256, "big"), dh_g=b"\2")


@pytest.mark.requires("ecdh-nist-p256")
@pytest.mark.requires("ecdh-nist-p384")
def test_keys_of_two_groups() -> None:
    own = keys.agreement_private_key(private(ec.generate_private_key(ec.SECP256R1())))
    peer = keys.agreement_public_key(public(ec.generate_private_key(ec.SECP384R1())))
    with pytest.raises(ValueError, match="two groups"):
        own.exchange(peer)
