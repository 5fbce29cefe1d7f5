# SPDX-License-Identifier: MIT
"""The examples, each in C and in Python, run as their user would and checked by other programs."""

from __future__ import annotations

import hashlib
import io
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import pycryptodev

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "examples"
BUILT = PROJECT / "build/examples"
LANGUAGES = ("c", "python")

# Around block, chunk and request sizes.
SIZES = (0, 1, 16, 1000, (1 << 20) - 1, 1 << 20, (2 << 20) + 16)

each_language = pytest.mark.parametrize("language", LANGUAGES)


@dataclass
class Ended:
    """How an example ended.

    Args:
        status: its exit status.
        output: what it wrote to standard output.
        errors: what it wrote to standard error.
    """

    status: int
    output: bytes
    errors: str


def attempt(language: str, name: str, *arguments: str | Path, text: bytes = b"") -> Ended:
    """Run an example with this on its standard input."""
    words = [str(argument) for argument in arguments]
    if language == "python":
        return attempt_here(SOURCES / f"{name}.py", words, text)
    done = subprocess.run(
        [BUILT / name, *words], input=text, capture_output=True, timeout=60, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr.decode())


def attempt_here(path: Path, arguments: list[str], text: bytes) -> Ended:
    """Run a script in this process: in the guest an interpreter takes long to start."""
    status: object = 0
    output = io.TextIOWrapper(io.BytesIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(path), *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        patch.setattr(sys, "stdout", output)
        try:
            runpy.run_path(str(path), run_name="__main__")
        except SystemExit as end:
            status = end.code
        except Exception as error:
            status = str(error)
    output.flush()
    written = output.buffer.getvalue()
    if isinstance(status, int):
        return Ended(status, written, "")
    return Ended(1, written, str(status))


def run(language: str, name: str, *arguments: str | Path, text: bytes = b"") -> bytes:
    """Run an example, which has to succeed, and return its standard output."""
    ended = attempt(language, name, *arguments, text=text)
    assert ended.status == 0, ended.errors
    return ended.output


def tool(*command: str | Path, text: bytes = b"") -> bytes:
    """Run a program of the system, which has to succeed, and return its standard output."""
    return subprocess.run(command, input=text, capture_output=True, timeout=60, check=True).stdout


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A file with a key of 32 bytes."""
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    return path


def make_file(folder: Path, size: int) -> Path:
    """A file of arbitrary but fixed content."""
    path = folder / f"input-{size}"
    path.write_bytes(hashlib.shake_128(b"examples").digest(size))
    return path


def test_every_example_has_both_languages() -> None:
    in_c = {path.stem for path in SOURCES.glob("*.c")}
    in_python = {path.stem for path in SOURCES.glob("*.py")}
    assert in_c == in_python
    assert in_c == {path.name for path in BUILT.iterdir()}, "run make -C examples first"


def openssl_cbc(verb: str, key: Path, iv: str, source: Path) -> bytes:
    return openssl("-aes-256-cbc", verb, key, iv, source)


def openssl(cipher: str, verb: str, key: Path, iv: str, source: Path) -> bytes:
    return tool(
        "openssl",
        "enc",
        verb,
        cipher,
        "-K",
        key.read_bytes().hex(),
        "-iv",
        iv,
        "-in",
        source,
    )


@each_language
@pytest.mark.parametrize("size", SIZES)
def test_encrypt_file(language: str, size: int, key: Path, tmp_path: Path) -> None:
    source, encrypted, back = make_file(tmp_path, size), tmp_path / "enc", tmp_path / "dec"
    iv = os.urandom(16).hex()
    run(language, "encrypt_file", "enc", key, iv, source, encrypted)
    assert openssl_cbc("-d", key, iv, encrypted) == source.read_bytes()
    encrypted.write_bytes(openssl_cbc("-e", key, iv, source))
    run(language, "encrypt_file", "dec", key, iv, encrypted, back)
    assert back.read_bytes() == source.read_bytes()


# The counter of the second wraps.
@each_language
@pytest.mark.parametrize("iv", ["00112233445566778899aabbccddeeff", "f" * 31 + "0"])
@pytest.mark.parametrize("size", [*SIZES, (4 << 20) + 5])
def test_uring_file(language: str, iv: str, size: int, key: Path, tmp_path: Path) -> None:
    source, encrypted, back = make_file(tmp_path, size), tmp_path / "enc", tmp_path / "dec"
    run(language, "uring_file", "enc", key, iv, source, encrypted)
    assert encrypted.read_bytes() == openssl("-aes-256-ctr", "-e", key, iv, source)
    run(language, "uring_file", "dec", key, iv, encrypted, back)
    assert back.read_bytes() == source.read_bytes()


@each_language
@pytest.mark.parametrize("size", SIZES)
def test_seal_file(language: str, size: int, key: Path, tmp_path: Path) -> None:
    source, sealed, opened = make_file(tmp_path, size), tmp_path / "sealed", tmp_path / "opened"
    judge = AESGCM(key.read_bytes())
    run(language, "seal_file", "seal", key, source, sealed)
    data = sealed.read_bytes()
    assert data[:8] == b"sealed 1"
    assert judge.decrypt(data[8:20], data[20:], data[:8]) == source.read_bytes()
    nonce = bytes(12)
    sealed.write_bytes(b"sealed 1" + nonce + judge.encrypt(nonce, source.read_bytes(), b"sealed 1"))
    run(language, "seal_file", "open", key, sealed, opened)
    assert opened.read_bytes() == source.read_bytes()


@each_language
@pytest.mark.parametrize("at", [10, 25, -1], ids=["nonce", "text", "tag"])
def test_seal_file_refuses_a_changed_file(
    language: str, at: int, key: Path, tmp_path: Path
) -> None:
    sealed, opened = tmp_path / "sealed", tmp_path / "opened"
    run(language, "seal_file", "seal", key, make_file(tmp_path, 1000), sealed)
    data = bytearray(sealed.read_bytes())
    data[at] ^= 1
    sealed.write_bytes(data)
    assert attempt(language, "seal_file", "open", key, sealed, opened).status == 1
    assert not opened.exists()


@each_language
@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1"])
def test_hash_file(language: str, algorithm: str, tmp_path: Path) -> None:
    files = [make_file(tmp_path, size) for size in SIZES]
    assert run(language, "hash_file", algorithm, *files) == tool(f"{algorithm}sum", *files)


@each_language
def test_hash_file_reads_standard_input(language: str) -> None:
    assert run(language, "hash_file", "sha256", text=b"abc") == tool("sha256sum", text=b"abc")


@each_language
def test_hash_file_without_algorithm(language: str) -> None:
    ended = attempt(language, "hash_file", "nosuchhash")
    assert ended.status == 1
    assert "nosuchhash" in ended.errors


@each_language
@pytest.mark.parametrize("size", SIZES)
def test_hmac_file(language: str, size: int, key: Path, tmp_path: Path) -> None:
    source = make_file(tmp_path, size)
    hexkey = f"hexkey:{key.read_bytes().hex()}"
    expected = tool("openssl", "dgst", "-r", "-sha256", "-mac", "HMAC", "-macopt", hexkey, source)
    digest, name = run(language, "hmac_file", "hmac(sha256)", key, source).split()
    assert digest == expected.split()[0]
    assert name.decode() == str(source)


@pytest.fixture(scope="module")
def rsa_keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A key of RSA as PEM, as RSAPrivateKey and as RSAPublicKey."""
    folder = tmp_path_factory.mktemp("rsa")
    pem, private, public = folder / "pem", folder / "private", folder / "public"
    tool("openssl", "genrsa", "-traditional", "-out", pem, "2048")
    tool("openssl", "rsa", "-in", pem, "-traditional", "-outform", "DER", "-out", private)
    tool("openssl", "rsa", "-in", pem, "-RSAPublicKey_out", "-outform", "DER", "-out", public)
    return pem, private, public


@each_language
def test_sign_file(language: str, rsa_keys: tuple[Path, Path, Path], tmp_path: Path) -> None:
    pem, private, public = rsa_keys
    source, signature, judged = make_file(tmp_path, 1000), tmp_path / "sig", tmp_path / "judged"
    run(language, "sign_file", "sign", private, source, signature)
    tool("openssl", "dgst", "-sha256", "-sign", pem, "-out", judged, source)
    assert signature.read_bytes() == judged.read_bytes()
    run(language, "sign_file", "verify", public, source, judged)


@each_language
def test_sign_file_refuses_a_changed_file(
    language: str, rsa_keys: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    _, private, public = rsa_keys
    source, signature = make_file(tmp_path, 1000), tmp_path / "sig"
    run(language, "sign_file", "sign", private, source, signature)
    source.write_bytes(source.read_bytes() + b"x")
    ended = attempt(language, "sign_file", "verify", public, source, signature)
    assert ended.status == 1
    assert "the signature is not that of" in ended.errors


@each_language
def test_derive(language: str, tmp_path: Path) -> None:
    ours, theirs = (ec.derive_private_key(number, ec.SECP256R1()) for number in (1000003, 7 << 250))
    private, peer = tmp_path / "private", tmp_path / "peer"
    private.write_bytes((1000003).to_bytes(32, "big"))
    form = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    # Without the byte that says so.
    peer.write_bytes(theirs.public_key().public_bytes(*form)[1:])
    public = run(language, "derive", "ecdh-nist-p256", private)
    assert public == ours.public_key().public_bytes(*form)[1:]
    secret = run(language, "derive", "ecdh-nist-p256", private, peer)
    assert secret == ours.exchange(ec.ECDH(), theirs.public_key())


@each_language
def test_keyring_hmac(language: str, key: Path, tmp_path: Path) -> None:
    source = make_file(tmp_path, 1000)
    tool("keyctl", "link", "@u", "@s")
    serial = tool("keyctl", "padd", "logon", "app:mac", "@u", text=key.read_bytes()).strip()
    expected = run(language, "hmac_file", "hmac(sha256)", key, source)
    assert run(language, "keyring_hmac", "hmac(sha256)", serial.decode(), source) == expected


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_sign_file_in_python_takes_any_form(form: str, tmp_path: Path) -> None:
    source, signature = make_file(tmp_path, 1000), tmp_path / "sig"
    private, public = tmp_path / "private", tmp_path / "public"
    tool("openssl", "genpkey", "-algorithm", "RSA", "-outform", form, "-out", private)
    tool("openssl", "pkey", "-in", private, "-pubout", "-outform", form, "-out", public)
    run("python", "sign_file", "sign", private, source, signature)
    run("python", "sign_file", "verify", public, source, signature)


def test_resume_hash_in_python(tmp_path: Path) -> None:
    source, state = make_file(tmp_path, 1000), tmp_path / "state"
    for _ in range(3):
        assert run("python", "resume_hash", "sha256", source, state, "300") == b""
        assert state.exists()
    assert run("python", "resume_hash", "sha256", source, state, "300") == tool("sha256sum", source)
    assert not state.exists()
    run("python", "resume_hash", "sha256", source, state, "300")
    changed = bytearray(state.read_bytes())
    changed[-1] ^= 1
    state.write_bytes(changed)
    assert attempt("python", "resume_hash", "sha256", source, state, "300").status == 1


@each_language
@pytest.mark.parametrize("count", [0, 1, 256, 1000])
@pytest.mark.parametrize("name", ["batch_lines", "async_lines"])
def test_lines(language: str, name: str, count: int) -> None:
    lines = [f"line {number}".encode() * (number % 7) for number in range(count)]
    text = b"".join(line + b"\n" for line in lines)
    expected = [hashlib.sha256(line).hexdigest().encode() + b"  " + line for line in lines]
    assert run(language, name, text=text).splitlines() == expected


@each_language
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["noise", "text"])
def test_compress_file(language: str, size: int, kind: str, tmp_path: Path) -> None:
    source, packed = make_file(tmp_path, size), tmp_path / "packed.zst"
    if kind == "text":
        source.write_bytes(b"the same line again\n" * (size // 20))
    run(language, "compress_file", source, packed)
    assert tool("zstd", "-dc", packed) == source.read_bytes()
    if kind == "text" and size > 1000:
        assert packed.stat().st_size < size // 20


@each_language
@pytest.mark.parametrize("count", [0, 1, 16, 100_000])
def test_random_bytes(requires: Callable[[str], None], language: str, count: int) -> None:
    if count > 1000:
        requires("stdrng")  # The other generator would take minutes.
    first, second = (run(language, "random_bytes", str(count)) for _ in range(2))
    assert len(first) == len(second) == count
    assert count < 16 or first != second


def test_script_as_a_process() -> None:
    script = str(SOURCES / "hash_file.py")
    assert tool(sys.executable, script, "sha256", script) == tool("sha256sum", script)


@each_language
def test_info(language: str) -> None:
    info = pycryptodev.driver_info()
    shown = run(language, "info").decode()
    assert f"version {info.version}, ABI {info.abi_version}\n" in shown
    assert f"a request: at most {info.max_request_bytes} bytes" in shown


@each_language
@pytest.mark.parametrize("name", ["cbc(aes)", "gcm(aes)", "sha256", "jitterentropy_rng"])
def test_info_of_an_algorithm(language: str, name: str) -> None:
    found = pycryptodev.query(name)
    shown = run(language, "info", name).decode()
    assert f"{name}: {found.alg_class.name.lower()}, driver {found.driver}, priority" in shown
    assert f"block {found.block_bytes}, iv {found.iv_bytes}, tag {found.tag_max_bytes}" in shown
