# SPDX-License-Identifier: MIT
"""Containers made and read through the device, against the second implementation."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pycryptodev import container, query
from pycryptodev.container import ContainerError, Damaged, UnsupportedAlgorithm, WrongKey
from tests import container_reference

SPECIFICATION = Path(__file__).resolve().parents[2] / "docs" / "container.md"
KEY = bytes(range(32))
CHUNK = 64
SEALED = CHUNK + 16
# More chunks than go to the device in one call, and a last one that is not full.
TEXT = os.urandom(40 * CHUNK + 5)
HEADER = len("gcm(aes)") + 80


def sealed(plaintext: bytes, algorithm: str = "gcm(aes)", chunk_bytes: int = CHUNK) -> bytes:
    """Make a container."""
    out = bytearray()
    container.encrypt(
        io.BytesIO(plaintext), out.extend, KEY, algorithm=algorithm, chunk_bytes=chunk_bytes
    )
    return bytes(out)


def opened(data: bytes, key: bytes = KEY, algorithm: str | None = None) -> bytes:
    """Read a container."""
    out = bytearray()
    container.decrypt(io.BytesIO(data), out.extend, key, algorithm=algorithm)
    return bytes(out)


@pytest.mark.parametrize("algorithm", container.SUITES)
@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1, 16 * CHUNK, len(TEXT)])
def test_both_implementations_agree(
    requires: Callable[[str], None], algorithm: str, size: int
) -> None:
    requires(algorithm)
    text = TEXT[:size]
    ours = sealed(text, algorithm)
    assert container_reference.read(ours, KEY) == text
    salt = ours[16:48]
    assert container_reference.write(text, KEY, algorithm, CHUNK, salt) == ours
    assert opened(ours) == text


@pytest.mark.parametrize("key_bytes", [16, 24])
def test_shorter_keys(key_bytes: int) -> None:
    key = KEY[:key_bytes]
    theirs = container_reference.write(TEXT, key, "gcm(aes)", CHUNK, os.urandom(32))
    assert opened(theirs, key) == TEXT


def test_example_of_the_specification() -> None:
    text = SPECIFICATION.read_text(encoding="utf-8").split("## Example")[1]
    data = bytes.fromhex("".join(re.findall(r"^    ([0-9a-f]+)$", text, re.MULTILINE)))
    assert opened(data) == b"The quick brown fox jumps over the lazy dog"


def test_no_two_containers_are_alike() -> None:
    one, other = sealed(TEXT), sealed(TEXT)
    assert one[16:48] != other[16:48]
    assert one[HEADER:] != other[HEADER:]


def test_driver_may_be_chosen() -> None:
    driver = query("gcm(aes)").driver
    assert opened(sealed(TEXT, driver), algorithm=driver) == TEXT
    assert opened(sealed(TEXT, driver)) == TEXT


def test_other_algorithms_are_refused() -> None:
    with pytest.raises(UnsupportedAlgorithm):
        sealed(TEXT, "cbc(aes)")
    with pytest.raises(UnsupportedAlgorithm):
        opened(sealed(TEXT), algorithm="ccm(aes)")


def flipped(data: bytes, offset: int) -> bytes:
    """The data with one bit changed."""
    return data[:offset] + bytes([data[offset] ^ 1]) + data[offset + 1 :]


def test_every_byte_of_the_header_counts() -> None:
    data = sealed(TEXT[:1])
    for offset in range(HEADER):
        with pytest.raises(ContainerError):
            opened(flipped(data, offset))


def test_another_key() -> None:
    with pytest.raises(WrongKey):
        opened(sealed(TEXT), bytes(32))


def chunks_of(data: bytes) -> tuple[bytes, list[bytes]]:
    """The header of a container, and its chunks."""
    body = data[HEADER:]
    return data[:HEADER], [body[at : at + SEALED] for at in range(0, len(body), SEALED)]


def exchanged(chunks: list[bytes], one: int, other: int) -> list[bytes]:
    """The chunks with two of them in each other's place."""
    moved = list(chunks)
    moved[one], moved[other] = moved[other], moved[one]
    return moved


EMPTY_CHUNK = bytes(16)

DAMAGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], int]] = {
    # What is done to 41 chunks, and how many of them are still good.
    "bit in the first chunk": (lambda all: [flipped(all[0], 0), *all[1:]], 0),
    "bit in a tag": (lambda all: [*all[:20], flipped(all[20], SEALED - 1), *all[21:]], 20),
    "bit in the last chunk": (lambda all: [*all[:40], flipped(all[40], 2)], 40),
    "neighbours exchanged": (lambda all: exchanged(all, 17, 18), 17),
    "first and last exchanged": (lambda all: exchanged(all, 0, 39), 0),
    "one left out": (lambda all: [*all[:5], *all[6:]], 5),
    "one repeated": (lambda all: [*all[:5], all[4], *all[5:]], 5),
    "last left out": (lambda all: all[:-1], 39),
    "all but the first left out": (lambda all: all[:1], 0),
    "all left out": (lambda all: [], 0),
    "last cut by a byte": (lambda all: [*all[:-1], all[-1][:-1]], 40),
    "last cut to less than a tag": (lambda all: [*all[:-1], all[-1][:15]], 40),
    "last cut to a tag": (lambda all: [*all[:-1], all[-1][-16:]], 40),
    "a byte appended": (lambda all: [*all, b"\0"], 40),
    "last appended again": (lambda all: [*all, all[-1]], 40),
    "empty chunk appended": (lambda all: [*all, EMPTY_CHUNK], 40),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found(damage: str) -> None:
    header, chunks = chunks_of(sealed(TEXT))
    assert len(chunks) == 41
    change, good = DAMAGES[damage]
    written = bytearray()
    data = header + b"".join(change(chunks))
    with pytest.raises(Damaged):
        container.decrypt(io.BytesIO(data), written.extend, KEY)
    assert written == TEXT[: good * CHUNK]


def test_full_last_chunk_is_marked_too() -> None:
    text = TEXT[: 20 * CHUNK]
    header, chunks = chunks_of(sealed(text))
    assert len(chunks) == 20
    with pytest.raises(Damaged, match="truncated"):
        opened(header + b"".join(chunks[:-1]))
    with pytest.raises(Damaged, match="follow"):
        opened(header + b"".join([*chunks, bytes(SEALED)]))


def test_chunks_of_another_container() -> None:
    header, chunks = chunks_of(sealed(TEXT))
    _, others = chunks_of(sealed(TEXT))
    with pytest.raises(Damaged):
        opened(header + b"".join([*chunks[:3], others[3], *chunks[4:]]))
