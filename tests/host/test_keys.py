# SPDX-License-Identifier: MIT
"""Keys out of numbers, PEM and DER, and the encodings of the crypto API, without the device."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dh, dsa, ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_parameters,
)

from pycryptodev import keys
from pycryptodev.keys.agreement import ffdhe_prime

DATA = Path(__file__).parent / "data"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256 = ec.generate_private_key(ec.SECP256R1())
X25519 = x25519.X25519PrivateKey.generate()
FFDHE = dh.DHParameterNumbers(ffdhe_prime(2048), 2)

PKCS1_PUBLIC = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
PKCS1_PRIVATE = RSA.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def private(key: object, encoding: Encoding = Encoding.PEM, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    data: bytes = key.private_bytes(encoding, PrivateFormat.PKCS8, encryption)  # type: ignore[attr-defined]
    return data


def public(key: object, encoding: Encoding = Encoding.PEM) -> bytes:
    half = key.public_key()  # type: ignore[attr-defined]
    data: bytes = half.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    return data


def openssl(*arguments: str, text: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=text, capture_output=True).stdout


def certificate() -> bytes:
    """A certificate of the RSA key."""
    request = ["req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=a test/"]
    return openssl(*request, text=private(RSA))


@pytest.mark.parametrize(
    "data",
    [
        public(RSA),
        public(RSA, Encoding.DER),
        private(RSA),
        private(RSA, Encoding.DER),
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        PKCS1_PUBLIC,
        PKCS1_PRIVATE,
        certificate(),
        openssl("x509", "-outform", "DER", text=certificate()),
        b"a text in front\n" + public(RSA) + b"and behind\n",
    ],
    ids=[
        "spki",
        "der",
        "pkcs8",
        "pkcs8-der",
        "pkcs1",
        "pkcs1-der",
        "private",
        "x509",
        "crt",
        "text",
    ],
)
def test_public_key_of_rsa(data: bytes) -> None:
    key = keys.verifying_key(data)
    assert isinstance(key, keys.RsaPublicKey)
    assert key.der == PKCS1_PUBLIC


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_private_key_of_rsa(encoding: Encoding) -> None:
    key = keys.signing_key(private(RSA, encoding))
    assert key.der == PKCS1_PRIVATE
    assert key.public_key.der == PKCS1_PUBLIC


def test_rsa_from_numbers() -> None:
    numbers = RSA.private_numbers()
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    assert keys.RsaPublicKey.from_numbers(n, e).der == PKCS1_PUBLIC
    given = keys.RsaPrivateKey.from_numbers(n, e, numbers.d, numbers.p, numbers.q)
    assert given.der == PKCS1_PRIVATE
    computed = keys.RsaPrivateKey.from_numbers(n, e, numbers.d)
    assert computed.der in (
        PKCS1_PRIVATE,
        keys.RsaPrivateKey.from_numbers(n, e, numbers.d, numbers.q, numbers.p).der,
    )


def test_numbers_that_are_no_key() -> None:
    with pytest.raises(ValueError, match="match"):
        keys.RsaPrivateKey.from_numbers(15, 3, 7)


def test_no_private_key_is_shown() -> None:
    shown = repr(keys.signing_key(private(RSA)))
    secret = PKCS1_PRIVATE[len(PKCS1_PUBLIC) + 20 :][:16]
    assert shown.startswith("RsaPrivateKey(public_key=")
    assert repr(secret)[2:-1] not in shown
    own = keys.agreement_private_key(private(X25519))
    assert "value" not in repr(own)


def test_an_encrypted_key() -> None:
    data = private(RSA, password=b"open")
    assert keys.signing_key(data, b"open").der == PKCS1_PRIVATE
    for password in (None, b"wrong"):
        with pytest.raises(keys.EncryptedKey):
            keys.signing_key(data, password)
    with pytest.raises(keys.KeyFileError, match="not encrypted"):
        keys.signing_key(private(RSA), b"open")


@pytest.mark.parametrize(
    ("curve", "name", "digest", "size"),
    [
        (ec.SECP192R1(), "nist-p192", "sha256", 24),
        (ec.SECP256R1(), "nist-p256", "sha256", 32),
        (ec.SECP384R1(), "nist-p384", "sha384", 48),
        (ec.SECP521R1(), "nist-p521", "sha512", 66),
    ],
)
def test_public_key_of_ecdsa(curve: ec.EllipticCurve, name: str, digest: str, size: int) -> None:
    key = ec.generate_private_key(curve)
    numbers = key.public_key().public_numbers()
    found = keys.verifying_key(public(key))
    point = b"\x04" + numbers.x.to_bytes(size, "big") + numbers.y.to_bytes(size, "big")
    assert found == keys.EcdsaPublicKey(name, point)
    assert found == keys.EcdsaPublicKey.from_numbers(name, numbers.x, numbers.y)
    assert found.default_hash == digest
    with pytest.raises(ValueError, match="range"):
        keys.EcdsaPublicKey.from_numbers(name, 1 << 8 * size, 1)


@pytest.mark.parametrize("bits", [256, 512])
def test_public_key_of_ecrdsa(bits: int) -> None:
    """Keys of OpenSSL's engine gost."""
    pem = (DATA / f"gost{bits}.pem").read_bytes()
    der = openssl("base64", "-d", text=b"".join(pem.splitlines(keepends=True)[1:-1]))
    for data in (pem, der):
        key = keys.verifying_key(data)
        assert isinstance(key, keys.EcrdsaPublicKey)
        assert key.default_hash == f"streebog{bits}"
        assert key.key == der[-len(key.key) :]
        assert key.key[0] == 4
        assert key.parameters[0] == 0x30
        assert key.parameters in der


def test_ecrdsa_takes_one_hash_only() -> None:
    key = keys.verifying_key((DATA / "gost256.pem").read_bytes())
    with pytest.raises(ValueError, match="streebog256, not sha256"):
        key.verifier("sha256")


def test_keys_of_ecdh() -> None:
    own = keys.agreement_private_key(private(P256))
    assert own.group == keys.Group("ecdh-nist-p256")
    assert int.from_bytes(own.value, "big") == P256.private_numbers().private_value
    numbers = P256.public_key().public_numbers()
    peer = keys.agreement_public_key(public(P256))
    assert peer.group == own.group
    assert peer.value == numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    assert peer.pem() == public(P256)


def test_keys_of_x25519() -> None:
    own = keys.agreement_private_key(private(X25519, Encoding.DER))
    assert own.group == keys.Group("curve25519")
    assert own.value == X25519.private_bytes_raw()
    peer = keys.agreement_public_key(public(X25519))
    assert peer.value == X25519.public_key().public_bytes_raw()
    assert peer.pem() == public(X25519)


def test_keys_of_dh() -> None:
    key = FFDHE.parameters().generate_private_key()
    own = keys.agreement_private_key(private(key))
    assert own.group == keys.Group("dh", FFDHE.p, 2)
    assert int.from_bytes(own.value, "big") == key.private_numbers().x
    peer = keys.agreement_public_key(public(key))
    assert len(peer.value) == 256
    assert int.from_bytes(peer.value, "big") == key.public_key().public_numbers().y
    assert peer.pem() == public(key)


@pytest.mark.parametrize("bits", [2048, 3072, 4096, 6144, 8192])
def test_groups_of_rfc_7919(bits: int) -> None:
    group = f"group:ffdhe{bits}"
    pem = openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", group)
    parameters = load_pem_parameters(pem)
    assert isinstance(parameters, dh.DHParameters)
    numbers = parameters.parameter_numbers()
    assert keys.Group("dh", numbers.p, numbers.g).kernel_name == f"ffdhe{bits}(dh)"


def test_the_kernel_makes_no_key_in_other_groups() -> None:
    with pytest.raises(keys.KeyFileError, match="RFC 7919"):
        _ = keys.Group("dh", FFDHE.p, 5).kernel_name


DSA = dsa.generate_private_key(2048)
K256 = ec.generate_private_key(ec.SECP256K1())
ED25519 = ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize(
    "data",
    [b"", b"no key", public(DSA), public(K256), public(ED25519), public(X25519), b"\x30\x00"],
    ids=["empty", "text", "dsa", "secp256k1", "ed25519", "x25519", "der"],
)
def test_what_verifies_no_signature(data: bytes) -> None:
    with pytest.raises(keys.KeyFileError):
        keys.verifying_key(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"no key", public(RSA), private(P256), private(ED25519)],
    ids=["empty", "text", "public", "ec", "ed25519"],
)
def test_what_makes_no_signature(data: bytes) -> None:
    with pytest.raises(keys.KeyFileError):
        keys.signing_key(data)


@pytest.mark.parametrize("data", [b"", public(RSA), public(K256), public(ED25519)])
def test_what_agrees_on_no_key(data: bytes) -> None:
    with pytest.raises(keys.KeyFileError):
        keys.agreement_public_key(data)


@pytest.mark.parametrize("data", [b"", private(RSA), private(K256), public(P256)])
def test_what_is_no_private_key(data: bytes) -> None:
    with pytest.raises(keys.KeyFileError):
        keys.agreement_private_key(data)


@pytest.mark.parametrize("missing", ["cryptography", "pyasn1"])
def test_without_its_libraries_it_says_which(missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None\nimport pycryptodev.keys"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert missing in last
    assert last.endswith("pip install 'pycryptodev[keys]'")


def test_the_package_does_without() -> None:
    program = (
        "import sys; sys.modules['cryptography'] = sys.modules['pyasn1'] = None\n"
        "import pycryptodev, pycryptodev.cli"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
