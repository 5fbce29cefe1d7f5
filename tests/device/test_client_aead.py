# SPDX-License-Identifier: MIT
"""Authenticated encryption through CryptoDevice, judged by OpenSSL."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from pycryptodev import (
    BufferTooSmall,
    CryptoDevice,
    InvalidRequest,
    InvalidTag,
    LimitReached,
    NotSupported,
    ccm_iv,
    driver_info,
)

KEY = bytes(range(32))
NONCE = bytes(range(100, 112))
TEXT = os.urandom(5000)
ASSOC = b"associated data"

Judge = AESGCM | AESCCM | ChaCha20Poly1305


@pytest.fixture
def device() -> Iterator[CryptoDevice]:
    with CryptoDevice("gcm(aes)", key=KEY) as opened:
        yield opened


def gcm(text: bytes, assoc: bytes = ASSOC) -> bytes:
    return AESGCM(KEY).encrypt(NONCE, text, assoc)


@pytest.mark.parametrize(
    ("name", "judge", "encode"),
    [
        ("gcm(aes)", AESGCM(KEY), bytes),
        ("ccm(aes)", AESCCM(KEY), ccm_iv),
        ("rfc7539(chacha20,poly1305)", ChaCha20Poly1305(KEY), bytes),
    ],
    ids=["gcm", "ccm", "chacha20poly1305"],
)
@pytest.mark.parametrize("size", [0, 1, 16, 1000, 4080, 4096, 5000])
@pytest.mark.parametrize("assoc", [b"", ASSOC], ids=["", "assoc"])
def test_encryption_is_openssls_and_decryption_undoes_it(
    requires: Callable[[str], None],
    name: str,
    judge: Judge,
    encode: Callable[[bytes], bytes],
    size: int,
    assoc: bytes,
) -> None:
    requires(name)
    iv = encode(NONCE)
    with CryptoDevice(name, key=KEY) as device:
        sealed = device.encrypt(TEXT[:size], iv=iv, assoc=assoc)
        assert sealed == judge.encrypt(NONCE, TEXT[:size], assoc)
        assert device.decrypt(sealed, iv=iv, assoc=assoc) == TEXT[:size]


@pytest.mark.parametrize("tag_bytes", [12, 13, 14, 15, 16])
def test_shorter_tags(tag_bytes: int) -> None:
    with CryptoDevice("gcm(aes)", key=KEY, tag_bytes=tag_bytes) as device:
        assert device.info.tag_bytes == tag_bytes
        assert device.info.tag_max_bytes == 16
        sealed = device.encrypt(TEXT, iv=NONCE, assoc=ASSOC)
        assert sealed == gcm(TEXT)[: len(TEXT) + tag_bytes]
        assert device.decrypt(sealed, iv=NONCE, assoc=ASSOC) == TEXT


def test_a_tag_that_the_mode_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice("gcm(aes)", key=KEY, tag_bytes=3)


def test_two_keys(requires: Callable[[str], None]) -> None:
    name = "authenc(hmac(sha256),cbc(aes))"
    requires(name)
    iv, auth_key = bytes(range(16)), b"authentication"
    with CryptoDevice(name, key=KEY, auth_key=auth_key) as device:
        sealed = device.encrypt(TEXT[:4096], iv=iv, assoc=ASSOC)
        encryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).encryptor()
        text = encryptor.update(TEXT[:4096])
        assert sealed == text + hmac.digest(auth_key, ASSOC + text, "sha256")
        assert device.decrypt(sealed, iv=iv, assoc=ASSOC) == TEXT[:4096]


@pytest.mark.parametrize("flipped", [0, 2500, 4999, 5000, 5015])
def test_a_changed_byte_is_noticed(device: CryptoDevice, flipped: int) -> None:
    sealed = bytearray(gcm(TEXT))
    sealed[flipped] ^= 1
    with pytest.raises(InvalidTag):
        device.decrypt(sealed, iv=NONCE, assoc=ASSOC)


def test_other_associated_data_are_noticed(device: CryptoDevice) -> None:
    with pytest.raises(InvalidTag):
        device.decrypt(gcm(TEXT), iv=NONCE, assoc=ASSOC[1:])


def test_another_nonce_is_noticed(device: CryptoDevice) -> None:
    with pytest.raises(InvalidTag):
        device.decrypt(gcm(TEXT), iv=bytes(12), assoc=ASSOC)


@pytest.mark.parametrize("length", [0, 1, 15])
def test_less_than_a_tag_is_no_ciphertext(device: CryptoDevice, length: int) -> None:
    with pytest.raises(InvalidTag):
        device.decrypt(bytes(length), iv=NONCE)


def test_a_wrong_tag_writes_nothing(device: CryptoDevice) -> None:
    sealed = bytearray(gcm(TEXT))
    sealed[-1] ^= 1
    out = bytearray(b"\xaa" * len(TEXT))
    with pytest.raises(InvalidTag):
        device.decrypt_into(sealed, out, iv=NONCE, assoc=ASSOC)
    assert out == b"\xaa" * len(TEXT)


def test_output_goes_to_the_callers_buffer(device: CryptoDevice) -> None:
    out = bytearray(b"\xaa" * (len(TEXT) + 20))
    assert device.encrypt_into(TEXT, out, iv=NONCE, assoc=ASSOC) == len(TEXT) + 16
    assert out == gcm(TEXT) + b"\xaa" * 4


def test_in_place(device: CryptoDevice) -> None:
    buffer = bytearray(TEXT + bytes(16))
    text = memoryview(buffer)[: len(TEXT)]
    device.encrypt_into(text, buffer, iv=NONCE, assoc=ASSOC)
    assert buffer == gcm(TEXT)
    assert device.decrypt_into(buffer, buffer, iv=NONCE, assoc=ASSOC) == len(TEXT)
    assert text == TEXT


def test_room_without_the_tag_is_too_small(device: CryptoDevice) -> None:
    out = bytearray(len(TEXT) + 15)
    with pytest.raises(BufferTooSmall) as caught:
        device.encrypt_into(TEXT, out, iv=NONCE)
    assert caught.value.needed == len(TEXT) + 16
    assert out == bytes(len(TEXT) + 15)


@pytest.mark.parametrize("length", [0, 11, 13, 16])
def test_a_nonce_of_another_length_is_refused(device: CryptoDevice, length: int) -> None:
    with pytest.raises(ValueError, match=f"the IV has {length} bytes, not 12"):
        device.encrypt(TEXT, iv=bytes(length))


def test_an_aead_does_not_chain(device: CryptoDevice) -> None:
    with pytest.raises(NotSupported):
        device.encrypt_chained(TEXT, iv=NONCE)


def test_more_than_a_request_takes_is_refused(device: CryptoDevice) -> None:
    data = bytes(driver_info().max_request_bytes + 1)
    with pytest.raises(LimitReached, match="cannot go on from one request to the next"):
        device.encrypt(data, iv=NONCE)


def test_more_associated_data_than_a_request_takes_are_refused(device: CryptoDevice) -> None:
    with pytest.raises(LimitReached):
        device.encrypt(b"", iv=NONCE, assoc=bytes(driver_info().max_assoc_bytes + 1))


def test_as_much_as_a_request_takes(device: CryptoDevice) -> None:
    data = bytearray(driver_info().max_request_bytes)
    sealed = device.encrypt(data, iv=NONCE, assoc=ASSOC)
    assert sealed == gcm(bytes(data))
