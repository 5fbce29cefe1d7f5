# SPDX-License-Identifier: MIT
"""The file formats of compressed data, without the device."""

from __future__ import annotations

import gzip as python_gzip
import random
import struct
import subprocess
import zlib

import pytest

from pycryptodev.framing import FORMATS, blocks, format_of, gzip, lz4, lzop, recognise, zstd
from pycryptodev.framing.codec import Codec
from pycryptodev.framing.errors import Damaged, FramingError, UnknownFormat, Unsupported
from pycryptodev.framing.formats import Format
from pycryptodev.framing.reader import WINDOW_BYTES, Reader
from tests.framing_codecs import (
    MOST_BYTES,
    Source,
    Stores,
    StoresDeflate,
    Zlib,
    Zstd,
    packed,
    tool,
    unpacked,
)

NOISE = random.Random(1).randbytes(200_000)
TEXT = b"".join(b"line %d of a text\n" % number for number in range(12_000))
SIZES = [0, 1, 0xFF00, 0xFF01, 65536, 65537, len(TEXT)]

# A format, what makes its blocks, and the program that reads it.
WRITTEN = [
    pytest.param(gzip.FORMAT, Zlib(), ["gzip", "-dc"], id="gzip"),
    pytest.param(gzip.FORMAT, StoresDeflate(), ["gzip", "-dc"], id="gzip-stored"),
    pytest.param(zstd.FORMAT, Zstd(), ["zstd", "-dcq"], id="zstd"),
    pytest.param(lz4.FORMAT, Stores(), ["lz4", "-dcq"], id="lz4-stored"),
    pytest.param(lzop.FORMAT, Stores(), ["lzop", "-dc"], id="lzop-stored"),
]
ALL = [*WRITTEN, pytest.param(blocks.FORMAT, Zlib(), None, id="blocks")]


@pytest.mark.parametrize(("form", "codec", "program"), WRITTEN)
@pytest.mark.parametrize("size", SIZES)
def test_its_program_reads_it(form: Format, codec: Codec, program: list[str], size: int) -> None:
    assert tool(*program, text=packed(form, TEXT[:size], codec)) == TEXT[:size]


@pytest.mark.parametrize(("form", "codec", "program"), ALL)
@pytest.mark.parametrize("size", SIZES)
def test_there_and_back(form: Format, codec: Codec, program: list[str], size: int) -> None:
    assert unpacked(form, packed(form, TEXT[:size], codec), codec) == TEXT[:size]


@pytest.mark.parametrize(("form", "codec", "program"), ALL)
def test_a_pipe_that_gives_little_at_once(form: Format, codec: Codec, program: list[str]) -> None:
    file = packed(form, TEXT[:70_000], codec)
    assert unpacked(form, file, codec, at_once=1000) == TEXT[:70_000]


@pytest.mark.parametrize(("form", "codec", "program"), ALL)
@pytest.mark.parametrize("at", [0.3, 0.6, 0.99])
def test_a_changed_byte_is_found(form: Format, codec: Codec, program: list[str], at: float) -> None:
    file = bytearray(packed(form, NOISE, codec))
    file[int(at * (len(file) - 100))] ^= 0x40
    with pytest.raises(Damaged):
        unpacked(form, bytes(file), codec)


@pytest.mark.parametrize(("form", "codec", "program"), ALL)
@pytest.mark.parametrize("keep", [0.0001, 0.5, 0.999999])
def test_a_truncated_file_is_found(
    form: Format, codec: Codec, program: list[str], keep: float
) -> None:
    file = packed(form, NOISE, codec)
    with pytest.raises(Damaged):
        unpacked(form, file[: max(11, int(keep * len(file)))], codec)


@pytest.mark.parametrize(("form", "codec", "program"), ALL)
def test_what_follows_the_end_is_found(form: Format, codec: Codec, program: list[str]) -> None:
    with pytest.raises(Damaged, match="follow"):
        unpacked(form, packed(form, TEXT, codec) + b"rubbish", codec)


@pytest.mark.parametrize(("form", "codec", "program"), WRITTEN)
def test_files_one_after_the_other_are_one(form: Format, codec: Codec, program: list[str]) -> None:
    file = packed(form, TEXT[:1000], codec) + packed(form, TEXT[1000:70_000], codec)
    assert unpacked(form, file, codec) == TEXT[:70_000]
    # lzop does it with a warning and a status of its own.
    done = subprocess.run(program, input=file, stdout=subprocess.PIPE, check=False)
    assert done.stdout == TEXT[:70_000]


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_formats_are_recognised(form: Format) -> None:
    for magic in form.magics:
        assert recognise(Reader(Source(magic + bytes(20)))) is form


@pytest.mark.parametrize("start", [b"", b"\x1f", b"BZh91AY", b"\x1f\x8b\x07"])
def test_other_files_are_not(start: bytes) -> None:
    with pytest.raises(UnknownFormat, match="gzip, zstd, lz4, lzop"):
        recognise(Reader(Source(start)))


@pytest.mark.parametrize(
    ("algorithm", "form"),
    [
        ("deflate", gzip.FORMAT),
        ("zstd", zstd.FORMAT),
        ("lz4", lz4.FORMAT),
        ("lz4hc", lz4.FORMAT),
        ("lzo", lzop.FORMAT),
        ("lzo-rle", blocks.FORMAT),
        ("842", blocks.FORMAT),
    ],
)
def test_format_of_an_algorithm(algorithm: str, form: Format) -> None:
    assert format_of(algorithm) is form


# gzip


def test_zlib_reads_a_member_alone() -> None:
    file = packed(gzip.FORMAT, TEXT[:1000], Zlib())
    assert zlib.decompress(file, wbits=31) == TEXT[:1000]


def test_python_reads_all_members() -> None:
    assert python_gzip.decompress(packed(gzip.FORMAT, TEXT, Zlib())) == TEXT


@pytest.mark.parametrize("size", [0, 1, 100, MOST_BYTES])
def test_a_file_of_gzip(size: int) -> None:
    file = tool("gzip", "-c", text=TEXT[:size])
    assert unpacked(gzip.FORMAT, file, Zlib()) == TEXT[:size]


def test_a_file_of_gzip_with_every_field() -> None:
    flags = 2 | 4 | 8 | 16
    head = struct.pack("<3sBIBB", gzip.MAGIC, flags, 1, 0, 3)
    head += b"\x08\0AB\x04\0long" + b"name\0" + b"comment\0"
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    (body,) = Zlib().compress([TEXT[:1000]])
    assert body is not None
    file = head + body + struct.pack("<II", zlib.crc32(TEXT[:1000]), 1000)
    assert tool("gzip", "-dc", text=file) == TEXT[:1000]
    assert unpacked(gzip.FORMAT, file, Zlib()) == TEXT[:1000]


def test_several_files_of_gzip_and_zeros() -> None:
    parts = [TEXT[:10], b"", TEXT[10:5000]]
    file = b"".join(tool("gzip", "-c", text=part) for part in parts) + bytes(300)
    assert unpacked(gzip.FORMAT, file, Zlib()) == b"".join(parts)


@pytest.mark.parametrize("data", [bytes(MOST_BYTES + 1), TEXT, NOISE])
def test_a_file_of_gzip_that_is_too_large(data: bytes) -> None:
    file = tool("gzip", "-c", text=data)
    with pytest.raises(Unsupported, match=r"member 0.* 131072 bytes") as caught:
        unpacked(gzip.FORMAT, file, Zlib())
    assert caught.value.hint == "gzip -d"


def test_a_damaged_file_of_gzip() -> None:
    file = bytearray(tool("gzip", "-c", text=NOISE[:1000]))
    file[500] ^= 1
    with pytest.raises(Damaged, match="member 0"):
        unpacked(gzip.FORMAT, bytes(file), Zlib())


def test_a_missing_end_is_found() -> None:
    file = packed(gzip.FORMAT, TEXT[:1000], Zlib())
    with pytest.raises(Damaged, match="empty member"):
        unpacked(gzip.FORMAT, file[:-28], Zlib())


@pytest.mark.parametrize(("at", "value"), [(2, 9), (3, 0x20)])
def test_a_gzip_header_that_is_not_known(at: int, value: int) -> None:
    file = bytearray(packed(gzip.FORMAT, TEXT[:1000], Zlib()))
    file[at] = value
    with pytest.raises(UnknownFormat):
        unpacked(gzip.FORMAT, bytes(file), Zlib())


# zstd


@pytest.mark.parametrize("size", [0, 1, 100, MOST_BYTES])
@pytest.mark.parametrize("options", [[], ["--no-check"], ["-19"], ["--ultra", "-22"]])
def test_a_file_of_zstd(size: int, options: list[str]) -> None:
    file = tool("zstd", "-cq", *options, text=TEXT[:size])
    assert unpacked(zstd.FORMAT, file, Zstd()) == TEXT[:size]


def test_skippable_frames_are_skipped() -> None:
    skipped = b"\x55\x2a\x4d\x18" + struct.pack("<I", WINDOW_BYTES + 1) + bytes(WINDOW_BYTES + 1)
    file = skipped + packed(zstd.FORMAT, TEXT[:100], Zstd()) + skipped
    assert unpacked(zstd.FORMAT, file, Zstd()) == TEXT[:100]


@pytest.mark.parametrize("data", [bytes(MOST_BYTES + 1), TEXT, NOISE])
@pytest.mark.parametrize("sized", [True, False])
def test_a_file_of_zstd_that_is_too_large(data: bytes, sized: bool) -> None:
    options = [f"--stream-size={len(data)}"] if sized else []
    file = tool("zstd", "-cq", *options, text=data)
    with pytest.raises(Unsupported, match=r"frame 0.* 131072 bytes") as caught:
        unpacked(zstd.FORMAT, file, Zstd())
    assert caught.value.hint == "zstd -d"


def test_the_checksum_of_a_frame_is_checked() -> None:
    file = packed(zstd.FORMAT, TEXT[:1000], Zstd())
    done = subprocess.run(["zstd", "-dcq"], input=file[:-1] + b"x", capture_output=True)
    assert done.returncode != 0
    with pytest.raises(Damaged):
        unpacked(zstd.FORMAT, file[:-1] + b"x", Zstd())


def test_what_is_no_frame_is_not_written() -> None:
    with pytest.raises(FramingError):
        packed(zstd.FORMAT, TEXT, Zlib())


# lz4 and lzop, as far as they store


@pytest.mark.parametrize("options", [["-B4"], ["-B7"], ["-BX"], ["--content-size"], ["-BD"]])
def test_a_file_of_lz4(options: list[str]) -> None:
    file = tool("lz4", "-cq", *options, text=NOISE[:65_536])
    assert unpacked(lz4.FORMAT, file, Stores()) == NOISE[:65_536]


def test_a_large_file_of_lz4_that_stores() -> None:
    file = tool("lz4", "-cq", "-B7", text=NOISE)
    assert unpacked(lz4.FORMAT, file, Stores()) == NOISE


@pytest.mark.parametrize(
    ("options", "why"),
    [(["-B7"], "block 0.* 131072 bytes"), (["-B4", "-BD"], "depends on"), (["-l"], "legacy")],
)
def test_a_file_of_lz4_that_is_too_large(options: list[str], why: str) -> None:
    file = tool("lz4", "-cq", *options, text=NOISE + TEXT + NOISE)
    with pytest.raises(Unsupported, match=why) as caught:
        unpacked(lz4.FORMAT, file, Stores())
    assert caught.value.hint == "lz4 -d"


@pytest.mark.parametrize("at", [6, 15, -1])
def test_a_damaged_file_of_lz4(at: int) -> None:
    file = bytearray(tool("lz4", "-cq", "-BX", text=NOISE[:1000]))
    file[at] ^= 1
    with pytest.raises(Damaged, match="checksum"):
        unpacked(lz4.FORMAT, bytes(file), Stores())


def test_a_file_of_lzop_that_stores() -> None:
    file = tool("lzop", "-c", text=NOISE)
    assert unpacked(lzop.FORMAT, file, Stores()) == NOISE


def test_a_file_of_lzop_that_is_too_large() -> None:
    file = tool("lzop", "-c", text=TEXT)
    with pytest.raises(Unsupported, match=r"block 0.* 131072 bytes") as caught:
        unpacked(lzop.FORMAT, file, Stores())
    assert caught.value.hint == "lzop -d"


def test_the_header_of_lzop_is_checked() -> None:
    file = bytearray(packed(lzop.FORMAT, NOISE, Stores()))
    file[30] ^= 1
    with pytest.raises(Damaged, match="header"):
        unpacked(lzop.FORMAT, bytes(file), Stores())


# blocks


def test_the_header_of_blocks() -> None:
    head = blocks.header("842")
    assert head == b"\x89DCPACK\n\0\x01\0\x03842"
    assert blocks.read_name(Reader(Source(head))) == "842"


@pytest.mark.parametrize("head", [b"\x89DCPACK\n\0\x02\0\x03842", b"\x89DCPACK\n\0\x01\0\0"])
def test_a_header_of_blocks_that_is_not_known(head: bytes) -> None:
    with pytest.raises(FramingError):
        blocks.read_name(Reader(Source(head)))
