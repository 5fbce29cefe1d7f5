# SPDX-License-Identifier: MIT
"""Where keys come from, and which lengths are right."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from pycryptodev import AlgClass, Algorithm
from pycryptodev.cli import keys
from pycryptodev.cli.exit_codes import UsageError

KEY = bytes(range(0, 160, 10))


def read_key(*arguments: str) -> bytes:
    """The key that these options name."""
    parser = argparse.ArgumentParser()
    keys.add_arguments(parser, required=False)
    return keys.read_key(parser.parse_args(arguments))


def test_no_key() -> None:
    assert read_key() == b""


def test_file_holds_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY + b"\n")
    assert read_key("--key-file", str(path)) == KEY + b"\n"


@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex(" ").upper() + "\n", KEY.hex("\n", 4)])
def test_file_holds_digits(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    assert read_key("--key-file", str(path), "--key-format", "hex") == KEY


def test_descriptor_stays_open(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, KEY)
    os.close(writing)
    assert read_key("--key-fd", str(reading)) == KEY
    os.close(reading)


@pytest.mark.parametrize("number", ["-1", "one", str(1 << 31), "9" * 30])
def test_number_that_no_descriptor_has(number: str) -> None:
    with pytest.raises(SystemExit):
        read_key("--key-fd", number)


def test_environment_holds_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", KEY.hex())
    assert read_key("--key-env", "KEY") == KEY


def cipher(name: str, least: int, most: int) -> Algorithm:
    """What the driver tells of a cipher, as far as keys go."""
    return Algorithm(
        name=name,
        driver=name,
        alg_class=AlgClass.SKCIPHER,
        priority=0,
        is_async=False,
        hardware=False,
        tested=True,
        chains=False,
        needs_key=True,
        block_bytes=1,
        chunk_bytes=1,
        iv_bytes=0,
        tag_bytes=0,
        tag_max_bytes=0,
        digest_bytes=0,
        state_bytes=0,
        key_min_bytes=least,
        key_max_bytes=most,
        seed_bytes=0,
        output_bytes=0,
        saved_bytes=0,
    )


@pytest.mark.parametrize(
    ("algorithm", "right", "message"),
    [
        (cipher("cbc(aes)", 16, 32), {16, 24, 32}, "16 or 24 or 32 bytes"),
        (cipher("xts(aes)", 32, 64), {32, 48, 64}, "32 or 48 or 64 bytes"),
        (cipher("adiantum(xchacha12,aes)", 32, 32), {32}, "32 bytes"),
        (cipher("cbc(blowfish)", 4, 56), set(range(4, 57)), "4 to 56 bytes"),
        (cipher("unknown", 0, 0), set(range(100)), ""),
    ],
)
def test_key_lengths(algorithm: Algorithm, right: set[int], message: str) -> None:
    for length in range(100):
        if length in right:
            keys.check_length(algorithm, bytes(length))
            continue
        with pytest.raises(UsageError, match=message):
            keys.check_length(algorithm, bytes(length))
