# SPDX-License-Identifier: MIT
"""What the command says of keys that the kernel refuses, and of names that are not clear."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pycryptodev import AlgClass, AmbiguousName, keys
from pycryptodev.cli import main, raw
from pycryptodev.cli.exit_codes import ExitCode
from pycryptodev.errors import from_errno

Capture = pytest.CaptureFixture[str]


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], tuple[int, str]]:
    """Runs a verb with a key that the kernel refuses; the status, and how the key was named."""
    monkeypatch.chdir(tmp_path)
    Path("rsa").write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    Path("ec").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    Path("bare").write_bytes(bytes(32))
    Path("signature").write_bytes(bytes(256))

    def refuse(*_: object, **__: object) -> NoReturn:
        raise from_errno(errno.EINVAL)

    monkeypatch.setattr(keys.RsaPrivateKey, "signer", refuse)
    monkeypatch.setattr(keys.RsaPublicKey, "verifier", refuse)
    monkeypatch.setattr(keys.AgreementPrivateKey, "device", refuse)
    monkeypatch.setattr("pycryptodev.cli.derive.CryptoDevice", refuse)
    arguments = {
        "sign": ("rsa", ["sign"]),
        "verify": ("rsa", ["verify", "--signature", "signature"]),
        "derive": ("ec", ["derive", "--peer", "ec"]),
        "derive -a": ("bare", ["derive", "-a", "dh", "--peer", "bare"]),
    }

    def run(verb: str, source: str) -> tuple[int, str]:
        file, command = arguments[verb]
        if source == "--key-file":
            return main([*command, source, file]), file
        descriptor = os.open(file, os.O_RDONLY)
        try:
            code = main([*command, source, str(descriptor)])
        finally:
            os.close(descriptor)
        return code, f"descriptor {descriptor}"

    return run


@pytest.mark.parametrize("source", ["--key-file", "--key-fd"])
@pytest.mark.parametrize(
    ("verb", "what"),
    [
        ("sign", "private key of RSA"),
        ("verify", "public key"),
        ("derive", "private key of this group"),
        ("derive -a", "private key of dh"),
    ],
)
def test_a_key_that_the_kernel_refuses_is_named(
    refused: Callable[[str, str], tuple[int, str]],
    capsys: Capture,
    verb: str,
    what: str,
    source: str,
) -> None:
    code, where = refused(verb, source)
    assert code == ExitCode.USAGE
    assert capsys.readouterr().err == f"cryptodev: {where}: no {what} that the kernel takes\n"


def ambiguous(*choices: AlgClass) -> Callable[..., Any]:
    """Looks a name up that these classes have; of one of them it returns the class."""

    def query(name: str, alg_class: AlgClass | None = None, *, path: str) -> Any:
        if alg_class is None:
            raise AmbiguousName(name, choices)
        return alg_class

    return query


def test_the_option_that_helps_with_a_name_of_two_classes(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("pycryptodev.cli.info.query", ambiguous(AlgClass.AEAD, AlgClass.HASH))
    assert main(["info", "twice"]) == ExitCode.ALGORITHM
    assert capsys.readouterr().err == (
        "cryptodev: 'twice' is the name of more than one algorithm (aead, hash)\n"
        "cryptodev: try: --class aead or --class hash\n"
    )


def test_a_name_of_two_classes_where_no_option_helps(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(bytes(16))
    monkeypatch.setattr("pycryptodev.container.query", ambiguous(AlgClass.AEAD, AlgClass.HASH))
    enc = ["enc", "-a", "twice", "--key-file", str(tmp_path / "key"), "/dev/null"]
    assert main(enc) == ExitCode.ALGORITHM
    assert capsys.readouterr().err == (
        "cryptodev: 'twice' is the name of more than one algorithm (aead, hash)\n"
    )


def test_of_two_classes_a_cipher_alone_is_the_cipher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "query", ambiguous(AlgClass.AEAD, AlgClass.SKCIPHER))
    assert raw._query("twice", "/dev/crypto") is AlgClass.SKCIPHER  # type: ignore[comparison-overlap]


def test_two_classes_without_a_cipher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "query", ambiguous(AlgClass.AEAD, AlgClass.HASH))
    with pytest.raises(AmbiguousName):
        raw._query("twice", "/dev/crypto")
