# SPDX-License-Identifier: MIT
"""The published vectors of random bit generators, which take the entropy of the test."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pycryptodev import AlgClass
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode
from tests import offers, operations
from tests.vectors import drbg, pack, packed
from tests.vectors.model import Record

EXPECTED = {
    name: row for name, row in pack.expected()["algorithms"].items() if row["class"] == "rng"
}
OFFERED = {offer.driver for offer in offers.of(offers.running())}


def run(vectors: Path, report: Path) -> tuple[int, list[dict[str, object]]]:
    """Call the runner.

    Returns:
        its status and the rows of its report.
    """
    result = subprocess.run(
        [pack.OUTPUT / "run", "-r", report, vectors],
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )
    lines = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    return result.returncode, [line["row"] for line in lines if "row" in line]


pytestmark = pytest.mark.skipif(not OFFERED & EXPECTED.keys(), reason="this kernel has no DRBG")


def test_published_vectors(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    status, rows = run(pack.ROOT_VECTORS, tmp_path / "report.jsonl")
    assert status == 0
    ran = {row["driver"]: (row["passed"], row["layouts"]) for row in rows}
    for operation in operations.OPERATIONS[AlgClass.RNG]:
        cases = sum(EXPECTED[str(name)]["cases"] for name in ran)
        record_property(f"vectors rng {operation}", cases)
    wanted = {name: (EXPECTED[name]["cases"], 3) for name in OFFERED & EXPECTED.keys()}
    assert ran == wanted


def flip(data: bytes) -> bytes:
    """Change one bit."""
    return data[:-1] + bytes([data[-1] ^ 1])


CORRUPTIONS: dict[str, Callable[[Record], Record]] = {
    "entropy": lambda r: replace(r, key=flip(r.key)),
    "personalisation string": lambda r: replace(r, iv=flip(r.iv)),
    "additional input": lambda r: replace(r, assoc=flip(r.assoc)),
    "later entropy": lambda r: replace(r, cipher=flip(r.cipher)),
    "output": lambda r: replace(r, tag=flip(r.tag)),
}


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_wrong_vector_is_noticed(corruption: str, tmp_path: Path) -> None:
    reader = packed.Reader(pack.ROOT_VECTORS.read_bytes())
    entries = reader.records("drbg_pr_hmac_sha256")
    right = next(entry for entry in entries if entry.record.iv and entry.record.assoc)
    wrong = replace(right, record=CORRUPTIONS[corruption](right.record))
    packed.write(tmp_path / "wrong.bin", [wrong])
    status, rows = run(tmp_path / "wrong.bin", tmp_path / "report.jsonl")
    assert (status, [row["failed"] for row in rows]) == (1, [1])


def test_selftest_runs_the_published_vectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In all layouts, and a wrong one is named."""
    assert main(["selftest", "--json", "--limit", "0", "--vectors", str(drbg.PATH)]) == 0
    outcomes = json.loads(capsys.readouterr().out)["outcomes"]
    ran = {each["driver"]: each["passed"] for each in outcomes if each["passed"]}
    assert ran == {name: EXPECTED[name]["cases"] for name in OFFERED & EXPECTED.keys()}
    path = tmp_path / drbg.PATH.name
    text = drbg.PATH.read_text(encoding="ascii")
    path.write_text(text.replace("ReturnedBits = 527b", "ReturnedBits = 527a"), encoding="ascii")
    driver = "drbg_pr_sha256"
    arguments = ["--json", "--limit", "0", "--vectors", str(path), "--driver", driver]
    assert main(["selftest", *arguments]) == ExitCode.MISMATCH
    (outcome,) = json.loads(capsys.readouterr().out)["outcomes"]
    assert (outcome["driver"], outcome["failed"]) == (driver, 1)
    assert outcome["failures"][0]["vector"] == "drbg.rsp:11"
