# SPDX-License-Identifier: MIT
"""Keys of the kernel's keyring, which the program names by their serial numbers."""

from __future__ import annotations

import hashlib
import hmac
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from pycryptodev import (
    AlgClass,
    CryptoDevice,
    Hash,
    InvalidRequest,
    KeyExpired,
    KeyForbidden,
    KeyRevoked,
    NoKey,
    NotSupported,
    keys,
)
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode
from pycryptodev.keys import names

KEY = b"key of the keyed hash"
TEXT = os.urandom(10_000)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RSA_DER = RSA.private_bytes(
    serialization.Encoding.DER,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
)


def keyctl(*arguments: str, text: bytes = b"") -> str:
    """Run keyctl, which has to succeed."""
    done = subprocess.run(["keyctl", *arguments], input=text, capture_output=True, check=True)
    return done.stdout.decode().strip()


def add_key(payload: bytes, kind: str = "user") -> int:
    """Put a key into the process's own keyring, and return its serial number."""
    name = f"{'devcrypto:' if kind == 'logon' else ''}{os.urandom(8).hex()}"
    return int(keyctl("padd", kind, name, "@u", text=payload))


@pytest.fixture(autouse=True)
def keyring() -> None:
    """The user's keyring belongs to the session, so that its keys may be searched for."""
    keyctl("link", "@u", "@s")


# Ciphers and hashes


@pytest.mark.parametrize("kind", ["user", "logon"])
def test_a_key_of_the_keyring(kind: str) -> None:
    serial = add_key(KEY, kind)
    with CryptoDevice("hmac(sha256)", key_serial=serial) as device:
        assert device.digest(TEXT) == hmac.digest(KEY, TEXT, "sha256")
        assert device.hash(TEXT).digest() == hmac.digest(KEY, TEXT, "sha256")
    assert Hash("hmac(sha256)", TEXT, key_serial=serial).digest() == hmac.digest(
        KEY, TEXT, "sha256"
    )


def test_a_cipher_with_a_key_of_the_keyring() -> None:
    serial = add_key(KEY[:16])
    with (
        CryptoDevice("cbc(aes)", key_serial=serial) as ours,
        CryptoDevice("cbc(aes)", key=KEY[:16]) as judge,
    ):
        assert ours.encrypt(bytes(32), iv=bytes(16)) == judge.encrypt(bytes(32), iv=bytes(16))


def test_no_such_key() -> None:
    with pytest.raises(NoKey):
        CryptoDevice("hmac(sha256)", key_serial=2**31 - 1)


def test_a_revoked_key() -> None:
    serial = add_key(KEY)
    keyctl("revoke", str(serial))
    with pytest.raises(KeyRevoked):
        CryptoDevice("hmac(sha256)", key_serial=serial)


def test_an_expired_key() -> None:
    serial = add_key(KEY)
    keyctl("timeout", str(serial), "1")
    subprocess.run(["sleep", "2"], check=True)
    with pytest.raises(KeyExpired):
        CryptoDevice("hmac(sha256)", key_serial=serial)


def test_a_key_that_may_not_be_searched_for() -> None:
    serial = add_key(KEY)
    keyctl("setperm", str(serial), "0x37370000")
    with pytest.raises(KeyForbidden):
        CryptoDevice("hmac(sha256)", key_serial=serial)


def test_not_for_what_gives_the_key_away(requires: Callable[[str], None]) -> None:
    requires("crc32c")
    with pytest.raises(NotSupported):
        CryptoDevice("crc32c", key_serial=add_key(b"four"))


# Private keys


def signer(serial: int) -> CryptoDevice:
    """A device that signs digests of SHA-256 with a key of the keyring."""
    name = names.rsa_signature("sha256", "/dev/crypto")
    return CryptoDevice(name, alg_class=AlgClass.SIG, key_serial=serial, private=True)


@pytest.mark.parametrize("kind", ["user", "logon"])
def test_signing(kind: str) -> None:
    with signer(add_key(RSA_DER, kind)) as device:
        signature = device.sign(hashlib.sha256(TEXT).digest())
        with device.share() as shared:
            assert shared.sign(hashlib.sha256(TEXT).digest()) == signature
    RSA.public_key().verify(signature, TEXT, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("kind", ["user", "logon"])
def test_keys_that_sign_and_decrypt(kind: str) -> None:
    key = keys.KeyringRsaKey(add_key(RSA_DER, kind))
    for name, hash in (("sha256", hashes.SHA256()), ("sha512", hashes.SHA512())):
        RSA.public_key().verify(key.sign(TEXT, hash=name), TEXT, padding.PKCS1v15(), hash)
    assert key.sign(TEXT) == key.sign(TEXT, hash="sha256")
    assert key.decrypt(RSA.public_key().encrypt(b"text", padding.PKCS1v15())) == b"text"


def test_keys_that_do_not_sign() -> None:
    with pytest.raises(NoKey):
        keys.KeyringRsaKey(2**31 - 1).sign(TEXT)
    with pytest.raises(InvalidRequest):
        keys.KeyringRsaKey(add_key(KEY)).sign(TEXT)
    revoked = add_key(RSA_DER)
    keyctl("revoke", str(revoked))
    with pytest.raises(KeyRevoked):
        keys.KeyringRsaKey(revoked).decrypt(bytes(256))


def test_the_command_signs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text, signature = tmp_path / "text", tmp_path / "signature"
    text.write_bytes(TEXT)
    serial = str(add_key(RSA_DER, "logon"))
    assert main(["sign", "--key-serial", serial, str(text), "-o", str(signature)]) == 0
    RSA.public_key().verify(signature.read_bytes(), TEXT, padding.PKCS1v15(), hashes.SHA256())

    keyctl("revoke", serial)
    none = str(add_key(KEY))
    for wrong, said in (
        (serial, "revoked"),
        (none, f"key {none}: no private key of RSA"),
        (str(2**31 - 1), ""),
    ):
        assert main(["sign", "--key-serial", wrong, str(text)]) == ExitCode.USAGE
        assert said in capfd.readouterr().err


def test_decrypting() -> None:
    sealed = RSA.public_key().encrypt(b"text", padding.PKCS1v15())
    serial = add_key(RSA_DER, "logon")
    with CryptoDevice(
        "pkcs1pad(rsa)", alg_class=AlgClass.AKCIPHER, key_serial=serial, private=True
    ) as device:
        assert device.decrypt(sealed) == b"text"


def test_a_private_key_of_the_command_line() -> None:
    """What docs/admin.md says, with the key that openssl writes."""
    command = ["openssl", "rsa", "-traditional", "-outform", "DER"]
    pem = RSA.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    der = subprocess.run(command, input=pem, capture_output=True, check=True).stdout
    with signer(add_key(der, "logon")) as device:
        signature = device.sign(hashlib.sha256(TEXT).digest())
    RSA.public_key().verify(signature, TEXT, padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.requires("ecdh-nist-p256")
def test_key_agreement() -> None:
    own, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    serial = add_key(own.private_numbers().private_value.to_bytes(32, "big"), "logon")
    peer = keys.AgreementPublicKey(keys.Group("ecdh-nist-p256"), point(other))
    with CryptoDevice("ecdh-nist-p256", alg_class=AlgClass.KPP, key_serial=serial) as device:
        assert device.public_key() == point(own)
        assert keys.agree(device, peer.group, peer) == own.exchange(ec.ECDH(), other.public_key())


@pytest.mark.requires("ecdh-nist-p256")
def test_a_key_that_agrees() -> None:
    own, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    group = keys.Group("ecdh-nist-p256")
    serial = add_key(own.private_numbers().private_value.to_bytes(32, "big"), "logon")
    key = keys.KeyringAgreementKey(group, serial)
    peer = keys.AgreementPublicKey(group, point(other))
    assert key.exchange(peer) == own.exchange(ec.ECDH(), other.public_key())
    with pytest.raises(ValueError, match="of two groups"):
        key.exchange(keys.AgreementPublicKey(keys.Group("ecdh-nist-p384"), bytes(96)))


@pytest.mark.requires("ffdhe2048(dh)")
def test_a_key_that_agrees_in_a_group_of_numbers() -> None:
    group = keys.Group("dh", keys.agreement.ffdhe_prime(2048), 2)
    own, other = (int.from_bytes(os.urandom(32), "big") for _ in range(2))
    key = keys.KeyringAgreementKey(group, add_key(own.to_bytes(32, "big")))
    peer = keys.AgreementPublicKey(group, pow(2, other, group.p).to_bytes(256, "big"))
    assert key.exchange(peer) == pow(2, own * other, group.p).to_bytes(256, "big")
    with pytest.raises(keys.KeyFileError):
        keys.KeyringAgreementKey(keys.Group("dh", group.p, 5), key.serial).device()


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public key, as the crypto API has it."""
    encoding, form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    return key.public_key().public_bytes(encoding, form)[1:]


ASYMMETRIC: dict[str, dict[str, Any]] = {
    "akcipher": {"name": "rsa", "alg_class": AlgClass.AKCIPHER, "private": True},
    "sig": {"name": "pkcs1pad(rsa,sha256)", "alg_class": AlgClass.SIG, "private": True},
    "kpp": {"name": "ecdh-nist-p256", "alg_class": AlgClass.KPP},
}


@pytest.mark.parametrize("alg_class", ASYMMETRIC)
def test_private_keys_that_are_none(requires: Callable[[str], None], alg_class: str) -> None:
    """The errors of the keyring, and a payload that is another algorithm's key."""
    setup = dict(ASYMMETRIC[alg_class])
    if alg_class == "sig":
        setup["name"] = names.rsa_signature("sha256", "/dev/crypto")
    requires(setup["name"])
    serial = add_key(RSA_DER)
    keyctl("revoke", str(serial))
    with pytest.raises(KeyRevoked):
        CryptoDevice(**setup, key_serial=serial)
    with pytest.raises(NoKey):
        CryptoDevice(**setup, key_serial=2**31 - 1)
    with pytest.raises(InvalidRequest):
        CryptoDevice(**setup, key_serial=add_key(KEY[:16]))


@pytest.mark.requires("dh")
def test_not_for_a_group_of_the_callers() -> None:
    with pytest.raises(NotSupported):
        CryptoDevice(
            "dh",
            alg_class=AlgClass.KPP,
            key_serial=add_key(bytes(range(32))),
            dh_p=keys.agreement.ffdhe_prime(2048).to_bytes(256, "big"),
            dh_g=b"\2",
        )


@pytest.mark.requires("curve25519")
def test_a_key_is_kept_or_generated() -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice("curve25519", key_serial=add_key(bytes(range(32))), generate=True)
