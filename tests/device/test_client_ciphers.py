# SPDX-License-Identifier: MIT
"""Symmetric ciphers through CryptoDevice, judged by OpenSSL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from pycryptodev import (
    BufferTooSmall,
    CryptoDevice,
    InvalidRequest,
    LimitReached,
    NotSupported,
    driver_info,
)

Algorithm = algorithms.AES | TripleDES
Requires = Callable[[str], None]
Mode = modes.CBC | modes.CTR | modes.ECB | modes.XTS

KEY = bytes(range(32))
IV = bytes(range(100, 116))
TEXT = os.urandom(4096 + 64)


def openssl(algorithm: Algorithm, mode: Mode, data: bytes) -> bytes:
    encryptor = Cipher(algorithm, mode).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def cbc(data: bytes) -> bytes:
    return openssl(algorithms.AES(KEY), modes.CBC(IV), data)


@pytest.fixture
def device() -> Iterator[CryptoDevice]:
    with CryptoDevice("cbc(aes)", key=KEY) as opened:
        yield opened


@pytest.mark.parametrize(
    ("name", "algorithm", "mode"),
    [
        ("cbc(aes)", algorithms.AES(KEY[:16]), modes.CBC(IV)),
        ("cbc(aes)", algorithms.AES(KEY[:24]), modes.CBC(IV)),
        ("cbc(aes)", algorithms.AES(KEY), modes.CBC(IV)),
        ("ctr(aes)", algorithms.AES(KEY), modes.CTR(IV)),
        ("ecb(aes)", algorithms.AES(KEY), modes.ECB()),
        ("xts(aes)", algorithms.AES(KEY), modes.XTS(IV)),
        ("cbc(des3_ede)", TripleDES(KEY[:24]), modes.CBC(IV[:8])),
    ],
    ids=lambda value: getattr(value, "name", None),
)
@pytest.mark.parametrize("size", [16, 64, 4096, len(TEXT)])
def test_encryption_is_openssls_and_decryption_undoes_it(
    requires: Requires, name: str, algorithm: Algorithm, mode: Mode, size: int
) -> None:
    requires(name)
    iv = b"" if name.startswith("ecb") else IV[:8] if "des3" in name else IV
    with CryptoDevice(name, key=algorithm.key) as device:
        ciphertext = device.encrypt(TEXT[:size], iv=iv)
        assert ciphertext == openssl(algorithm, mode, TEXT[:size])
        assert device.decrypt(ciphertext, iv=iv) == TEXT[:size]


@pytest.mark.parametrize("size", [0, 1, 15, 17, 4095])
def test_stream_modes_take_any_length(size: int) -> None:
    with CryptoDevice("ctr(aes)", key=KEY) as device:
        expected = openssl(algorithms.AES(KEY), modes.CTR(IV), TEXT[:size])
        assert device.encrypt(TEXT[:size], iv=IV) == expected


def test_an_empty_message_is_empty(device: CryptoDevice) -> None:
    assert device.encrypt(b"", iv=IV) == b""


@pytest.mark.parametrize("name", ["cbc(aes-generic)", "cbc-aes-lib"])
def test_a_driver_name_takes_that_driver(requires: Requires, name: str) -> None:
    requires(name)
    with CryptoDevice(name, key=KEY) as device:
        assert device.info.driver == name
        assert device.encrypt(TEXT[:64], iv=IV) == cbc(TEXT[:64])


def test_output_goes_to_the_callers_buffer(device: CryptoDevice) -> None:
    out = bytearray(b"\xaa" * 100)
    assert device.encrypt_into(TEXT[:64], out, iv=IV) == 64
    assert out == cbc(TEXT[:64]) + b"\xaa" * 36


def test_decryption_goes_to_the_callers_buffer(device: CryptoDevice) -> None:
    out = bytearray(64)
    assert device.decrypt_into(cbc(TEXT[:64]), out, iv=IV) == 64
    assert out == TEXT[:64]


def test_in_place(device: CryptoDevice) -> None:
    buffer = bytearray(TEXT)
    device.encrypt_into(buffer, buffer, iv=IV)
    assert buffer == cbc(TEXT)
    device.decrypt_into(buffer, buffer, iv=IV)
    assert buffer == TEXT


@pytest.mark.parametrize(("source", "target"), [(0, 16), (16, 0), (0, 1), (33, 0)])
def test_source_and_destination_may_overlap(device: CryptoDevice, source: int, target: int) -> None:
    memory = bytearray(TEXT + bytes(64))
    view = memoryview(memory)
    data = bytes(view[source : source + 4096])
    device.encrypt_into(view[source : source + 4096], view[target : target + 4096], iv=IV)
    assert view[target : target + 4096] == cbc(data)


def test_the_iv_stays_as_it_is(device: CryptoDevice) -> None:
    iv = bytearray(IV)
    device.encrypt_chained(TEXT[:64], iv=iv)
    assert iv == IV


@pytest.mark.parametrize("name", ["cbc(aes)", "ctr(aes)"])
def test_a_message_goes_on_with_the_iv_that_was_returned(name: str) -> None:
    with CryptoDevice(name, key=KEY) as device:
        whole = device.encrypt(TEXT, iv=IV)
        first, iv = device.encrypt_chained(TEXT[:1024], iv=IV)
        second, iv = device.encrypt_chained(TEXT[1024:4096], iv=iv)
        third, _ = device.encrypt_chained(TEXT[4096:], iv=iv)
        assert first + second + third == whole

        first, iv = device.decrypt_chained(whole[:2048], iv=IV)
        second, _ = device.decrypt_chained(whole[2048:], iv=iv)
        assert first + second == TEXT


def test_ecb_goes_on_without_an_iv() -> None:
    with CryptoDevice("ecb(aes)", key=KEY) as device:
        first, iv = device.encrypt_chained(TEXT[:16], iv=b"")
        assert iv == b""
        assert first == device.encrypt(TEXT[:16])


def test_a_mode_that_does_not_chain_returns_no_iv() -> None:
    with (
        CryptoDevice("xts(aes)", key=bytes(range(64))) as device,
        pytest.raises(NotSupported),
    ):
        device.encrypt_chained(TEXT[:64], iv=IV)


@pytest.mark.parametrize("length", [0, 8, 15, 17])
def test_an_iv_of_another_length_is_refused(device: CryptoDevice, length: int) -> None:
    with pytest.raises(ValueError, match=f"the IV has {length} bytes, not 16"):
        device.encrypt(TEXT[:16], iv=bytes(length))


def test_a_length_that_the_mode_does_not_take_is_refused(device: CryptoDevice) -> None:
    with pytest.raises(InvalidRequest):
        device.encrypt(TEXT[:17], iv=IV)


def test_associated_data_are_refused(device: CryptoDevice) -> None:
    with pytest.raises(ValueError, match="no associated data"):
        device.encrypt(TEXT[:16], iv=IV, assoc=b"x")


def test_a_short_buffer_is_refused_and_left_alone(device: CryptoDevice) -> None:
    out = bytearray(63)
    with pytest.raises(BufferTooSmall) as caught:
        device.encrypt_into(TEXT[:64], out, iv=IV)
    assert caught.value.needed == 64
    assert out == bytes(63)


def test_a_failed_call_does_not_spoil_the_next(device: CryptoDevice) -> None:
    with pytest.raises(InvalidRequest):
        device.encrypt(TEXT[:17], iv=IV)
    assert device.encrypt(TEXT[:64], iv=IV) == cbc(TEXT[:64])


def test_more_than_a_request_takes(device: CryptoDevice) -> None:
    size = driver_info().max_request_bytes + 1024
    data = TEXT[:1024] * (size // 1024)
    ciphertext = device.encrypt(data, iv=IV)
    assert ciphertext == cbc(data)
    buffer = bytearray(ciphertext)
    assert device.decrypt_into(buffer, buffer, iv=IV) == len(data)
    assert buffer == data


def test_more_than_a_request_takes_where_the_mode_does_not_chain() -> None:
    data = bytes(driver_info().max_request_bytes + 16)
    with (
        CryptoDevice("xts(aes)", key=bytes(range(64))) as device,
        pytest.raises(LimitReached, match="cannot go on from one request to the next"),
    ):
        device.encrypt(data, iv=IV)
