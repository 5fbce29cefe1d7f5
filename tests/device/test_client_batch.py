# SPDX-License-Identifier: MIT
"""Batches."""

from __future__ import annotations

import hashlib
import mmap
import os
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import (
    BufferTooSmall,
    CryptoDevice,
    InvalidRequest,
    InvalidTag,
    LimitReached,
    NotSupported,
    Op,
    Request,
    default_generator,
    driver_info,
)
from tests import fdinfo

KEY = bytes(range(16))
IV = bytes(range(50, 66))
NONCE = IV[:12]
TEXT = os.urandom(4096)


@pytest.fixture
def cbc() -> Iterator[CryptoDevice]:
    with CryptoDevice("cbc(aes)", key=KEY) as opened:
        yield opened


@pytest.fixture
def gcm() -> Iterator[CryptoDevice]:
    with CryptoDevice("gcm(aes)", key=KEY) as opened:
        yield opened


@pytest.fixture
def sha256() -> Iterator[CryptoDevice]:
    with CryptoDevice("sha256") as opened:
        yield opened


def done_requests(device: CryptoDevice) -> int:
    """Requests that the driver counts for the context."""
    return fdinfo.numbers(device.fileno())["done"]


def test_nothing_to_do(cbc: CryptoDevice) -> None:
    assert cbc.run([]) == []


def test_each_request_has_its_result_in_its_place(cbc: CryptoDevice) -> None:
    sizes = [16, 0, 4096, 32, 1024]
    results = cbc.run(Request(Op.ENCRYPT, TEXT[:size], iv=IV) for size in sizes)
    assert [result.get() for result in results] == [
        cbc.encrypt(TEXT[:size], iv=IV) for size in sizes
    ]
    assert [result.written for result in results] == sizes
    assert all(result.error is None and result.iv is None for result in results)


def test_encryption_and_decryption_may_be_mixed(cbc: CryptoDevice) -> None:
    ciphertext = cbc.encrypt(TEXT, iv=IV)
    encrypted, decrypted = cbc.run(
        [Request(Op.ENCRYPT, TEXT, iv=IV), Request(Op.DECRYPT, ciphertext, iv=IV)]
    )
    assert encrypted.get() == ciphertext
    assert decrypted.get() == TEXT


def test_a_request_that_fails_leaves_the_others_alone(cbc: CryptoDevice) -> None:
    before, bad_length, bad_iv, after = cbc.run(
        [
            Request(Op.ENCRYPT, TEXT[:32], iv=IV),
            Request(Op.ENCRYPT, TEXT[:33], iv=IV),
            Request(Op.ENCRYPT, TEXT[:32], iv=IV[:8]),
            Request(Op.ENCRYPT, TEXT[:64], iv=IV),
        ]
    )
    assert before.get() == cbc.encrypt(TEXT[:32], iv=IV)
    assert after.get() == cbc.encrypt(TEXT[:64], iv=IV)
    for failed in (bad_length, bad_iv):
        assert isinstance(failed.error, InvalidRequest)
        assert (failed.written, failed.data, failed.iv) == (0, None, None)
        with pytest.raises(InvalidRequest):
            failed.get()


def test_an_operation_of_another_class_fails(cbc: CryptoDevice) -> None:
    (result,) = cbc.run([Request(Op.DIGEST, TEXT, dst_bytes=32)])
    assert isinstance(result.error, NotSupported)


def test_what_is_too_long_for_a_request_fails(cbc: CryptoDevice) -> None:
    long = bytes(driver_info().max_request_bytes + 16)
    too_long, fine = cbc.run([Request(Op.ENCRYPT, long, iv=IV), Request(Op.ENCRYPT, b"", iv=IV)])
    assert isinstance(too_long.error, LimitReached)
    assert fine.get() == b""


def test_more_requests_than_a_call_takes(sha256: CryptoDevice) -> None:
    count = driver_info().max_batch + 3
    messages = [number.to_bytes(4, "big") for number in range(count)]
    results = sha256.run(Request(Op.DIGEST, message) for message in messages)
    assert [result.get() for result in results] == [
        hashlib.sha256(message).digest() for message in messages
    ]
    assert done_requests(sha256) == count


def test_output_goes_to_the_callers_buffer(cbc: CryptoDevice) -> None:
    out = bytearray(b"\xaa" * 100)
    (result,) = cbc.run([Request(Op.ENCRYPT, TEXT[:64], out, iv=IV)])
    assert (result.error, result.written, result.data) == (None, 64, None)
    assert result.get() == b""
    assert out == cbc.encrypt(TEXT[:64], iv=IV) + b"\xaa" * 36


def test_in_place(cbc: CryptoDevice) -> None:
    buffers = [bytearray(TEXT[:size]) for size in (16, 1024, 4096)]
    cbc.run(Request(Op.ENCRYPT, buffer, buffer, iv=IV) for buffer in buffers)
    assert [bytes(buffer) for buffer in buffers] == [
        cbc.encrypt(TEXT[:size], iv=IV) for size in (16, 1024, 4096)
    ]


def test_a_small_destination_is_the_requests_error(cbc: CryptoDevice) -> None:
    small, fine = cbc.run(
        [Request(Op.ENCRYPT, TEXT[:64], bytearray(63), iv=IV), Request(Op.ENCRYPT, b"", iv=IV)]
    )
    assert isinstance(small.error, BufferTooSmall)
    assert small.error.needed == 64
    assert fine.error is None


def test_the_iv_comes_back_and_the_callers_stays(cbc: CryptoDevice) -> None:
    iv = bytearray(IV)
    (result,) = cbc.run([Request(Op.ENCRYPT, TEXT, iv=iv, iv_out=True)])
    assert result.iv == result.get()[-16:]
    assert iv == IV


@pytest.mark.parametrize("cuts", [(0, 4096), (1, 4096), (15, 17, 4000), (16, 1, 1, 30)])
def test_scattered_source(cbc: CryptoDevice, cuts: tuple[int, ...]) -> None:
    edges = [0, *sorted({min(cut, len(TEXT)) for cut in cuts}), len(TEXT)]
    pieces = [TEXT[low:high] for low, high in pairwise(edges)]
    (result,) = cbc.run([Request(Op.ENCRYPT, pieces, iv=IV)])
    assert result.get() == cbc.encrypt(TEXT, iv=IV)


def test_scattered_destination(cbc: CryptoDevice) -> None:
    pieces: tuple[Any, ...] = (
        bytearray(1), bytearray(0), array("I", bytes(1000)), bytearray(4096),
    )  # fmt: skip
    (result,) = cbc.run([Request(Op.ENCRYPT, TEXT, pieces, iv=IV)])
    assert result.written == len(TEXT)
    expected = cbc.encrypt(TEXT, iv=IV) + bytes(1001)
    assert b"".join(bytes(piece) for piece in pieces) == expected


def test_scattered_on_both_sides_in_place(cbc: CryptoDevice) -> None:
    pieces: list[Any] = [bytearray(TEXT[:100]), bytearray(TEXT[100:3000]), bytearray(TEXT[3000:])]
    cbc.run([Request(Op.ENCRYPT, pieces, pieces, iv=IV)])
    assert b"".join(pieces) == cbc.encrypt(TEXT, iv=IV)


@pytest.mark.parametrize("side", ["src", "dst"])
def test_pieces_of_4_gib_together(cbc: CryptoDevice, side: str) -> None:
    """Each fits into the header's 32 bits, the sum does not; the result holds none of them."""
    with mmap.mmap(-1, 1 << 30) as memory:
        sides: dict[str, Any] = {"src": TEXT, side: [memory] * 4}
        (result,) = cbc.run([Request(Op.ENCRYPT, iv=IV, **sides)])
    assert isinstance(result.error, LimitReached)


def test_room_of_4_gib(cbc: CryptoDevice) -> None:
    for size in (1 << 32, 1 << 40):
        (result,) = cbc.run([Request(Op.ENCRYPT, TEXT, iv=IV, dst_bytes=size)])
        assert isinstance(result.error, LimitReached)


def test_more_pieces_than_the_driver_takes(cbc: CryptoDevice) -> None:
    pieces = [b"x"] * (driver_info().max_segments + 1)
    (result,) = cbc.run([Request(Op.ENCRYPT, pieces, iv=IV)])
    assert isinstance(result.error, LimitReached)


def test_aead_with_the_tag_behind_the_text(gcm: CryptoDevice) -> None:
    expected = AESGCM(KEY).encrypt(NONCE, TEXT, b"assoc")
    out = bytearray(b"\xaa" * (len(TEXT) + 20))
    sealed, into, opened = gcm.run(
        [
            Request(Op.ENCRYPT, TEXT, iv=NONCE, assoc=b"assoc"),
            Request(Op.ENCRYPT, TEXT, out, iv=NONCE, assoc=b"assoc"),
            Request(Op.DECRYPT, expected, iv=NONCE, assoc=b"assoc"),
        ]
    )
    assert sealed.get() == expected
    assert into.written == len(expected)
    assert out == expected + b"\xaa" * 4
    assert opened.get() == TEXT


def test_aead_with_the_tag_apart(gcm: CryptoDevice) -> None:
    expected = AESGCM(KEY).encrypt(NONCE, TEXT, None)
    tag = bytearray(16)
    (sealed,) = gcm.run([Request(Op.ENCRYPT, [TEXT[:5], TEXT[5:]], iv=NONCE, tag=tag)])
    assert (sealed.get(), sealed.written) == (expected[:-16], len(TEXT))
    assert tag == expected[-16:]
    opened, forged = gcm.run(
        [
            Request(Op.DECRYPT, expected[:-16], iv=NONCE, tag=bytes(tag)),
            Request(Op.DECRYPT, expected[:-16], iv=NONCE, tag=bytes(16)),
        ]
    )
    assert opened.get() == TEXT
    assert isinstance(forged.error, InvalidTag)


def test_a_tag_of_another_length_fails(gcm: CryptoDevice) -> None:
    (result,) = gcm.run([Request(Op.ENCRYPT, TEXT, iv=NONCE, tag=bytearray(12))])
    assert isinstance(result.error, InvalidRequest)


def test_a_tag_to_write_has_to_be_writable(gcm: CryptoDevice) -> None:
    with pytest.raises(TypeError, match="tag is read-only"):
        gcm.run([Request(Op.ENCRYPT, TEXT, iv=NONCE, tag=bytes(16))])


def test_pieces_need_the_tag_apart(gcm: CryptoDevice) -> None:
    with pytest.raises(ValueError, match="with dst in pieces the tag"):
        gcm.run([Request(Op.ENCRYPT, TEXT, [bytearray(5000)], iv=NONCE)])
    with pytest.raises(ValueError, match="with src in pieces the tag"):
        gcm.run([Request(Op.DECRYPT, [TEXT], iv=NONCE)])


def test_less_than_a_tag_is_no_ciphertext(gcm: CryptoDevice) -> None:
    results = gcm.run(Request(Op.DECRYPT, data, iv=NONCE) for data in (b"", bytes(15), bytes(16)))
    assert [type(result.error) for result in results] == [InvalidTag] * 3


@pytest.mark.parametrize("room", [0, 15, 4096, 4111])
def test_no_room_for_the_tag(gcm: CryptoDevice, room: int) -> None:
    out = bytearray(room)
    small, fine, unannounced = gcm.run(
        [
            Request(Op.ENCRYPT, TEXT, out, iv=NONCE),
            Request(Op.ENCRYPT, TEXT, iv=NONCE),
            Request(Op.ENCRYPT, TEXT, iv=NONCE, dst_bytes=min(room, 4095)),
        ]
    )
    for failed in (small, unannounced):
        assert isinstance(failed.error, BufferTooSmall)
        assert failed.error.needed == 4112
    assert out == bytes(room)
    assert fine.written == 4112


def test_a_wrong_request_keeps_the_others_from_running(cbc: CryptoDevice) -> None:
    out = bytearray(16)
    with pytest.raises(TypeError):
        cbc.run([Request(Op.ENCRYPT, bytes(16), out, iv=IV), Request(Op.ENCRYPT, b"", b"", iv=IV)])
    assert out == bytes(16)


def test_hash_stream(sha256: CryptoDevice) -> None:
    results = sha256.run(
        [
            Request(Op.STREAM_UPDATE, b"dropped"),
            Request(Op.STREAM_INIT),
            Request(Op.STREAM_UPDATE, TEXT[:100]),
            Request(Op.DIGEST, b"between"),
            Request(Op.STREAM_UPDATE, b""),
            Request(Op.STREAM_FINAL, TEXT[100:]),
            Request(Op.STREAM_FINAL),
        ]
    )
    assert [result.get() for result in results] == [
        b"",
        b"",
        b"",
        hashlib.sha256(b"between").digest(),
        b"",
        hashlib.sha256(TEXT).digest(),
        hashlib.sha256().digest(),
    ]


def test_random_numbers() -> None:
    out = bytearray(32)
    with CryptoDevice(default_generator()) as device:
        with pytest.raises(ValueError, match="GENERATE needs"):
            device.run([Request(Op.GENERATE)])
        drawn, into, seeded = device.run(
            [
                Request(Op.GENERATE, dst_bytes=20),
                Request(Op.GENERATE, b"additional", out),
                Request(Op.RESEED, b"seed"),
            ]
        )
    assert len(drawn.get()) == 20
    assert into.written == 32
    assert out != bytes(32)
    assert seeded.get() == b""


def test_one_call_is_one_context_and_many_requests(sha256: CryptoDevice) -> None:
    before = done_requests(sha256)
    sha256.run([Request(Op.DIGEST, b"x")] * 100)
    assert done_requests(sha256) == before + 100
