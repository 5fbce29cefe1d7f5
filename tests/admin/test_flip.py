# SPDX-License-Identifier: MIT
"""`cryptodev selftest` on implementations that flip a bit now and then."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pycryptodev import CryptoDevice, algorithms
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode
from tests.admin import driver

MODULE = "devcrypto_flip"
EVERY = Path(f"/sys/module/{MODULE}/parameters/every")
HASH = "sha256-devcrypto-flip"
CIPHER = "cbc-aes-devcrypto-flip"

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def flip() -> Iterator[Callable[[int], None]]:
    """The module, and what sets how often it is wrong."""
    driver.command("modprobe", MODULE)

    def set_every(count: int) -> None:
        EVERY.write_text(str(count), encoding="ascii")

    yield set_every
    driver.unload(MODULE)


def reference(wrong: str) -> str:
    """A right implementation of the same name; what it is called depends on the kernel."""
    name = next(each.name for each in algorithms(ask_device=False) if each.driver == wrong)
    return next(
        each.driver
        for each in sorted(algorithms(ask_device=False), key=lambda each: each.priority)
        if each.name == name and each.driver != wrong and not each.internal and not each.is_async
    )


def selftest(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Status and report of a run."""
    status = main(["selftest", "--json", *arguments])
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, shown


@pytest.mark.parametrize("wrong", [HASH, CIPHER])
def test_right_ones_pass(wrong: str, flip: Callable[[int], None], capsys: Capture) -> None:
    flip(0)
    for options in (["--limit", "2"], ["--against", reference(wrong), "--count", "24"]):
        status, shown = selftest(capsys, "--driver", wrong, *options)
        assert status == 0
        assert shown["failed"] == 0
        assert shown["passed"]


@pytest.mark.parametrize("wrong", [HASH, CIPHER])
def test_a_flipped_bit_is_caught_and_the_vector_named(
    wrong: str, flip: Callable[[int], None], capsys: Capture
) -> None:
    flip(97)
    status, shown = selftest(capsys, "--driver", wrong, "--limit", "5")
    assert status == ExitCode.MISMATCH
    (outcome,) = shown["outcomes"]
    assert outcome["driver"] == wrong
    assert 0 < outcome["failed"] < outcome["failed"] + outcome["passed"]
    for failure in outcome["failures"]:
        assert ".rsp:" in failure["vector"]
        assert failure["layout"]
        expected, got = (failure[key].rpartition(": ")[2] for key in ("expected", "got"))
        assert bin(int(expected, 16) ^ int(got, 16)).count("1") == 1


def test_a_failure_is_shown_in_text_and_tap(flip: Callable[[int], None], capsys: Capture) -> None:
    flip(50)
    assert main(["selftest", "--driver", HASH, "--limit", "5"]) == ExitCode.MISMATCH
    text = capsys.readouterr().out
    assert f"FAIL  {HASH}" in text
    assert "  expected " in text
    assert "  got      " in text
    assert "Msg.rsp:" in text
    assert main(["selftest", "--driver", HASH, "--limit", "5", "--tap"]) == ExitCode.MISMATCH
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["TAP version 13", f"not ok 1 - {HASH} sha256"]
    assert lines[-1] == "1..1"


@pytest.mark.parametrize("wrong", [HASH, CIPHER])
def test_a_flipped_bit_is_caught_against_another(
    wrong: str, flip: Callable[[int], None], capsys: Capture
) -> None:
    flip(97)
    arguments = ("--driver", wrong, "--against", reference(wrong), "--count", "40", "--seed", "7")
    status, shown = selftest(capsys, *arguments)
    assert status == ExitCode.MISMATCH
    assert shown["seed"] == 7
    (outcome,) = shown["outcomes"]
    assert outcome["failed"]
    assert all(each["vector"].startswith("random 7:") for each in outcome["failures"])


def test_without_a_driver_the_others_of_the_name_are_compared(
    flip: Callable[[int], None], capsys: Capture
) -> None:
    flip(20)
    status, shown = selftest(capsys, "--against", reference(HASH), "--count", "20")
    assert status == ExitCode.MISMATCH
    failed = {each["driver"]: each["failed"] for each in shown["outcomes"]}
    assert failed.pop(HASH) > 0
    assert not any(failed.values())


@pytest.mark.usefixtures("flip")
def test_nobody_gets_one_by_a_generic_name() -> None:
    with CryptoDevice("sha256") as device:
        assert device.info.driver != HASH
        assert device.digest(b"abc") == hashlib.sha256(b"abc").digest()


@pytest.mark.usefixtures("flip")
def test_an_engine_is_listed_as_hardware(capsys: Capture) -> None:
    assert main(["list", "--hardware", "--json"]) == 0
    assert [each["driver"] for each in json.loads(capsys.readouterr().out)] == [CIPHER]
    assert main(["list", CIPHER]) == 0
    assert "hardware" in capsys.readouterr().out
