# SPDX-License-Identifier: MIT
"""The command on the real device, against openssl, coreutils and OpenSSL's library."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pycryptodev import driver_info, query
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode

KEY = bytes(range(32))
IV = bytes(range(100, 116))
# More than a piece of the stream and more than a chunk of the container, and no whole blocks.
TEXT = os.urandom(140_001)

Capture = pytest.CaptureFixture[bytes]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a key of 32 bytes and a text; the key is in the environment too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KEY", KEY.hex())
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "text").write_bytes(TEXT)
    return tmp_path


def names(directory: Path) -> list[str]:
    """What the test left besides the key and the text."""
    return sorted({path.name for path in directory.iterdir()} - {"key", "text"})


def start(*arguments: str, stdin: int | None = None, stdout: int | None = None) -> int:
    """Run the command in a child of this process, which need not start Python anew; its pid."""
    child = os.fork()
    if child:
        return child
    status = 99
    try:
        if stdin is not None:
            os.dup2(stdin, 0)
        if stdout is not None:
            os.dup2(stdout, 1)
        os.closerange(3, 256)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        status = main(arguments)
    finally:
        os._exit(status)


def wait(child: int) -> int:
    """The exit status of a child."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def pipe() -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A pipe: the end to read from and the end to write to."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        yield source, sink


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    """Run the openssl command."""
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True)
    return done.stdout


# enc and dec: the container


@pytest.mark.parametrize("size", [0, 65536, len(TEXT)])
def test_file_to_file(here: Path, size: int) -> None:
    (here / "text").write_bytes(TEXT[:size])
    assert main(["enc", "--key-file", "key", "text", "-o", "sealed"]) == 0
    assert (here / "sealed").read_bytes()[:8] == b"\x89DCRYPT\n"
    assert main(["dec", "--key-file", "key", "sealed", "-o", "opened"]) == 0
    assert (here / "opened").read_bytes() == TEXT[:size]
    assert names(here) == ["opened", "sealed"]


def test_pipe_of_the_installed_command(here: Path) -> None:
    pipeline = "cat text | cryptodev enc --key-file key | cryptodev dec --key-env KEY | cmp - text"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", pipeline], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_more_than_the_driver_takes_at_once(here: Path) -> None:
    size = driver_info().max_request_bytes + 12345
    with (here / "text").open("wb") as file:
        file.truncate(size - 5)
        file.seek(0, os.SEEK_END)
        file.write(b"ended")
    with pipe() as (sealed, seal), pipe() as (source, sink), (here / "text").open("rb") as text:
        children = [
            start("enc", "--key-file", "key", stdin=text.fileno(), stdout=seal.fileno()),
            start("dec", "--key-file", "key", stdin=sealed.fileno(), stdout=sink.fileno()),
        ]
        seal.close()
        sink.close()
        taken = 0
        while piece := source.read(1 << 20):
            assert piece == os.pread(text.fileno(), len(piece), taken)
            taken += len(piece)
    assert taken == size
    assert [wait(child) for child in children] == [0, 0]


def test_key_from_a_descriptor(here: Path) -> None:
    assert main(["enc", "--key-env", "KEY", "text", "-o", "sealed"]) == 0
    with (here / "key").open("rb") as key:
        arguments = ["dec", "--key-fd", str(key.fileno()), "sealed", "-o", "opened"]
        assert main(arguments) == 0
    assert (here / "opened").read_bytes() == TEXT


def test_wrong_key(here: Path, capfdbinary: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["enc", "--key-file", "key", "text", "-o", "sealed"]) == 0
    monkeypatch.setenv("KEY", bytes(32).hex())
    assert main(["dec", "--key-env", "KEY", "sealed", "-o", "opened"]) == ExitCode.MISMATCH
    assert b"the key is wrong" in capfdbinary.readouterr().err
    assert names(here) == ["sealed"]


@pytest.mark.parametrize("keep", [-1, 88 + 65536 + 16, 88, 3])
def test_truncated(here: Path, keep: int) -> None:
    assert main(["enc", "--key-file", "key", "text", "-o", "sealed"]) == 0
    sealed = (here / "sealed").read_bytes()
    (here / "sealed").write_bytes(sealed[:keep])
    assert main(["dec", "--key-file", "key", "sealed", "-o", "opened"]) == ExitCode.MISMATCH
    assert names(here) == ["sealed"]


def test_damage_keeps_what_was_there(here: Path) -> None:
    assert main(["enc", "--key-file", "key", "text", "-o", "sealed"]) == 0
    sealed = bytearray((here / "sealed").read_bytes())
    sealed[-20] ^= 1
    (here / "sealed").write_bytes(sealed)
    assert main(["dec", "--key-file", "key", "sealed", "-fo", "text"]) == ExitCode.MISMATCH
    assert (here / "text").read_bytes() == TEXT


def test_only_verified_chunks_reach_a_pipe(here: Path) -> None:
    assert main(["enc", "--key-file", "key", "text", "-o", "sealed"]) == 0
    sealed = bytearray((here / "sealed").read_bytes())
    sealed[88 + 65552 + 7] ^= 1
    (here / "sealed").write_bytes(sealed)
    with pipe() as (source, sink):
        child = start("dec", "--key-file", "key", "sealed", stdout=sink.fileno())
        sink.close()
        assert source.read() == TEXT[:65536]
    assert wait(child) == ExitCode.MISMATCH


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, ExitCode.TERMINATED), (signal.SIGINT, ExitCode.INTERRUPTED)],
)
def test_signal_in_the_middle(here: Path, number: int, code: ExitCode) -> None:
    with pipe() as (source, sink):
        child = start("enc", "--key-file", "key", "-o", "sealed", stdin=source.fileno())
        sink.write(TEXT)
        sink.flush()
        deadline = time.monotonic() + 30
        while not any(path.stat().st_size for path in here.glob(".cryptodev-*")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(child, number)
        assert wait(child) == code
    assert names(here) == []


def test_reader_that_went_away(here: Path) -> None:
    with pipe() as (source, sink):
        child = start("enc", "--key-file", "key", "text", stdout=sink.fileno())
        sink.close()
        source.read(1)
        source.close()
        assert wait(child) == ExitCode.BROKEN_PIPE


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["enc", "-a", "cbc(aes)"], ExitCode.ALGORITHM, b"containers use gcm(aes)"),
        (["enc", "-a", "nonsense(aes)"], ExitCode.ALGORITHM, b"nonsense(aes)"),
        (["enc", "-a", "cryptd(gcm(aes))"], ExitCode.ALGORITHM, b"policy"),
        (["enc", "--raw", "-a", "gcm(aes)"], ExitCode.ALGORITHM, b"without authentication"),
        (["enc", "--raw", "-a", "cbc(aes)"], ExitCode.USAGE, b"an IV of 16 bytes, not 0"),
        (["enc", "--raw", "-a", "ecb(aes)", "--iv", "00"], ExitCode.USAGE, b"of 0 bytes, not 1"),
        (["enc", "--raw", "-a", "xts(aes)", "--iv", "00"], ExitCode.USAGE, b"of 16 bytes, not 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refused(
    here: Path, capfdbinary: Capture, arguments: list[str], code: ExitCode, message: bytes
) -> None:
    assert main([*arguments, "--key-file", "key", "text", "-o", "sealed"]) == code
    captured = capfdbinary.readouterr().err
    assert message in captured
    assert captured.startswith(b"cryptodev: ")
    assert names(here) == []


@pytest.mark.parametrize("mode", [[], ["--raw", "-a", "cbc(aes)", "--iv", IV.hex()]])
def test_key_of_wrong_length(here: Path, capfdbinary: Capture, mode: list[str]) -> None:
    (here / "key").write_bytes(KEY + b"\n")
    assert main(["enc", *mode, "--key-file", "key", "text", "-o", "sealed"]) == ExitCode.USAGE
    assert b"a key of 16 or 24 or 32 bytes, not 33" in capfdbinary.readouterr().err


# enc and dec: --raw


@pytest.mark.parametrize(
    ("name", "options", "cipher", "key_bytes", "size"),
    [
        ("cbc(aes)", [], "aes-128-cbc", 16, len(TEXT)),
        ("cbc(aes)", [], "aes-256-cbc", 32, 0),
        ("cbc(aes)", [], "aes-256-cbc", 32, 65536),
        ("cbc(aes)", ["--nopad"], "aes-256-cbc", 32, 65536 + 16),
        ("ctr(aes)", [], "aes-192-ctr", 24, len(TEXT)),
        ("ecb(aes)", [], "aes-256-ecb", 32, len(TEXT)),
        ("chacha20", [], "chacha20", 32, len(TEXT)),
    ],
)
def test_raw_is_what_openssl_has(
    requires: Callable[[str], None],
    here: Path,
    name: str,
    options: list[str],
    cipher: str,
    key_bytes: int,
    size: int,
) -> None:
    requires(name)
    text = TEXT[:size]
    (here / "text").write_bytes(text)
    key = KEY[:key_bytes]
    (here / "key").write_bytes(key)
    ours = ["--raw", "-a", name, "--key-file", "key", *options]
    theirs = ["enc", f"-{cipher}", "-K", key.hex(), *(["-nopad"] if options else [])]
    if query(name).iv_bytes:
        ours += ["--iv", IV.hex()]
        theirs += ["-iv", IV.hex()]
    assert main(["enc", *ours, "text", "-o", "sealed"]) == 0
    expected = openssl(*theirs, stdin=text)
    assert (here / "sealed").read_bytes() == expected
    assert openssl(*theirs, "-d", stdin=expected) == text
    assert main(["dec", *ours, "sealed", "-o", "opened"]) == 0
    assert (here / "opened").read_bytes() == text


def test_raw_from_and_to_pipes(here: Path) -> None:
    raw = ["--raw", "-a", "cbc(aes)", "--iv", IV.hex(), "--key-file", "key"]
    with pipe() as (source, sink), (here / "text").open("rb") as text, pipe() as (out, into):
        children = [
            start("enc", *raw, stdin=text.fileno(), stdout=sink.fileno()),
            start("dec", *raw, stdin=source.fileno(), stdout=into.fileno()),
        ]
        sink.close()
        into.close()
        assert out.read() == TEXT
    assert [wait(child) for child in children] == [0, 0]


def test_raw_xts(here: Path) -> None:
    raw = ["--raw", "-a", "xts(aes)", "--iv", IV.hex(), "--key-file", "key"]
    assert main(["enc", *raw, "text", "-o", "sealed"]) == 0
    encryptor = Cipher(algorithms.AES(KEY), modes.XTS(IV)).encryptor()
    assert (here / "sealed").read_bytes() == encryptor.update(TEXT) + encryptor.finalize()
    assert main(["dec", *raw, "sealed", "-o", "opened"]) == 0
    assert (here / "opened").read_bytes() == TEXT


def test_raw_xts_has_an_end(here: Path, capfdbinary: Capture) -> None:
    limit = driver_info().max_request_bytes
    with (here / "text").open("wb") as file:
        file.truncate(limit + 1)
    raw = ["--raw", "-a", "xts(aes)", "--iv", IV.hex(), "--key-file", "key"]
    assert main(["enc", *raw, "text", "-o", "sealed"]) == ExitCode.ALGORITHM
    assert b"at most %d bytes" % limit in capfdbinary.readouterr().err
    assert names(here) == []


@pytest.mark.parametrize(
    ("text", "options"),
    [(b"", []), (bytes(15), []), (bytes(17), []), (bytes(16), []), (bytes(17), ["--nopad"])],
)
def test_raw_data_that_cannot_be_right(here: Path, text: bytes, options: list[str]) -> None:
    """Lengths, and a block whose padding is wrong with this key."""
    (here / "text").write_bytes(text)
    raw = ["--raw", "-a", "cbc(aes)", "--iv", IV.hex(), "--key-file", "key", *options]
    assert main(["dec", *raw, "text", "-o", "opened"]) == ExitCode.MISMATCH
    assert names(here) == []


# hash


def test_hash_prints_what_sha256sum_prints(here: Path, capfdbinary: Capture) -> None:
    for name in ("with space", "new\nline", "back\\slash", "return\r", "\udcff"):
        (here / name).write_bytes(os.fsencode(name))
    files = ["text", "missing", *names(here)]
    for options in ([], ["--tag"], ["-z"]):
        theirs = subprocess.run(["sha256sum", *options, *files], capture_output=True)
        assert main(["hash", *options, *files]) == ExitCode.IO
        captured = capfdbinary.readouterr()
        assert captured.out == theirs.stdout
        assert captured.err == b"cryptodev: missing: No such file or directory\n"


@pytest.mark.parametrize("name", ["md5", "sha512"])
def test_other_hashes(requires: Callable[[str], None], capfdbinary: Capture, name: str) -> None:
    requires(name)
    assert main(["hash", "-a", name, "text"]) == 0
    theirs = subprocess.run([f"{name}sum", "text"], capture_output=True)
    assert capfdbinary.readouterr().out == theirs.stdout


@pytest.mark.parametrize("files", [[], ["-"]])
def test_hash_of_standard_input(files: list[str], here: Path, capfdbinary: Capture) -> None:
    with (here / "text").open("rb") as text:
        assert wait(start("hash", *files, stdin=text.fileno())) == 0
    theirs = subprocess.run(["sha256sum"], input=TEXT, capture_output=True)
    assert capfdbinary.readouterr().out == theirs.stdout


def test_keyed_hash(capfdbinary: Capture) -> None:
    assert main(["hash", "-a", "hmac(sha256)", "--key-file", "key", "text"]) == 0
    digest = hmac.digest(KEY, TEXT, "sha256").hex()
    assert capfdbinary.readouterr().out == f"{digest}  text\n".encode()


@pytest.mark.parametrize(
    "arguments",
    [["-a", "hmac(sha256)"], ["--key-file", "key"], ["-a", "cmac(aes)", "--key-file", "text"]],
)
def test_keys_that_do_not_fit_the_hash(
    here: Path, capfdbinary: Capture, arguments: list[str]
) -> None:
    (here / "text").write_bytes(bytes(5))
    assert main(["hash", *arguments, "text"]) == ExitCode.USAGE
    captured = capfdbinary.readouterr()
    assert captured.out == b""
    assert b"key" in captured.err


def test_check(here: Path, capfdbinary: Capture) -> None:
    assert main(["hash", "key", "text"]) == 0
    (here / "sums").write_bytes(capfdbinary.readouterr().out)
    assert main(["hash", "-c", "sums"]) == 0
    assert capfdbinary.readouterr().out == b"key: OK\ntext: OK\n"
    (here / "text").write_bytes(TEXT[:-1])
    assert main(["hash", "-c", "--quiet", "sums"]) == ExitCode.MISMATCH
    captured = capfdbinary.readouterr()
    assert captured.out == b"text: FAILED\n"
    assert captured.err == b"cryptodev: WARNING: 1 computed checksum did NOT match\n"


def test_sha256sum_checks_ours_and_we_its(here: Path, capfdbinary: Capture) -> None:
    assert main(["hash", "--tag", "key", "text"]) == 0
    ours = capfdbinary.readouterr().out
    subprocess.run(["sha256sum", "--strict", "-c"], input=ours, check=True)
    with (here / "sums").open("wb") as sums:
        subprocess.run(["sha256sum", "key", "text"], stdout=sums, check=True)
    assert main(["hash", "--strict", "-c", "sums"]) == 0


# rand


def test_rand(here: Path, capfdbinary: Capture) -> None:
    assert main(["rand", "8000", "-o", "many"]) == 0
    assert main(["rand", "8", "-o", "few"]) == 0
    many, few = (here / "many").read_bytes(), (here / "few").read_bytes()
    assert (len(many), len(few)) == (8000, 8)
    assert len({many[i : i + 8] for i in range(0, 8000, 8)} | {few}) == 8000 // 8 + 1
    assert main(["rand", "0"]) == 0
    assert capfdbinary.readouterr().out == b""


def test_rand_in_letters(capfdbinary: Capture) -> None:
    assert main(["rand", "100", "--hex", "-a", "jitterentropy_rng"]) == 0
    text = capfdbinary.readouterr().out
    assert text.endswith(b"\n")
    assert len(bytes.fromhex(text.decode())) == 100
    assert main(["rand", "100", "--base64"]) == 0
    text = capfdbinary.readouterr().out
    assert [len(line) for line in text.splitlines()] == [64, 64, 8]
    assert len(base64.b64decode(text)) == 100


def test_rand_of_no_generator(capfdbinary: Capture) -> None:
    assert main(["rand", "8", "-a", "sha256"]) == ExitCode.ALGORITHM
    assert b"sha256" in capfdbinary.readouterr().err


# list and info


def test_info(capfdbinary: Capture) -> None:
    assert main(["info", "cbc(aes)", "--json"]) == 0
    shown = json.loads(capfdbinary.readouterr().out)
    known = query("cbc(aes)")
    assert shown["algorithm"]["driver"] == known.driver
    assert shown["algorithm"]["alg_class"] == "skcipher"
    assert shown["algorithm"]["iv_bytes"] == 16
    assert shown["device"]["max_batch"] == driver_info().max_batch
    assert "hash" in shown["device"]["classes"]
    assert main(["info", "-a", known.driver]) == 0
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert ["name", "cbc(aes)"] in [line.split() for line in lines]
    assert main(["info", "cryptd(cbc(aes))"]) == ExitCode.ALGORITHM


def test_list_knows_the_policy(capfdbinary: Capture) -> None:
    assert main(["list", "--json", "--class", "skcipher"]) == 0
    listed = json.loads(capfdbinary.readouterr().out)
    allowed = {each["name"]: each["allowed"] for each in listed if not each["internal"]}
    assert allowed["cbc(aes)"] is True
    assert main(["list", "--json", "--allowed"]) == 0
    listed = json.loads(capfdbinary.readouterr().out)
    assert listed
    assert all(each["allowed"] for each in listed)


# compress and decompress


@pytest.mark.requires("zstd")
def test_compress_for_zstd_and_back(here: Path) -> None:
    text = b"a line of text\n" * 20_000
    (here / "text").write_bytes(text)
    assert main(["compress", "text", "-o", "packed"]) == 0
    done = subprocess.run(["zstd", "-dcq", "packed"], capture_output=True, check=True)
    assert done.stdout == text
    assert main(["decompress", "packed", "-o", "opened"]) == 0
    assert (here / "opened").read_bytes() == text
    assert (here / "packed").stat().st_size < len(text) / 10


@pytest.mark.requires("deflate")
def test_compress_in_a_pipe(here: Path) -> None:
    pipeline = "cryptodev compress -a deflate < text | gzip -dc | cmp - text"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", pipeline], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.requires("zstd")
def test_decompress_what_is_damaged(here: Path, capfdbinary: Capture) -> None:
    assert main(["compress", "text", "-o", "packed"]) == 0
    damaged = bytearray((here / "packed").read_bytes())
    damaged[70_000] ^= 1
    (here / "packed").write_bytes(damaged)
    assert main(["decompress", "packed", "-o", "opened"]) == ExitCode.MISMATCH
    assert b"frame 1 of the zstd file is damaged" in capfdbinary.readouterr().err
    assert names(here) == ["packed"]


@pytest.mark.requires("deflate")
def test_decompress_what_is_too_large(here: Path, capfdbinary: Capture) -> None:
    subprocess.run(["gzip", "-k", "text"], check=True)
    assert main(["decompress", "text.gz"]) == ExitCode.ALGORITHM
    captured = capfdbinary.readouterr()
    assert captured.out == b""
    assert b"131072 bytes" in captured.err
    assert b"cryptodev: try: gzip -d\n" in captured.err


def test_decompress_what_is_not_compressed(here: Path, capfdbinary: Capture) -> None:
    assert main(["decompress", "key"]) == ExitCode.MISMATCH
    assert b"not a file of gzip" in capfdbinary.readouterr().err


def test_compress_with_what_does_not(here: Path) -> None:
    assert main(["compress", "-a", "sha256", "text", "-o", "packed"]) == ExitCode.ALGORITHM
    assert names(here) == []


# sign and verify


@pytest.fixture
def rsa_keys(here: Path) -> None:
    """private.pem and public.pem, by openssl."""
    openssl("genpkey", "-algorithm", "RSA", "-out", "private.pem")
    openssl("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem")


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_sign_for_openssl(rsa_keys: None, here: Path, digest: str) -> None:
    assert main(["sign", "--key-file", "private.pem", "--hash", digest, "text", "-o", "ours"]) == 0
    assert b"Verified OK" in openssl(
        "dgst", f"-{digest}", "-verify", "public.pem", "-signature", "ours", "text"
    )
    openssl("dgst", f"-{digest}", "-sign", "private.pem", "-out", "theirs", "text")
    assert (here / "ours").read_bytes() == (here / "theirs").read_bytes()


def test_verify_what_openssl_signed(rsa_keys: None, here: Path, capfdbinary: Capture) -> None:
    openssl("dgst", "-sha256", "-sign", "private.pem", "-out", "signature", "text")
    verify = ["verify", "--signature", "signature", "--key-file", "public.pem"]
    assert main([*verify, "text"]) == ExitCode.OK
    assert capfdbinary.readouterr() == (b"", b"")
    assert main([*verify, "key"]) == ExitCode.MISMATCH
    assert b"the signature does not verify" in capfdbinary.readouterr().err


@pytest.mark.parametrize("size", [0, 255, 16384, 16385, 65536, 65537])
def test_verify_what_is_no_signature(
    rsa_keys: None, here: Path, capfdbinary: Capture, size: int
) -> None:
    (here / "signature").write_bytes(bytes(size))
    verify = ["verify", "--signature", "signature", "--key-file", "public.pem"]
    assert main([*verify, "text"]) == ExitCode.MISMATCH
    assert b"the signature does not verify" in capfdbinary.readouterr().err


def test_sign_with_what_cannot(rsa_keys: None, here: Path, capfdbinary: Capture) -> None:
    assert main(["sign", "--key-file", "public.pem", "text"]) == ExitCode.USAGE
    assert b"public.pem: neither PEM nor DER of a private key" in capfdbinary.readouterr().err
    assert main(["sign", "--key-file", "key", "text"]) == ExitCode.USAGE
    assert main(["sign", "--key-file", "none.pem", "text"]) == ExitCode.IO


# derive


def make_ec_key(name: str) -> None:
    curve = ["-pkeyopt", "ec_paramgen_curve:P-256"]
    openssl("genpkey", "-algorithm", "EC", *curve, "-out", f"{name}.pem")
    openssl("pkey", "-in", f"{name}.pem", "-pubout", "-out", f"{name}.pub")


@pytest.mark.requires("ecdh-nist-p256")
def test_derive_as_openssl_does(here: Path) -> None:
    for name in ("own", "other"):
        make_ec_key(name)
    assert main(["derive", "--key-file", "own.pem", "--peer", "other.pub", "-o", "secret"]) == 0
    secret = openssl("pkeyutl", "-derive", "-inkey", "other.pem", "-peerkey", "own.pub")
    assert (here / "secret").read_bytes() == secret


@pytest.mark.requires("ecdh-nist-p256")
def test_derive_with_a_key_of_the_kernels(here: Path) -> None:
    make_ec_key("other")
    derive = ["derive", "--generate", "--public-key", "own.pub", "--peer", "other.pub"]
    assert main([*derive, "-o", "secret"]) == 0
    secret = openssl("pkeyutl", "-derive", "-inkey", "other.pem", "-peerkey", "own.pub")
    assert (here / "secret").read_bytes() == secret


@pytest.mark.requires("ecdh-nist-p256")
def test_derive_with_bare_keys(here: Path) -> None:
    derive = ["derive", "-a", "ecdh-nist-p256"]
    (here / "peer").write_bytes(bytes(64))
    assert main([*derive, "--key-file", "key", "--peer", "peer", "-o", "s"]) == ExitCode.USAGE
    make_ec_key("other")
    key = openssl("pkey", "-in", "other.pem", "-pubout", "-outform", "DER")
    (here / "peer").write_bytes(key[-64:])
    public = ["--public-key", "public"]
    assert main([*derive, "--key-file", "key", "--peer", "peer", *public, "-o", "secret"]) == 0
    assert len((here / "public").read_bytes()) == 64
    assert len((here / "secret").read_bytes()) == 32


@pytest.mark.requires("ecdh-nist-p256")
def test_derive_from_keys_of_two_kinds(here: Path, capfdbinary: Capture) -> None:
    make_ec_key("own")
    openssl("genpkey", "-algorithm", "X25519", "-out", "other.pem")
    assert main(["derive", "--key-file", "own.pem", "--peer", "other.pem"]) == ExitCode.USAGE
    assert b"not of the group of the private key" in capfdbinary.readouterr().err
