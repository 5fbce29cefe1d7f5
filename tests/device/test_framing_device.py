# SPDX-License-Identifier: MIT
"""Compressed files through the device and the programs of their formats, in both directions."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from pycryptodev import framing
from tests.framing_codecs import Source, tool

TEXT = b"".join(b"line %d of a text\n" % number for number in range(12_000))
NOISE = bytes((number * number * 2654435761 >> 13) & 0xFF for number in range(70_000))

PROGRAMS = {"deflate": "gzip", "zstd": "zstd", "lz4": "lz4", "lz4hc": "lz4", "lzo": "lzop"}
OTHERS = ["lzo-rle", "842"]
SIZES = [0, 1, 65536, len(TEXT)]


def packed(data: bytes, algorithm: str) -> bytes:
    parts: list[bytes] = []
    framing.compress(Source(data), lambda part: parts.append(bytes(part)), algorithm=algorithm)
    return b"".join(parts)


def unpacked(file: bytes, algorithm: str | None = None) -> bytes:
    parts: list[bytes] = []
    framing.decompress(Source(file), lambda part: parts.append(bytes(part)), algorithm=algorithm)
    return b"".join(parts)


@pytest.mark.parametrize("algorithm", PROGRAMS)
@pytest.mark.parametrize("size", SIZES)
def test_its_program_reads_it(requires: Callable[[str], None], algorithm: str, size: int) -> None:
    requires(algorithm)
    assert tool(PROGRAMS[algorithm], "-dc", text=packed(TEXT[:size], algorithm)) == TEXT[:size]


@pytest.mark.parametrize("algorithm", [*PROGRAMS, *OTHERS])
@pytest.mark.parametrize("data", [b"", b"a", TEXT, NOISE], ids=["empty", "byte", "text", "noise"])
def test_there_and_back(requires: Callable[[str], None], algorithm: str, data: bytes) -> None:
    requires(algorithm)
    file = packed(data, algorithm)
    assert unpacked(file) == data
    assert data is not TEXT or len(file) < len(TEXT) / 2


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("deflate", ["gzip", "-c"]),
        ("deflate", ["gzip", "-c9"]),
        ("zstd", ["zstd", "-cq"]),
        ("zstd", ["zstd", "-cq", "-19"]),
        ("lz4", ["lz4", "-cq"]),
        ("lz4", ["lz4", "-cq", "-BX", "-9"]),
        ("lzo", ["lzop", "-c"]),
        ("lzo", ["lzop", "-c9"]),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 65536, 100_000])
def test_a_file_of_its_program(
    requires: Callable[[str], None], algorithm: str, options: list[str], size: int
) -> None:
    requires(algorithm)
    assert unpacked(tool(*options, text=TEXT[:size])) == TEXT[:size]


@pytest.mark.requires("lz4")
def test_a_large_file_of_small_blocks() -> None:
    assert unpacked(tool("lz4", "-cq", "-B4", text=TEXT)) == TEXT


@pytest.mark.parametrize(
    ("algorithm", "options"),
    [
        ("deflate", ["gzip", "-c"]),
        ("zstd", ["zstd", "-cq"]),
        ("lz4", ["lz4", "-cq"]),
        ("lzo", ["lzop", "-c"]),
    ],
)
def test_a_file_that_is_too_large(
    requires: Callable[[str], None], algorithm: str, options: list[str]
) -> None:
    requires(algorithm)
    with pytest.raises(framing.Unsupported, match="131072 bytes") as caught:
        unpacked(tool(*options, text=TEXT))
    assert caught.value.hint == f"{options[0]} -d"


@pytest.mark.parametrize("algorithm", [*PROGRAMS, *OTHERS])
@pytest.mark.parametrize("at", [0.3, 0.7])
def test_damage_is_found(requires: Callable[[str], None], algorithm: str, at: float) -> None:
    requires(algorithm)
    file = bytearray(packed(TEXT, algorithm))
    file[int(at * len(file))] ^= 0x10
    with pytest.raises(framing.Damaged):
        unpacked(bytes(file))


@pytest.mark.requires("zstd")
@pytest.mark.requires("deflate")
def test_a_driver_of_another_format_is_refused() -> None:
    with pytest.raises(framing.Unsupported, match="zstd, not deflate"):
        unpacked(packed(TEXT, "zstd"), "deflate")


@pytest.mark.requires("lz4hc")
def test_a_driver_of_the_format_is_taken() -> None:
    assert unpacked(packed(TEXT, "lz4"), "lz4hc") == TEXT


@pytest.mark.requires("zstd")
def test_the_programs_own_check() -> None:
    file = packed(TEXT, "zstd")
    assert subprocess.run(["zstd", "-tq"], input=file, check=False).returncode == 0
    changed = file[:-1] + bytes([file[-1] ^ 1])
    done = subprocess.run(["zstd", "-tq"], input=changed, capture_output=True, check=False)
    assert done.returncode != 0
