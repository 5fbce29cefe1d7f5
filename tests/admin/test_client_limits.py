# SPDX-License-Identifier: MIT
"""The client when the administrator changes the limits, and when the driver comes and goes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import mmap
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import pycryptodev
from pycryptodev import (
    AsyncCryptoDevice,
    BadAddress,
    CryptoDevice,
    DeviceMissing,
    LimitReached,
    Op,
    Request,
    StreamLost,
    discovery,
)
from tests.admin import driver

Mode = modes.CBC | modes.CTR | modes.ECB
SetParameter = Callable[[str, int], None]

KEY = bytes(range(16))
IV = bytes(range(50, 66))
CAP = 65536
TEXT = os.urandom(5 * CAP + 48)

MODES = [("cbc(aes)", modes.CBC(IV)), ("ctr(aes)", modes.CTR(IV)), ("ecb(aes)", modes.ECB())]


def openssl(mode: Mode, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(KEY), mode).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def iv_of(name: str) -> bytes:
    return b"" if name.startswith("ecb") else IV


@pytest.fixture
def small_requests(set_parameter: SetParameter) -> None:
    """Requests take 64 KiB."""
    set_parameter("max_request_bytes", CAP)


@pytest.mark.parametrize(("name", "mode"), MODES, ids=["cbc", "ctr", "ecb"])
@pytest.mark.parametrize("size", [CAP - 16, CAP, CAP + 16, 2 * CAP, len(TEXT)])
def test_ciphers_in_pieces(small_requests: None, name: str, mode: Mode, size: int) -> None:
    with CryptoDevice(name, key=KEY) as device:
        ciphertext = device.encrypt(TEXT[:size], iv=iv_of(name))
        assert ciphertext == openssl(mode, TEXT[:size])
        assert device.decrypt(ciphertext, iv=iv_of(name)) == TEXT[:size]


def test_a_stream_cipher_may_end_anywhere(small_requests: None) -> None:
    with CryptoDevice("ctr(aes)", key=KEY) as device:
        assert device.encrypt(TEXT[: CAP + 5], iv=IV) == openssl(modes.CTR(IV), TEXT[: CAP + 5])


@pytest.mark.parametrize(("source", "target"), [(0, 0), (0, 16), (16, 0), (0, CAP), (CAP, 0)])
def test_pieces_in_overlapping_buffers(small_requests: None, source: int, target: int) -> None:
    size = 3 * CAP
    memory = bytearray(TEXT)
    view = memoryview(memory)
    with CryptoDevice("cbc(aes)", key=KEY) as device:
        device.encrypt_into(view[source : source + size], view[target : target + size], iv=IV)
    assert view[target : target + size] == openssl(modes.CBC(IV), TEXT[source : source + size])


def test_chained_parts_longer_than_a_request(small_requests: None) -> None:
    with CryptoDevice("cbc(aes)", key=KEY) as device:
        first, iv = device.encrypt_chained(TEXT[: 2 * CAP], iv=IV)
        second, _ = device.encrypt_chained(TEXT[2 * CAP :], iv=iv)
    assert first + second == openssl(modes.CBC(IV), TEXT)


@pytest.mark.parametrize("size", [CAP, CAP + 1, len(TEXT)])
def test_hashes_in_pieces(small_requests: None, size: int) -> None:
    with CryptoDevice("sha256") as device, CryptoDevice("hmac(sha256)", key=KEY) as keyed:
        assert device.digest(TEXT[:size]) == hashlib.sha256(TEXT[:size]).digest()
        assert keyed.digest(TEXT[:size]) == hmac.digest(KEY, TEXT[:size], "sha256")
    ours = pycryptodev.new("sha256", TEXT[:size])
    ours.update(TEXT)
    assert ours.digest() == hashlib.sha256(TEXT[:size] + TEXT).digest()


def test_a_long_digest_leaves_the_stream_alone(small_requests: None) -> None:
    with CryptoDevice("sha256") as device:
        device.run([Request(Op.STREAM_UPDATE, b"ab")])[0].get()
        device.digest(TEXT)
        (result,) = device.run([Request(Op.STREAM_FINAL, b"c")])
        assert result.get() == hashlib.sha256(b"abc").digest()


def test_a_hash_of_which_a_part_was_lost(small_requests: None, tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_bytes(bytes(2 * CAP))
    ours = pycryptodev.new("sha256", b"head")
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 2 * CAP) as memory:
        opened.truncate(CAP)
        with pytest.raises(BadAddress):
            ours.update(memory)
    with pytest.raises(StreamLost):
        ours.update(b"more")
    with pytest.raises(StreamLost):
        ours.digest()


def test_a_hash_to_which_nothing_was_added(small_requests: None, tmp_path: Path) -> None:
    file = tmp_path / "short"
    file.write_bytes(bytes(CAP))
    ours = pycryptodev.new("sha256", b"head")
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), CAP) as memory:
        opened.truncate(0)
        with pytest.raises(BadAddress):
            ours.update(memory)
    ours.update(b"more")
    assert ours.digest() == hashlib.sha256(b"headmore").digest()


@pytest.mark.requires("stdrng")
def test_random_numbers_in_pieces(small_requests: None) -> None:
    with CryptoDevice("stdrng") as device:
        drawn = device.random(2 * CAP + 100, additional=b"additional")
    pieces = {drawn[at : at + 50] for at in range(0, len(drawn), 50)}
    assert len(pieces) == len(drawn) // 50 + 1 - (len(drawn) % 50 == 0)
    assert bytes(50) not in pieces


@pytest.mark.parametrize(("name", "mode"), MODES, ids=["cbc", "ctr", "ecb"])
def test_the_cap_is_lowered_under_an_open_device(
    set_parameter: SetParameter, name: str, mode: Mode
) -> None:
    with CryptoDevice(name, key=KEY) as device:
        set_parameter("max_request_bytes", CAP)
        assert device.encrypt(TEXT, iv=iv_of(name)) == openssl(mode, TEXT)


@pytest.mark.parametrize("parameter", ["max_request_bytes", "max_memory_per_user"])
def test_a_limit_is_lowered_under_an_awaited_device(
    set_parameter: SetParameter, parameter: str
) -> None:
    async def main() -> None:
        async with (
            AsyncCryptoDevice("cbc(aes)", key=KEY) as cbc,
            AsyncCryptoDevice("sha256") as sha,
        ):
            set_parameter(parameter, 2 * CAP)
            assert await cbc.encrypt(TEXT, iv=IV) == openssl(modes.CBC(IV), TEXT)
            assert await sha.digest(TEXT) == hashlib.sha256(TEXT).digest()

    asyncio.run(main())


def test_the_cap_is_lowered_under_an_open_hash(set_parameter: SetParameter) -> None:
    ours = pycryptodev.new("sha256")
    with CryptoDevice("sha256") as device:
        set_parameter("max_request_bytes", CAP)
        assert device.digest(TEXT) == hashlib.sha256(TEXT).digest()
    ours.update(TEXT)
    assert ours.digest() == hashlib.sha256(TEXT).digest()


@pytest.mark.requires("stdrng")
def test_the_cap_is_lowered_under_an_open_generator(set_parameter: SetParameter) -> None:
    with CryptoDevice("stdrng") as device:
        set_parameter("max_request_bytes", CAP)
        assert len(device.random(3 * CAP)) == 3 * CAP


def test_the_cap_goes_up_and_down_while_data_go_through(set_parameter: SetParameter) -> None:
    expected = openssl(modes.CBC(IV), TEXT)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            for cap in (CAP, 2 * CAP + 4096, 4 * CAP):
                set_parameter("max_request_bytes", cap)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        with CryptoDevice("cbc(aes)", key=KEY) as device:
            for _ in range(30):
                assert device.encrypt(TEXT, iv=IV) == expected
    finally:
        stop.set()
        changer.join()


def test_little_memory_makes_small_pieces(set_parameter: SetParameter) -> None:
    set_parameter("max_memory_per_user", 2 * CAP)
    with CryptoDevice("cbc(aes)", key=KEY, zero_copy=False) as device:
        assert device.encrypt(TEXT, iv=IV) == openssl(modes.CBC(IV), TEXT)


def test_no_memory_is_an_error(set_parameter: SetParameter) -> None:
    # Without a copy it would take none.
    with CryptoDevice("cbc(aes)", key=KEY, zero_copy=False) as device:
        set_parameter("max_memory_per_user", 0)
        with pytest.raises(LimitReached):
            device.encrypt(TEXT, iv=IV)


def test_an_aead_takes_what_the_cap_is_now(set_parameter: SetParameter) -> None:
    set_parameter("max_request_bytes", CAP)
    with CryptoDevice("gcm(aes)", key=KEY) as device:
        with pytest.raises(LimitReached, match=f"more than the {CAP} of one request"):
            device.encrypt(TEXT, iv=IV[:12])
        set_parameter("max_request_bytes", 16 * CAP)
        sealed = device.encrypt(TEXT, iv=IV[:12])
        assert device.decrypt(sealed, iv=IV[:12]) == TEXT


def test_a_batch_is_not_cut_into_pieces(small_requests: None) -> None:
    with CryptoDevice("cbc(aes)", key=KEY) as device:
        too_long, fine = device.run(
            [Request(Op.ENCRYPT, TEXT, iv=IV), Request(Op.ENCRYPT, TEXT[:CAP], iv=IV)]
        )
    assert isinstance(too_long.error, LimitReached)
    assert fine.get() == openssl(modes.CBC(IV), TEXT[:CAP])


def test_no_more_contexts_than_the_limit(set_parameter: SetParameter) -> None:
    set_parameter("max_contexts_per_user", 2)
    with CryptoDevice("sha256"), CryptoDevice("sha256") as device:
        with pytest.raises(LimitReached):
            CryptoDevice("sha256")
        with pytest.raises(LimitReached):
            device.hash()
        assert len(device.digest(b"")) == 32


def test_waiting_and_watching_while_the_driver_comes_and_goes(reloadable: None) -> None:
    with discovery.watch() as events:
        driver.unload()
        removed = events.poll(20)
        assert removed == discovery.Event("remove", pycryptodev.NODE)
        driver.settle()
        assert discovery.find() is None
        with pytest.raises(DeviceMissing, match=r"no node within 0\.2 s"):
            discovery.wait(0.2)
        with pytest.raises(DeviceMissing, match="module not loaded"):
            CryptoDevice("sha256")

        loader = threading.Thread(target=driver.load)
        loader.start()
        path = discovery.wait(30)
        with CryptoDevice("sha256", path=path) as device:
            assert len(device.digest(b"")) == 32
        loader.join()
        assert next(events) == discovery.Event("add", pycryptodev.NODE)
