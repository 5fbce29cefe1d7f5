# SPDX-License-Identifier: MIT
"""Hashes through CryptoDevice and hash objects, judged by hashlib."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

import pycryptodev
from pycryptodev import (
    BufferTooSmall,
    CryptoDevice,
    DeviceClosed,
    Hash,
    InvalidRequest,
    NoKey,
    NotSupported,
    StreamLost,
    default_generator,
    driver_info,
)

TEXT = os.urandom(10000)
KEY = b"key of the keyed hash"

# Names of the crypto API and of hashlib.
HASHES = [
    ("md5", "md5"),
    ("sha1", "sha1"),
    ("sha224", "sha224"),
    ("sha256", "sha256"),
    ("sha384", "sha384"),
    ("sha512", "sha512"),
    ("sha3-256", "sha3_256"),
    ("blake2b-512", "blake2b"),
]


@pytest.mark.parametrize(("name", "judge"), HASHES)
@pytest.mark.parametrize("size", [0, 1, 63, 64, 4096, len(TEXT)])
def test_digest(requires: Callable[[str], None], name: str, judge: str, size: int) -> None:
    requires(name)
    with CryptoDevice(name) as device:
        assert device.digest(TEXT[:size]) == hashlib.new(judge, TEXT[:size]).digest()


@pytest.mark.parametrize(("name", "judge"), HASHES)
def test_hash_object(requires: Callable[[str], None], name: str, judge: str) -> None:
    requires(name)
    expected = hashlib.new(judge)
    ours = pycryptodev.new(name)
    for cut in (0, 1, 64, 127, 128, 5000, len(TEXT)):
        ours.update(TEXT[:cut])
        expected.update(TEXT[:cut])
    assert ours.hexdigest() == expected.hexdigest()
    assert ours.digest() == expected.digest()
    assert (ours.name, ours.digest_size) == (name, expected.digest_size)


def test_block_size_is_hashlibs() -> None:
    with pycryptodev.new("sha512") as ours:
        assert ours.block_size == hashlib.sha512().block_size


def test_keyed_digest() -> None:
    with CryptoDevice("hmac(sha256)", key=KEY) as device:
        assert device.digest(TEXT) == hmac.digest(KEY, TEXT, "sha256")


def test_keyed_hash_object() -> None:
    ours = pycryptodev.new("hmac(sha512)", TEXT, KEY)
    ours.update(TEXT)
    assert ours.digest() == hmac.digest(KEY, TEXT + TEXT, "sha512")


def test_hash_object_of_a_keyed_device() -> None:
    key = bytearray(KEY)
    with CryptoDevice("hmac(sha256)", key=key) as device:
        key[:] = bytes(len(key))
        ours = device.hash(TEXT)
        ours.update(b"more")
        assert ours.digest() == hmac.digest(KEY, TEXT + b"more", "sha256")


def test_cmac(requires: Callable[[str], None]) -> None:
    requires("cmac(aes)")
    judge = CMAC(algorithms.AES(KEY[:16]))
    judge.update(TEXT)
    with CryptoDevice("cmac(aes)", key=KEY[:16]) as device:
        assert device.digest(TEXT) == judge.finalize()


def test_crc32(requires: Callable[[str], None]) -> None:
    requires("crc32")
    with CryptoDevice("crc32", key=b"\xff" * 4) as device:
        inverted = int.from_bytes(device.digest(TEXT), "little") ^ 0xFFFFFFFF
        assert inverted == zlib.crc32(TEXT)


def test_digest_goes_to_the_callers_buffer() -> None:
    out = bytearray(b"\xaa" * 40)
    with CryptoDevice("sha256") as device:
        assert device.digest_into(TEXT, out) == 32
    assert out == hashlib.sha256(TEXT).digest() + b"\xaa" * 8


def test_a_short_buffer_is_refused_and_left_alone() -> None:
    out = bytearray(31)
    with CryptoDevice("sha256") as device, pytest.raises(BufferTooSmall) as caught:
        device.digest_into(TEXT, out)
    assert caught.value.needed == 32
    assert out == bytes(31)


def test_several_hash_objects_of_one_device() -> None:
    with CryptoDevice("sha256") as device:
        objects = [device.hash(bytes([number])) for number in range(5)]
        for number, each in enumerate(objects):
            each.update(TEXT[: number * 1000])
        for number, each in enumerate(objects):
            expected = hashlib.sha256(bytes([number]) + TEXT[: number * 1000])
            assert each.digest() == expected.digest()


def test_a_hash_object_outlives_its_device() -> None:
    with CryptoDevice("sha256") as device:
        ours = device.hash(b"a")
    ours.update(b"bc")
    assert ours.digest() == hashlib.sha256(b"abc").digest()


def test_the_digest_stays_and_nothing_can_follow_it() -> None:
    ours = pycryptodev.new("sha256", b"abc")
    first = ours.digest()
    with pytest.raises(ValueError, match="digest has been taken"):
        ours.update(b"more")
    assert ours.digest() == first
    assert not ours


def test_the_digest_gives_the_context_up() -> None:
    before = driver_info().contexts_of_user
    ours = pycryptodev.new("sha256", b"abc")
    assert driver_info().contexts_of_user == before + 1
    ours.digest()
    assert driver_info().contexts_of_user == before


def test_leaving_the_block_gives_the_context_up() -> None:
    before = driver_info().contexts_of_user
    with Hash("sha256") as ours:
        ours.update(b"abc")
        assert ours
    assert not ours
    assert driver_info().contexts_of_user == before


def test_a_closed_hash_object_has_no_digest() -> None:
    ours = pycryptodev.new("sha256", b"abc")
    ours.close()
    ours.close()
    with pytest.raises(DeviceClosed):
        ours.digest()
    with pytest.raises(DeviceClosed):
        ours.update(b"more")
    with pytest.raises(DeviceClosed), ours:
        pass


def test_a_digest_that_was_taken_survives_close() -> None:
    with pycryptodev.new("sha256", b"abc") as ours:
        digest = ours.digest()
    assert ours.digest() == digest == hashlib.sha256(b"abc").digest()


def test_more_than_a_request_takes() -> None:
    data = TEXT[:8192] * (driver_info().max_request_bytes // 8192) + TEXT
    out = bytearray(20)
    with CryptoDevice("sha1") as device:
        assert device.digest_into(data, out) == 20
    assert out == hashlib.sha1(data).digest()


@contextmanager
def interrupted() -> Iterator[None]:
    """Raise what Ctrl-C raises at the moment when the driver has answered."""

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if event == "c_return" and argument is fcntl.ioctl:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sys.setprofile(profile)
        try:
            yield
        finally:
            sys.setprofile(None)


def test_an_interrupted_update_is_not_repeated_unnoticed() -> None:
    ours = pycryptodev.new("sha256", b"a")
    with interrupted():
        ours.update(b"b")
    with pytest.raises(StreamLost):
        ours.update(b"b")
    with pytest.raises(StreamLost):
        ours.digest()


def test_an_interrupted_digest_is_not_that_of_nothing() -> None:
    ours = pycryptodev.new("sha256", b"a")
    with interrupted():
        ours.digest()
    with pytest.raises(StreamLost):
        ours.digest()


def test_a_keyed_hash_needs_its_key() -> None:
    with pytest.raises(NoKey):
        CryptoDevice("hmac(sha256)")
    with pytest.raises(NoKey):
        pycryptodev.new("hmac(sha256)")


def test_a_key_of_a_wrong_length_is_refused(requires: Callable[[str], None]) -> None:
    requires("cmac(aes)")
    with pytest.raises(InvalidRequest):
        pycryptodev.new("cmac(aes)", key=bytes(15))


@pytest.mark.parametrize("name", ["cbc(aes)", ""])
def test_other_classes_have_no_hash(name: str) -> None:
    key = bytes(16) if name else None
    with CryptoDevice(name or default_generator(), key=key) as device:
        with pytest.raises(NotSupported):
            device.hash()
        with pytest.raises(NotSupported):
            device.digest(b"abc")
