# SPDX-License-Identifier: MIT
"""Layouts, reports and the command line of `cryptodev selftest`, without a device."""

from __future__ import annotations

import json

import pytest

from pycryptodev import AlgClass
from pycryptodev.cli import main
from pycryptodev.cli.exit_codes import ExitCode
from pycryptodev.selftest import compression, vectors
from pycryptodev.selftest.arena import PAGE, Arena
from pycryptodev.selftest.layouts import CIPHER_LAYOUTS, HASH_LAYOUTS, WHOLE, cut
from pycryptodev.selftest.model import Failure, Outcome
from pycryptodev.selftest.report import Json, Report, Tap, Text, Totals

Capture = pytest.CaptureFixture[str]

GOOD = Outcome("sha256", "sha256-good", AlgClass.HASH, passed=12, requests=156)
BAD = Outcome(
    "cbc(aes)",
    "cbc-aes-bad",
    AlgClass.SKCIPHER,
    passed=3,
    failed=12,
    skipped=2,
    requests=300,
    reasons={"takes no key of 24 bytes": 2},
    failures=[Failure("cbc-aes-bad", f"a.rsp:{n}", "out of place", "00", "01") for n in range(12)],
)
REFUSED = Outcome(
    "ecb(aes)", "ecb-aes", AlgClass.SKCIPHER, skipped=9, reasons={"policy refuses it": 9}
)


def lines(form: type[Report], *outcomes: Outcome, seed: int | None = None) -> list[str]:
    """What a report says."""
    said: list[str] = []
    report = form(lambda line: said.extend(line.split("\n")))
    totals = Totals(seed=seed, left_out={"Monte Carlo test": 4})
    for outcome in outcomes:
        totals.add(outcome)
        report.outcome(outcome)
    report.end(totals)
    return said


def test_text() -> None:
    said = lines(Text, GOOD, BAD, REFUSED, seed=5)
    assert said[0].split()[:3] == ["ok", "sha256-good", "sha256"]
    assert said[0].endswith("  12 passed, 0 failed, 0 skipped")
    assert said[1].startswith("FAIL  cbc-aes-bad")
    assert said[2] == "      skipped 2: takes no key of 24 bytes"
    assert said[3:6] == [
        "      a.rsp:0 (out of place)",
        "        expected 00",
        "        got      01",
    ]
    assert "      and 2 more" in said
    assert any(line.startswith("skip  ecb-aes") for line in said)
    assert said[-3:] == [
        "left out 4: Monte Carlo test",
        "seed 5",
        "2 drivers, 456 requests: 15 passed, 12 failed, 11 skipped",
    ]


def test_tap() -> None:
    said = lines(Tap, GOOD, BAD, REFUSED, seed=5)
    tests = [line for line in said if not line.startswith("#")]
    assert tests == [
        "TAP version 13",
        "ok 1 - sha256-good sha256",
        "not ok 2 - cbc-aes-bad cbc(aes)",
        "ok 3 - ecb-aes ecb(aes) # SKIP policy refuses it",
        "1..3",
    ]
    assert "# a.rsp:0 (out of place)" in said
    assert "# seed 5" in said


@pytest.mark.parametrize(
    ("form", "said"), [(Text, "      judged by zlib"), (Tap, "# judged by zlib")]
)
def test_the_judge_is_named(form: type[Report], said: str) -> None:
    judged = Outcome("deflate", "deflate-scomp", AlgClass.COMP, passed=1, judge="zlib")
    assert said in lines(form, judged)
    assert said not in lines(form, GOOD)


@pytest.mark.parametrize("name", ["deflate", "zlib-deflate"])
def test_zlib_judges(name: str) -> None:
    judge = compression.zlib_judge(name)
    assert judge is not None
    packed = judge.compress(b"text")
    assert judge.expand(packed, 4) == b"text"
    # More than was asked for is as wrong as less; one byte of it is enough.
    assert judge.expand(judge.compress(b"texts"), 5) == b"texts"
    for wrong in (packed[:-1], packed + b"!", b"\xff" * 9, judge.compress(bytes(9))):
        with pytest.raises(ValueError, match=r"."):
            judge.expand(wrong, 4)


def test_zlib_knows_no_other_format() -> None:
    assert compression.zlib_judge("zstd") is None


def test_json() -> None:
    shown = json.loads("\n".join(lines(Json, GOOD, BAD)))
    assert (shown["passed"], shown["failed"], shown["skipped"]) == (15, 12, 2)
    assert shown["left_out"] == {"Monte Carlo test": 4}
    assert shown["seed"] is None
    good, bad = shown["outcomes"]
    assert good["alg_class"] == "hash"
    assert len(bad["failures"]) == 12
    assert bad["failures"][0] == {
        "driver": "cbc-aes-bad",
        "vector": "a.rsp:0",
        "layout": "out of place",
        "expected": "00",
        "got": "01",
    }


@pytest.mark.parametrize("total", [0, 1, 15, 16, 1000])
def test_pieces_are_the_whole(total: int) -> None:
    shares = [
        *(
            (piece.share for piece in pieces)
            for each in CIPHER_LAYOUTS
            for pieces in (each.src, each.dst)
        ),
        *((piece.share for piece in each.src) for each in HASH_LAYOUTS),
        *((share for _, share in each.steps) for each in HASH_LAYOUTS),
    ]
    for each in map(tuple, shares):
        assert sum(each) == WHOLE
        assert sum(cut(total, each)) == total
        # What has no share gets nothing: the empty segments stay empty.
        assert not any(
            size for size, share in zip(cut(total, each), each, strict=True) if not share
        )


def test_layouts_have_names_of_their_own() -> None:
    for layouts in (CIPHER_LAYOUTS, HASH_LAYOUTS):
        assert len({each.name for each in layouts}) == len(layouts)
        assert all(each.keep is each.name.startswith("layout: ") for each in layouts)


def test_arena_places_and_compares() -> None:
    arena = Arena(8 * PAGE)
    first = arena.place(b"input", None, 5, offset=3)
    second = arena.place(None, b"wanted", 6, before=4)
    assert first % 64 == 3
    assert (second + 4) % PAGE == 0
    assert arena.difference() == second
    arena.fill(second, b"wanted")
    assert arena.difference() is None
    arena.fill(second + 6, b"!")
    arena.expect(second + 6, b"?")
    assert arena.difference() == second + 6
    arena.reset()
    assert (arena.difference(), arena.used) == (None, 0)
    with pytest.raises(MemoryError):
        arena.place(None, None, 9 * PAGE)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--limit", "-1"],
        ["--limit", "x"],
        ["--seed", "1.5"],
        ["--count", ""],
        ["--json", "--tap"],
        ["--driver", ""],
        ["--driver", "a b"],
        ["words"],
    ],
    ids=" ".join,
)
def test_wrong_use(arguments: list[str], capsys: Capture) -> None:
    assert main(["selftest", *arguments]) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_no_vectors_are_installed(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "PACKAGES", ("no_such_package_of_vectors",))
    assert main(["selftest"]) == ExitCode.IO
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no vectors are installed" in captured.err
    assert "pycryptodev[vectors]" in captured.err


def test_no_such_file(capsys: Capture) -> None:
    assert main(["selftest", "--vectors", "/nonexistent/file.rsp"]) == ExitCode.IO
    assert "/nonexistent/file.rsp" in capsys.readouterr().err


def test_no_device(capsys: Capture) -> None:
    arguments = ["selftest", "--device", "/nonexistent/crypto", "--against", "sha256-generic"]
    assert main(arguments) == ExitCode.DEVICE
    assert "module not loaded" in capsys.readouterr().err
