# SPDX-License-Identifier: MIT
"""Compression through CryptoDevice, judged by zlib and zstd."""

from __future__ import annotations

import os
import subprocess
import zlib
from collections.abc import Callable

import pytest

from pycryptodev import (
    AlgClass,
    BufferTooSmall,
    CorruptInput,
    CryptoDevice,
    InvalidRequest,
    LimitReached,
    NotSupported,
    Op,
    Request,
    driver_info,
)

NAMES = ["deflate", "lz4", "lz4hc", "lzo", "lzo-rle", "zstd", "842"]
TEXT = b"".join(b"line %d of a text\n" % number for number in range(3000))

each = pytest.mark.parametrize("name", NAMES)


def inflate(data: bytes) -> bytes:
    return zlib.decompress(data, wbits=-15)


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@each
@pytest.mark.parametrize("size", [1, 100, len(TEXT)])
def test_there_and_back(requires: Callable[[str], None], name: str, size: int) -> None:
    requires(name)
    with CryptoDevice(name, alg_class=AlgClass.COMP) as device:
        packed = device.compress(TEXT[:size])
        assert size < 100 or len(packed) < size
        assert device.decompress(packed) == TEXT[:size]
        assert device.decompress(packed, most=size) == TEXT[:size]


@each
def test_into_buffers(requires: Callable[[str], None], name: str) -> None:
    requires(name)
    with CryptoDevice(name) as device:
        packed, expanded = bytearray(len(TEXT) + 1000), bytearray(len(TEXT) + 10)
        size = device.compress_into(TEXT, packed)
        assert device.decompress_into(memoryview(packed)[:size], expanded) == len(TEXT)
        assert expanded[: len(TEXT)] == TEXT
        assert expanded[len(TEXT) :] == bytes(10)


@pytest.mark.requires("deflate")
def test_zlib_reads_it_and_the_other_way_round() -> None:
    with CryptoDevice("deflate") as device:
        assert inflate(device.compress(TEXT)) == TEXT
        assert device.decompress(deflate(TEXT)) == TEXT


@pytest.mark.requires("deflate")
@pytest.mark.parametrize("size", [3000, 20_000, 32_000])
def test_a_reference_to_what_is_before_the_beginning(size: int) -> None:
    """The window of other programs is larger than that of the kernel's deflate, 2 KiB."""
    before = os.urandom(size)
    packer = zlib.compressobj(wbits=-15, zdict=before)
    packed = packer.compress(before[:300]) + packer.flush()
    with CryptoDevice("deflate") as device, pytest.raises(CorruptInput):
        device.decompress(packed)


@pytest.mark.requires("deflate")
def test_references_far_back() -> None:
    text = os.urandom(30_000) * 4
    with CryptoDevice("deflate") as device:
        assert device.decompress(deflate(text)) == text


@pytest.mark.requires("zstd")
def test_zstd_reads_it_and_the_other_way_round() -> None:
    def zstd(option: str, data: bytes) -> bytes:
        return subprocess.run(
            ["zstd", option], input=data, stdout=subprocess.PIPE, check=True
        ).stdout

    with CryptoDevice("zstd") as device:
        assert zstd("-dcq", device.compress(TEXT)) == TEXT
        assert device.decompress(zstd("-cq", TEXT)) == TEXT


@each
def test_corrupt_input(requires: Callable[[str], None], name: str) -> None:
    requires(name)
    with CryptoDevice(name) as device, pytest.raises((CorruptInput, BufferTooSmall)):
        device.decompress(b"\xff" * 100)


@each
def test_output_that_does_not_fit(requires: Callable[[str], None], name: str) -> None:
    requires(name)
    out = bytearray(10)
    with CryptoDevice(name) as device:
        with pytest.raises(BufferTooSmall):
            device.compress_into(os.urandom(1000), out)
        with pytest.raises((BufferTooSmall, CorruptInput)):
            device.decompress_into(device.compress(TEXT), out)
    assert out == bytes(10)


@pytest.mark.requires("deflate", AlgClass.COMP)
def test_no_block_expands_to_less_than_nothing() -> None:
    with CryptoDevice("deflate") as device, pytest.raises(ValueError, match="most is negative"):
        device.decompress(deflate(TEXT), most=-1)


@each
def test_nothing_is_refused(requires: Callable[[str], None], name: str) -> None:
    requires(name)
    with CryptoDevice(name) as device:
        with pytest.raises(InvalidRequest):
            device.compress(b"")
        with pytest.raises(InvalidRequest):
            device.decompress(b"")


@pytest.mark.requires("zstd")
def test_more_than_a_request_takes() -> None:
    most = driver_info().max_comp_bytes
    with CryptoDevice("zstd") as device:
        assert device.decompress(device.compress(bytes(most))) == bytes(most)
        with pytest.raises(LimitReached):
            device.compress(bytes(most + 1))


@pytest.mark.requires("zstd")
def test_a_read_only_output() -> None:
    with CryptoDevice("zstd") as device, pytest.raises(TypeError):
        device.compress_into(TEXT, bytes(100))


@pytest.mark.requires("deflate")
def test_batch() -> None:
    with CryptoDevice("deflate") as device:
        results = device.run(Request(Op.COMPRESS, TEXT[:size]) for size in (100, 0, 5000))
        assert [type(result.error) for result in results] == [
            type(None),
            InvalidRequest,
            type(None),
        ]
        back = device.run(Request(Op.DECOMPRESS, result.get()) for result in results[::2])
    assert [result.get() for result in back] == [TEXT[:100], TEXT[:5000]]
    assert inflate(results[2].get()) == TEXT[:5000]


def test_a_hash_does_not_compress() -> None:
    with CryptoDevice("sha256") as device, pytest.raises(NotSupported):
        device.compress(TEXT)
