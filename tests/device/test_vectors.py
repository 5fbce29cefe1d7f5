# SPDX-License-Identifier: MIT
"""Published vectors in bulk: every one in every layout on every implementation of its algorithm.

The work is done by the C runner (tests/vectors), in one run of some minutes; each implementation of
each algorithm is one result here. Which there have to be is in tests/offers.txt, and how many
vectors have to have been run in tests/vectors/expected.json.

Environment:
    VECTORS_EVERY=N     run one record in N (at most 64): for kernels on which all take hours
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import offers, operations
from tests.vectors import deviations, pack, packed
from tests.vectors.model import Direction, Expect, Form, Record

RUNNER = pack.OUTPUT / "run"
REPORT = pack.OUTPUT.parent / "out" / "vectors.jsonl"
TIMEOUT_S = 3600

pytestmark = pytest.mark.time_limit(TIMEOUT_S + 60)

# Of so many records one is run.
EVERY = int(os.environ.get("VECTORS_EVERY", "1"))

# Every request waits for the emulated engine.
SLOW = ("virtio_crypto_aes_cbc", max(32, EVERY))

# The runner counts anew in each of its tasks, of so many records.
TASK_RECORDS = 64

# Layouts that every record has; some have one more, in which the IV chains.
LAYOUTS = {"skcipher": 17, "aead": 17, "hash": 15, "akcipher": 3, "sig": 3, "kpp": 3}

EXPECTED = pack.expected()

# Those of random bit generators take CAP_SYS_ADMIN: tests/admin/test_drbg.py.
ALGORITHMS = [name for name, row in EXPECTED["algorithms"].items() if row["class"] != "rng"]

# Implementations that the running kernel has to offer of what there are vectors for.
OFFERED = [
    (offer.name, offer.driver)
    for offer in offers.of(offers.running())
    if offer.driver and offer.name in ALGORITHMS
]

# Algorithms whose names differ between kernels, as this one has them.
NAMES = {offer.name for offer in offers.of(offers.running())}
RSA_SHA256 = "pkcs1(rsa,sha256)" if "pkcs1(rsa,sha256)" in NAMES else "pkcs1pad(rsa,sha256)"

# Failures of one implementation that are shown; the report has more.
SHOWN = 20

Line = dict[str, Any]


def run(report: Path, vectors: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call the runner.

    Args:
        report: where it is to write its report.
        vectors: packed file.
        arguments: its options.
    """
    return subprocess.run(
        [RUNNER, "-r", report, *arguments, vectors],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def read(report: Path, kind: str) -> list[Line]:
    """Lines of one kind of a report."""
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    return [line[kind] for line in lines if kind in line]


@pytest.fixture(scope="module")
def report(pytestconfig: pytest.Config) -> list[Line]:
    """The lines of a run of everything."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\nrunning the published vectors, some minutes", flush=True)
    driver, every = SLOW
    # While a request waits for the engine another worker has something to do.
    workers = (os.cpu_count() or 1) + 1
    wanted = REPORT.with_suffix(".wanted")
    wanted.write_text("".join(f"{name} {driver}\n" for name, driver in OFFERED), "ascii")
    sample = ("-e", str(EVERY), "-s", f"{driver}={every}")
    result = run(REPORT, pack.VECTORS, *sample, "-j", str(workers), "-w", str(wanted))
    assert result.returncode in (0, 1), result.stderr
    lines = [json.loads(line) for line in REPORT.read_text(encoding="utf-8").splitlines()]
    assert bool(result.returncode) == any("failure" in line for line in lines), result.stderr
    return lines


def only(report: list[Line], kind: str) -> list[Line]:
    """The contents of the lines of one kind."""
    return [line[kind] for line in report if kind in line]


def test_runner_is_built() -> None:
    assert RUNNER.exists(), "run make tests-build first"
    assert pack.VECTORS.exists(), "run make tests-build first"


def sampled(records: int, every: int) -> int:
    """How many of an algorithm's records are run."""
    tasks, rest = divmod(records, TASK_RECORDS)
    return tasks * -(-TASK_RECORDS // every) + -(-rest // every)


def check_row(found: Line, report: list[Line]) -> None:
    """All vectors of the algorithm went through this implementation, and failed as is known."""
    algorithm, driver = found["algorithm"], found["driver"]
    failures = {
        line["id"]: line["text"]
        for line in only(report, "failure")
        if (line["algorithm"], line["driver"]) == (algorithm, driver)
    }
    known = deviations.of(driver, offers.running())
    unknown = [
        f"{ident}: {text}"
        for ident, text in failures.items()
        if ident not in known or known[ident] not in text
    ]
    assert not unknown, "\n".join(unknown[:SHOWN])
    assert found["layouts"] >= LAYOUTS[found["class"]]
    assert not found["long_records"], "too long for the layouts"
    expected = EXPECTED["algorithms"][algorithm]
    assert found["every"] == (SLOW[1] if driver == SLOW[0] else EVERY)
    assert found["records"] == sampled(expected["records"], found["every"])
    if found["every"] == 1:
        assert found["cases"] == expected["cases"]
        assert failures.keys() == known.keys(), "an entry of deviations.py does not fail any more"
    assert found["failed_records"] == len(failures)
    assert found["passed"] == found["cases"] - found["failed"]


@pytest.mark.parametrize(("algorithm", "driver"), OFFERED)
def test_implementation(algorithm: str, driver: str, report: list[Line]) -> None:
    """One that the kernel has to offer."""
    rows = [line for line in only(report, "row") if line["driver"] == driver]
    assert [row["algorithm"] for row in rows] == [algorithm]
    check_row(rows[0], report)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_else_implements(algorithm: str, report: list[Line]) -> None:
    """What the kernel has besides, such as those for some processors."""
    rows = [line for line in only(report, "row") if line["algorithm"] == algorithm]
    if not rows:
        pytest.skip(f"this kernel has no {algorithm}")
    for row in rows:
        if (algorithm, row["driver"]) not in OFFERED:
            check_row(row, report)


def test_what_is_absent_does_not_exist(report: list[Line]) -> None:
    """Not that the policy refused it, or that it could not be loaded."""
    assert not [line for line in only(report, "absent") if line["error"] != errno.ENOENT]


def test_fifty_thousand_cases_ran(
    report: list[Line], reader: packed.Reader, record_property: Callable[[str, object], None]
) -> None:
    """All of what the kernel has to offer, less what is known to fail; or their share."""
    best: dict[str, Line] = {}
    for line in only(report, "row"):
        if line["passed"] >= best.get(line["algorithm"], line)["passed"]:
            best[line["algorithm"]] = line
    if EVERY == 1:
        for (alg_class, operation), cases in by_operation(best, report, reader).items():
            record_property(f"vectors {alg_class} {operation}", cases)
    ran = sum(line["passed"] + line["failed"] for line in best.values())
    if EVERY == 1:
        assert ran == sum(EXPECTED["algorithms"][name]["cases"] for name in best)
    assert sum(line["passed"] for line in best.values()) >= 50_000 // EVERY


def by_operation(
    best: dict[str, Line], report: list[Line], reader: packed.Reader
) -> Counter[tuple[str, str]]:
    """How many vectors passed in which each operation of a class was performed."""
    failures = {(line["algorithm"], line["driver"], line["id"]) for line in only(report, "failure")}
    found: Counter[tuple[str, str]] = Counter()
    for name, line in best.items():
        for entry in reader.records(name):
            if (name, line["driver"], entry.ident) not in failures:
                # The second record of a vector is there for its other operation; but of hashes both
                # are the same, and some, as the GHASH in GCM, are not published by themselves.
                second = line["class"] != "hash"
                for operation in operations.of_record(entry.record):
                    found[line["class"], operation] += entry.cases or second
    return found


# --- that the runner notices ------------------------------------------------------------------


def flip(data: bytes) -> bytes:
    """Change one bit."""
    return data[:-1] + bytes([data[-1] ^ 1])


def published(record: Record) -> bool:
    """Whether the record has a published result of one operation on some text."""
    return (record.form, record.expect) == (Form.PLAIN, Expect.SAME) and len(record.plain) >= 16


# Algorithm, which of its records, and how it is corrupted.
CORRUPTIONS: dict[str, tuple[str, Callable[[Record], bool], Callable[[Record], Record]]] = {
    "ciphertext": ("cbc(aes)", published, lambda r: replace(r, cipher=flip(r.cipher))),
    "IV": ("ctr(aes)", published, lambda r: replace(r, iv=flip(r.iv))),
    "chain of blocks": (
        "cbc(aes)",
        lambda r: r.form is Form.ROUND_OF_CIPHER and Direction.ENCRYPT in r.directions,
        lambda r: replace(r, cipher=flip(r.cipher)),
    ),
    "sealed text": ("gcm(aes)", published, lambda r: replace(r, plain=flip(r.plain))),
    "associated data": (
        "gcm(aes)",
        lambda r: published(r) and bool(r.assoc),
        lambda r: replace(r, assoc=flip(r.assoc)),
    ),
    "tag": ("ccm(aes)", published, lambda r: replace(r, tag=flip(r.tag))),
    "digest": ("hmac(sha256)", published, lambda r: replace(r, tag=flip(r.tag))),
    "chain of digests": (
        "sha256",
        lambda r: r.form is Form.ROUND_OF_THREE,
        lambda r: replace(r, tag=flip(r.tag)),
    ),
    "forged tag, taken for the right one": (
        "gcm(aes)",
        lambda r: r.expect is Expect.REFUSED,
        lambda r: replace(r, expect=Expect.SAME),
    ),
    "right tag, taken for a forged one": (
        "gcm(aes)",
        published,
        lambda r: replace(r, expect=Expect.REFUSED, error=errno.EBADMSG),
    ),
    "forged MAC, taken for the right one": (
        "cmac(aes)",
        lambda r: r.expect is Expect.DIFFERENT,
        lambda r: replace(r, expect=Expect.SAME),
    ),
    "right MAC, taken for a forged one": (
        "cmac(aes)",
        published,
        lambda r: replace(r, expect=Expect.DIFFERENT),
    ),
    "impossible tag length, taken for a possible one": (
        "ccm(aes)",
        lambda r: r.expect is Expect.NOT_CONFIGURED,
        lambda r: replace(r, expect=Expect.REFUSED),
    ),
    "possible tag length, taken for an impossible one": (
        "ccm(aes)",
        published,
        lambda r: replace(r, expect=Expect.NOT_CONFIGURED, error=errno.EINVAL),
    ),
    "decrypted message": (
        "pkcs1pad(rsa)",
        published,
        lambda r: replace(r, plain=flip(r.plain)),
    ),
    "wrong padding, taken for right": (
        "pkcs1pad(rsa)",
        lambda r: r.expect is Expect.REFUSED and r.error == errno.EBADMSG,
        lambda r: replace(r, expect=Expect.SAME, error=0),
    ),
    "bare encryption": (
        "rsa",
        lambda r: published(r) and Direction.ENCRYPT in r.directions,
        lambda r: replace(r, cipher=flip(r.cipher)),
    ),
    "signature that is made": (
        RSA_SHA256,
        lambda r: published(r) and r.private,
        lambda r: replace(r, tag=flip(r.tag), directions=Direction.SIGN),
    ),
    "signature that is verified": (
        RSA_SHA256,
        lambda r: published(r) and not r.private,
        lambda r: replace(r, tag=flip(r.tag)),
    ),
    "forged signature, taken for the right one": (
        RSA_SHA256,
        lambda r: r.expect is Expect.REFUSED,
        lambda r: replace(r, expect=Expect.SAME, error=0),
    ),
    "right signature, taken for a forged one": (
        RSA_SHA256,
        lambda r: published(r) and not r.private,
        lambda r: replace(r, expect=Expect.REFUSED, error=errno.EKEYREJECTED),
    ),
    "refused key, taken for a possible one": (
        RSA_SHA256,
        lambda r: r.expect is Expect.NOT_CONFIGURED,
        lambda r: replace(r, expect=Expect.CONFIGURED, error=0),
    ),
    "shared secret": (
        "ecdh-nist-p256",
        lambda r: published(r) and bool(r.cipher),
        lambda r: replace(r, cipher=flip(r.cipher), tag=b""),
    ),
    "public key": (
        "ecdh-nist-p256",
        lambda r: bool(r.tag) and r.expect is Expect.SAME,
        lambda r: replace(r, tag=flip(r.tag), directions=Direction.PUBLIC_KEY),
    ),
    "forged secret, taken for the right one": (
        "ecdh-nist-p256",
        lambda r: r.expect is Expect.DIFFERENT and bool(r.cipher),
        lambda r: replace(r, expect=Expect.SAME),
    ),
    "right secret, taken for a forged one": (
        "ecdh-nist-p256",
        lambda r: published(r) and bool(r.cipher),
        lambda r: replace(r, expect=Expect.DIFFERENT, tag=b"", directions=Direction.SHARED_SECRET),
    ),
    "point off the curve, taken for one on it": (
        "ecdh-nist-p256",
        lambda r: r.expect is Expect.REFUSED,
        lambda r: replace(r, expect=Expect.SAME, error=0),
    ),
    "secret of another group": (
        "dh",
        published,
        lambda r: replace(r, cipher=flip(r.cipher)),
    ),
}


@pytest.fixture(scope="module")
def reader() -> packed.Reader:
    """The packed vectors."""
    return packed.Reader(pack.VECTORS.read_bytes())


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_wrong_vector_is_noticed(corruption: str, reader: packed.Reader, tmp_path: Path) -> None:
    """A vector that is not the published one fails, and the same one unchanged does not."""
    name, chosen, corrupt = CORRUPTIONS[corruption]
    right = next(entry for entry in reader.records(name) if chosen(entry.record))
    report, vectors = tmp_path / "report.jsonl", tmp_path / "vectors.bin"

    packed.write(vectors, [right])
    result = run(report, vectors)
    assert (result.returncode, read(report, "failure")) == (0, []), result.stderr

    packed.write(vectors, [replace(right, record=corrupt(right.record))])
    result = run(report, vectors)
    assert result.returncode == 1, result.stderr
    # Every implementation is judged, and each judgement names the vector.
    rows = {(row["algorithm"], row["driver"], right.ident) for row in read(report, "row")}
    failures = {(line["algorithm"], line["driver"], line["id"]) for line in read(report, "failure")}
    assert failures == rows != set()
