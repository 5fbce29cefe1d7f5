# SPDX-License-Identifier: MIT
"""`cryptodev selftest` as a member of the group, on implementations that are right.

Of wrong ones, tests/admin/test_flip.py.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import AlgClass, policy, query
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode
from pycryptodev.cli.selftest import NEEDS_ADMIN, UNKNOWABLE
from pycryptodev.selftest import compression, targets, vectors
from pycryptodev.selftest.layouts import CIPHER_LAYOUTS, HASH_LAYOUTS, OPERAND_LAYOUTS
from pycryptodev.selftest.model import Case, Judge
from tests import offers
from tests.vectors import deviations, drbg

KEY, IV = bytes(range(16)), bytes(range(16, 32))
ENGINE = "virtio_crypto_aes_cbc"

Capture = pytest.CaptureFixture[str]


def selftest(capsys: Capture, *arguments: str, status: int = 0) -> dict[str, Any]:
    """The report of a run that ends with a status."""
    assert main(["selftest", "--json", *arguments]) == status
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return shown


def encrypted(text: bytes) -> bytes:
    """CBC by OpenSSL."""
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(IV)).encryptor()
    return encryptor.update(text) + encryptor.finalize()


def rsp(*texts: bytes, flip: int = -1) -> str:
    """Vectors in CAVP's form, of which one may be wrong in its last bit."""
    entries = []
    for number, text in enumerate(texts):
        cipher = bytearray(encrypted(text))
        if number == flip:
            cipher[-1] ^= 1
        entries.append(
            f"COUNT = {number}\nKEY = {KEY.hex()}\nIV = {IV.hex()}\nPLAINTEXT = {text.hex()}\n"
            f"CIPHERTEXT = {cipher.hex()}\n"
        )
    return "[ENCRYPT]\n\n" + "\n".join(entries)


def deviating(shown: dict[str, Any], *places: Path, limit: int) -> set[tuple[str, str]]:
    """What of the vectors of a run the kernel gets wrong: driver and vector."""
    known = {name for each in deviations.DEVIATIONS for name in each.vectors}
    ran = {
        each.ident
        for file in itertools.chain.from_iterable(map(vectors.files, places))
        if file.name in known
        for each in vectors.read(file, limit=limit)
        if isinstance(each, Case)
    }
    return {
        (each["driver"], vector)
        for each in shown["outcomes"]
        if each["passed"] or each["failed"]
        for vector in deviations.of(each["driver"], offers.running()).keys() & ran
    }


def failed(shown: dict[str, Any]) -> set[tuple[str, str]]:
    """Driver and vector of each failure."""
    return {
        (each["driver"], failure["vector"])
        for each in shown["outcomes"]
        for failure in each["failures"]
    }


@pytest.mark.time_limit(600)
def test_installed_vectors(capsys: Capture) -> None:
    """Every class, every form, each implementation that is registered and allowed."""
    shown = selftest(capsys, "--limit", "1", status=1)
    assert failed(shown) == deviating(shown, *vectors.installed(), limit=1) != set()
    reasons = {reason for each in shown["outcomes"] for reason in each["reasons"]}
    assert reasons <= {targets.NOT_THERE, targets.REFUSED}
    drivers = {
        each["driver"]: each for each in shown["outcomes"] if each["passed"] or each["failed"]
    }
    assert shown["drivers"] == len(drivers) > 30
    classes = {each["alg_class"] for each in drivers.values()}
    assert classes == {each.name.lower() for each in AlgClass} - {"rng"}
    for name in ("cbc(aes)", "gcm(aes)", "rfc7539(chacha20,poly1305)", "sha256", "cmac(aes)", "dh"):
        assert query(name).driver in drivers
    assert drivers[query("deflate", AlgClass.COMP).driver]["judge"] == "zlib"
    assert drivers[query("zstd", AlgClass.COMP).driver]["judge"] == "itself, there and back"
    assert ENGINE in drivers
    assert shown["left_out"][UNKNOWABLE]
    assert sum(each["passed"] for each in drivers.values()) == shown["passed"]


@pytest.mark.time_limit(120)
def test_what_the_kernel_gets_wrong_is_found(
    capsys: Capture, requires: Callable[[str], None]
) -> None:
    """ECDSA in BER is taken; each such vector is named, and no other."""
    names = {offer.name for offer in offers.of(offers.running())}
    requires("x962(ecdsa-nist-p256)" if "x962(ecdsa-nist-p256)" in names else "ecdsa-nist-p256")
    (path,) = (
        each
        for place in vectors.installed()
        for each in place.rglob("ecdsa_secp256r1_sha256_test.json")
    )
    shown = selftest(capsys, "--vectors", str(path), "--limit", "0", status=1)
    assert failed(shown) == deviating(shown, path, limit=0) != set()


@pytest.mark.parametrize("name", ["deflate", "lz4", "lz4hc", "lzo", "lzo-rle", "zstd", "842"])
def test_compression_against_another(
    name: str, capsys: Capture, requires: Callable[[str], None]
) -> None:
    requires(name)
    driver = query(name, AlgClass.COMP).driver
    arguments = ("--driver", driver, "--against", driver, "--count", "8", "--seed", "3")
    shown = selftest(capsys, *arguments)
    (outcome,) = shown["outcomes"]
    assert (outcome["driver"], outcome["judge"], shown["seed"]) == (driver, driver, 3)
    # Eight texts and what is none, in each layout; the texts there and back.
    assert (outcome["passed"], outcome["requests"]) == (9, len(OPERAND_LAYOUTS) * 17)


@pytest.mark.requires("deflate")
def test_a_codec_that_its_judge_finds_wrong(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both directions: a judge that is wrong itself finds everything wrong."""
    right = compression.zlib_judge("deflate")
    assert right is not None

    def flip(text: bytes) -> bytes:
        return text[:-1] + bytes([text[-1] ^ 1])

    liars = {
        "compress": Judge("zlib", lambda text: right.compress(flip(text)), right.expand),
        "decompress": Judge(
            "zlib", right.compress, lambda packed, size: flip(right.expand(packed, size))
        ),
    }
    for op, liar in liars.items():
        monkeypatch.setattr(compression, "zlib_judge", lambda name, liar=liar: liar)
        shown = selftest(capsys, "-a", "deflate", status=1)
        (outcome,) = shown["outcomes"]
        # What nobody compressed is refused, whoever judges.
        assert (outcome["passed"], outcome["failed"]) == (1, compression.COUNT)
        wrong = {each["layout"] for each in outcome["failures"]}
        assert wrong == {f"one run, {'de' if op == 'compress' else ''}compress"}


@pytest.mark.requires("stdrng")
def test_generators_take_an_administrator(capsys: Capture) -> None:
    assert main(["selftest", "--vectors", str(drbg.PATH)]) == ExitCode.ALGORITHM
    captured = capsys.readouterr()
    assert NEEDS_ADMIN in captured.out
    assert "no implementation could be given a vector" in captured.err


def test_every_layout_is_run(capsys: Capture, tmp_path: Path) -> None:
    """A message that no layout leaves out, in both directions."""
    (tmp_path / "CBCMMT128.rsp").write_text(rsp(os.urandom(1024)))
    shown = selftest(capsys, "--vectors", str(tmp_path))
    # Of the chained layout there are two requests.
    requests = 2 * (len(CIPHER_LAYOUTS) + 1)
    assert {each["requests"] for each in shown["outcomes"]} == {requests}
    digest = tmp_path / "SHA256ShortMsg.rsp"
    digest.write_text(
        "Len = 24\nMsg = 616263\n"
        "MD = ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
    )
    shown = selftest(capsys, "--vectors", str(digest))
    steps = sum(len(each.steps) for each in HASH_LAYOUTS)
    assert {each["requests"] for each in shown["outcomes"]} == {steps}


def test_a_wrong_vector_is_named(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "CBCMMT128.rsp"
    path.write_text(rsp(bytes(16), bytes(48), bytes(range(32)), flip=1))
    name = query("cbc(aes)").driver
    shown = selftest(capsys, "--vectors", str(path), "--driver", name, status=ExitCode.MISMATCH)
    (outcome,) = shown["outcomes"]
    assert (outcome["passed"], outcome["failed"]) == (2, 1)
    (failure,) = outcome["failures"]
    assert failure["driver"] == name
    assert failure["vector"] == "CBCMMT128.rsp:9"
    assert failure["layout"] == "in place, encrypt"
    assert failure["got"] == encrypted(bytes(48)).hex()
    assert int(failure["expected"], 16) ^ int(failure["got"], 16) == 1


def test_what_must_be_refused(capsys: Capture, tmp_path: Path) -> None:
    """Of a forged tag nothing but a refusal counts; a good one must not be refused."""
    sealed = AESGCM(KEY).encrypt(IV[:12], b"text", b"assoc")
    test = {
        "key": KEY.hex(),
        "iv": IV[:12].hex(),
        "aad": b"assoc".hex(),
        "msg": b"text".hex(),
        "ct": sealed[:4].hex(),
    }
    good, bad = sealed[4:], bytes(16)
    tests = [
        {"tcId": 1, **test, "tag": good.hex(), "result": "valid"},
        {"tcId": 2, **test, "tag": bad.hex(), "result": "invalid"},
        {"tcId": 3, **test, "tag": good.hex(), "result": "invalid"},
        {"tcId": 4, **test, "tag": bad.hex(), "result": "valid"},
    ]
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"algorithm": "AES-GCM", "testGroups": [{"tests": tests}]}))
    shown = selftest(capsys, "--vectors", str(path), "--driver", query("gcm(aes)").driver, status=1)
    (outcome,) = shown["outcomes"]
    assert outcome["passed"] == 2
    third, fourth = sorted(outcome["failures"], key=lambda each: each["vector"])
    assert (third["vector"], third["expected"], third["got"]) == (
        "mine.json:3",
        "EBADMSG",
        "success",
    )
    assert fourth["vector"] == "mine.json:4"
    assert fourth["got"] == "EBADMSG"


def test_acvp(capsys: Capture, tmp_path: Path) -> None:
    text = bytes(range(48))
    test = {"tcId": 1, "key": KEY.hex(), "iv": IV.hex(), "pt": text.hex()}
    groups = [
        {"tgId": 1, "testType": "AFT", "tests": [{**test, "ct": encrypted(text).hex()}]},
    ]
    path = tmp_path / "internalProjection.json"
    path.write_text(json.dumps({"vsId": 1, "algorithm": "ACVP-AES-CBC", "testGroups": groups}))
    shown = selftest(capsys, "--vectors", str(path), "-a", "cbc(aes)")
    assert shown["passed"] == len(shown["outcomes"]) > 1


def test_the_algorithm_of_a_file_that_does_not_tell(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "mine.rsp"
    path.write_text(rsp(bytes(32)))
    assert main(["selftest", "--vectors", str(path)]) == ExitCode.MISMATCH
    assert "mine.rsp" in capsys.readouterr().err
    assert selftest(capsys, "--vectors", str(path), "-a", "cbc(aes)")["passed"]


def test_a_key_that_a_driver_does_not_take_is_skipped(capsys: Capture, tmp_path: Path) -> None:
    path = tmp_path / "CBCMMT128.rsp"
    path.write_text(rsp(bytes(32)).replace(f"KEY = {KEY.hex()}", f"KEY = {KEY.hex() * 3}"))
    assert main(["selftest", "--vectors", str(path), "--driver", ENGINE]) == ExitCode.ALGORITHM
    captured = capsys.readouterr()
    assert "skipped 1: takes no key of 48 bytes" in captured.out
    assert "no implementation could be given a vector" in captured.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--driver", "no-such-driver"], ExitCode.ALGORITHM, "no-such-driver"),
        (["--driver", "cbc(aes)"], ExitCode.USAGE, "no driver name"),
        (["--driver", "jitterentropy_rng"], ExitCode.ALGORITHM, UNKNOWABLE),
        (["--against", "jitterentropy_rng"], ExitCode.ALGORITHM, "--against compares"),
        (["--driver", ENGINE, "-a", "ctr(aes)"], ExitCode.USAGE, "cbc(aes)"),
        (["-a", "adiantum(xchacha12,aes)"], ExitCode.ALGORITHM, "no vectors for adiantum"),
        (["--against", ENGINE, "--driver", "sha256-generic"], ExitCode.USAGE, "is of sha256"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refused(
    arguments: list[str], code: ExitCode, message: str, capsys: Capture, request: Any
) -> None:
    if "sha256-generic" in arguments:
        arguments = [query("sha256").driver if a == "sha256-generic" else a for a in arguments]
    assert main(["selftest", *arguments]) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "name", ["cbc(aes)", "ctr(aes)", "xts(aes)", "gcm(aes)", "ccm(aes)", "sha256", "hmac(sha256)"]
)
def test_an_implementation_agrees_with_itself(name: str, capsys: Capture) -> None:
    """Random cases, refusals included; every driver name that policy lists can be asked for."""
    driver = query(name).driver
    if driver not in (policy() or ()):
        pytest.fail(f"policy does not list {driver}: choose another name")
    arguments = ("--driver", driver, "--against", driver, "--count", "40")
    first = selftest(capsys, *arguments, "--seed", "3")
    assert (first["failed"], first["skipped"], first["seed"]) == (0, 0, 3)
    assert first["passed"] > 10


def test_the_same_seed_makes_the_same_cases(capsys: Capture) -> None:
    arguments = ("--driver", ENGINE, "--against", query("cbc(aes)").driver, "--count", "8")
    counts = [selftest(capsys, *arguments, "--seed", seed)["requests"] for seed in "115"]
    assert counts[0] == counts[1]
    assert main(["selftest", *arguments]) == 0
    assert "seed " in capsys.readouterr().out


def test_packages_are_installed() -> None:
    assert len(vectors.installed()) == len(vectors.PACKAGES)
