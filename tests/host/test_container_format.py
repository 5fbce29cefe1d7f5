# SPDX-License-Identifier: MIT
"""The container's header and keys, against its specification and the second implementation."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from pycryptodev.container import (
    MAX_CHUNKS,
    SUITES,
    ContainerError,
    FileKeys,
    Header,
    UnknownFormat,
    UnsupportedAlgorithm,
    WrongKeyLength,
    decrypt,
    encrypt,
    hkdf_sha256,
)
from tests import container_reference

SPECIFICATION = Path(__file__).resolve().parents[2] / "docs" / "container.md"
KEY = bytes(range(32))
HEADER = Header(SUITES["gcm(aes)"], 16, bytes(range(32, 64)))


def example() -> tuple[dict[str, str], bytes]:
    """The specification's example: its values by name, and the container."""
    text = SPECIFICATION.read_text(encoding="utf-8").split("## Example")[1]
    values = dict(re.findall(r"^    (\w[\w ]*?)  +(.+)$", text, re.MULTILINE))
    digits = "".join(re.findall(r"^    ([0-9a-f]+)$", text, re.MULTILINE))
    return values, bytes.fromhex(digits)


def test_example_of_the_specification() -> None:
    values, container = example()
    key, salt = bytes.fromhex(values["key"]), bytes.fromhex(values["salt"])
    plaintext = values["plaintext"].encode()
    assert container_reference.read(container, key) == plaintext
    assert container == container_reference.write(
        plaintext, key, values["algorithm"], int(values["chunk size"]), salt
    )
    header = Header(SUITES[values["algorithm"]], int(values["chunk size"]), salt)
    keys = FileKeys.derive(key, header)
    assert header.pack() + keys.commitment == container[: len(header.pack()) + 32]
    assert keys.commitment.hex() == values["commitment"]
    assert keys.key.hex() == values["file key"]
    assert keys.nonce_prefix.hex() == values["prefix"]


@pytest.mark.parametrize("chunk_bytes", [0, 65537])
def test_chunks_that_no_reader_takes_are_not_made(chunk_bytes: int) -> None:
    written: list[memoryview] = []
    with pytest.raises(ValueError, match="chunk_bytes"):
        encrypt(io.BytesIO(), written.append, KEY, chunk_bytes=chunk_bytes)
    assert written == []


def test_specification_has_every_suite() -> None:
    text = SPECIFICATION.read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\S+)` \| ([\d, or]+) \|", text, re.MULTILINE)
    lengths = {name: tuple(map(int, re.findall(r"\d+", column))) for name, column in table}
    assert lengths == {suite.name: suite.key_lengths for suite in SUITES.values()}


def test_hkdf() -> None:
    """RFC 5869, appendix A.1."""
    material = hkdf_sha256(
        bytes([0x0B]) * 22,
        salt=bytes(range(13)),
        info=bytes(range(0xF0, 0xFA)),
        length=42,
    )
    assert material.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )


def test_header_comes_back() -> None:
    for suite in SUITES.values():
        header = Header(suite, 4096, bytes(32))
        source = io.BytesIO(header.pack() + b"rest")
        assert Header.read(source) == header
        assert source.read() == b"rest"


def changed(offset: int, replacement: bytes) -> bytes:
    """The header with some bytes replaced."""
    fields = HEADER.pack()
    return fields[:offset] + replacement + fields[offset + len(replacement) :]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", UnknownFormat),
        (HEADER.pack()[:-1], UnknownFormat),
        (changed(0, b"\x88"), UnknownFormat),
        (changed(7, b"\r"), UnknownFormat),
        (changed(8, b"\0\0"), UnknownFormat),
        (changed(8, b"\0\2"), UnknownFormat),
        (changed(10, b"\0\0"), UnknownFormat),
        (changed(10, b"\0\x80"), UnknownFormat),
        (changed(12, b"\0\0\0\0"), UnknownFormat),
        (changed(12, b"\0\1\0\1"), UnknownFormat),
        (changed(48, b"GCM"), UnsupportedAlgorithm),
        (changed(48, b"\xff\n\0"), UnsupportedAlgorithm),
    ],
)
def test_wrong_headers(data: bytes, error: type[ContainerError]) -> None:
    with pytest.raises(error) as failure:
        decrypt(io.BytesIO(data), lambda _: pytest.fail("written"), KEY)
    assert str(failure.value).isprintable()


def test_key_lengths() -> None:
    for suite in SUITES.values():
        for length in range(70):
            if length in suite.key_lengths:
                assert (
                    len(FileKeys.derive(bytes(length), Header(suite, 1, bytes(32))).key) == length
                )
                continue
            with pytest.raises(WrongKeyLength, match=f"not {length}$"):
                FileKeys.derive(bytes(length), Header(suite, 1, bytes(32)))


def test_every_field_changes_the_keys() -> None:
    keys = [
        FileKeys.derive(KEY, HEADER),
        FileKeys.derive(bytes(32), HEADER),
        FileKeys.derive(KEY, Header(HEADER.suite, 17, HEADER.salt)),
        FileKeys.derive(KEY, Header(HEADER.suite, 16, bytes(32))),
        FileKeys.derive(KEY, Header(SUITES["ccm(aes)"], 16, HEADER.salt)),
    ]
    for part in ("commitment", "key", "nonce_prefix"):
        assert len({getattr(each, part) for each in keys}) == len(keys)


def test_nonces() -> None:
    keys = FileKeys.derive(KEY, HEADER)
    prefix = keys.nonce_prefix
    assert keys.nonce(0, last=False) == prefix + b"\0\0\0\0\0"
    assert keys.nonce(0x01020304, last=True) == prefix + b"\1\2\3\4\1"
    assert keys.nonce(MAX_CHUNKS - 1, last=False) == prefix + b"\xff\xff\xff\xff\0"
    with pytest.raises(ContainerError):
        keys.nonce(MAX_CHUNKS, last=True)
