# SPDX-License-Identifier: MIT
"""Shared contexts, copied and saved hash streams."""

from __future__ import annotations

import hashlib
import hmac
import os

import pytest

import pycryptodev
from pycryptodev import (
    CryptoDevice,
    DeviceClosed,
    InvalidState,
    NotSupported,
    driver_info,
)

KEY = b"key of the keyed hash"
TEXT = os.urandom(10_000)


# Sharing


def test_a_shared_cipher_has_the_same_key() -> None:
    with CryptoDevice("cbc(aes)", key=KEY[:16]) as device, device.share() as shared:
        assert shared.info == device.info
        sealed = device.encrypt(bytes(32), iv=bytes(16))
        assert shared.decrypt(sealed, iv=bytes(16)) == bytes(32)


def test_either_may_be_closed_first() -> None:
    device = CryptoDevice("hmac(sha256)", key=KEY)
    shared = device.share()
    device.close()
    again = shared.share()
    shared.close()
    assert again.digest(TEXT) == hmac.digest(KEY, TEXT, "sha256")
    again.close()


def test_sharing_counts() -> None:
    before = driver_info().contexts_of_user
    with CryptoDevice("sha256") as device, device.share():
        assert driver_info().contexts_of_user == before + 2
    assert driver_info().contexts_of_user == before


def test_a_device_keeps_no_key() -> None:
    with CryptoDevice("hmac(sha256)", key=KEY) as device:
        kept = [getattr(device._context, name) for name in device._context.__slots__]
        assert KEY not in (value for value in (*vars(device).values(), *kept))
        assert repr(KEY) not in repr((vars(device), kept))
        assert device.hash(TEXT).digest() == hmac.digest(KEY, TEXT, "sha256")


# Copies


@pytest.mark.parametrize("name", ["sha256", "hmac(sha256)", "sha512"])
def test_a_copy_goes_on_by_itself(name: str) -> None:
    key = KEY if "hmac" in name else None
    first = pycryptodev.new(name, TEXT, key)
    second = first.copy()
    first.update(b"one")
    second.update(b"two")
    third = second.copy()
    for ours, text in ((first, b"one"), (second, b"two"), (third, b"two")):
        judge = hmac.new(KEY, None, "sha256") if key else hashlib.new(name)
        judge.update(TEXT + text)
        assert ours.digest() == judge.digest()


def test_a_copy_outlives_its_origin() -> None:
    ours = pycryptodev.new("sha256", b"abc")
    copied = ours.copy()
    ours.close()
    assert copied.digest() == hashlib.sha256(b"abc").digest()
    with pytest.raises(DeviceClosed):
        ours.copy()


def test_a_digest_that_was_taken_cannot_be_copied() -> None:
    ours = pycryptodev.new("sha256")
    ours.digest()
    with pytest.raises(ValueError, match="digest has been taken"):
        ours.copy()
    with pytest.raises(ValueError, match="digest has been taken"):
        ours.save()


# Saved states


@pytest.mark.parametrize("name", ["sha256", "hmac(sha256)", "sha1"])
def test_a_saved_state_goes_on(name: str) -> None:
    key = KEY if "hmac" in name else None
    with CryptoDevice(name, key=key) as device, device.hash(TEXT) as ours:
        state = ours.save()
        assert len(state) == device.info.saved_bytes
        assert TEXT[-32:] not in state
        ours.update(b"one")
    # Another context, as after the end of the program.
    with CryptoDevice(name, key=key) as device:
        again = device.restore(state)
        again.update(b"two")
        twice = device.restore(bytearray(state))
    for hashed, text in ((ours, None), (again, b"two"), (twice, b"")):
        if text is None:
            assert not hashed
            continue
        judge = hmac.new(KEY, None, "sha256") if key else hashlib.new(name)
        judge.update(TEXT + text)
        assert hashed.digest() == judge.digest()


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_changed_state_is_refused(at: int) -> None:
    with CryptoDevice("sha256") as device:
        state = bytearray(device.hash(TEXT).save())
        state[at] ^= 1
        with pytest.raises(InvalidState):
            device.restore(state)


def test_a_state_of_another_key_or_length_is_refused() -> None:
    with CryptoDevice("hmac(sha256)", key=KEY) as device:
        state = device.hash(TEXT).save()
        for wrong in (state[:-1], state + b"\0", b""):
            with pytest.raises(InvalidState):
                device.restore(wrong)
    with CryptoDevice("hmac(sha256)", key=KEY + b"!") as other, pytest.raises(InvalidState):
        other.restore(state)
    with CryptoDevice("sha256") as other, pytest.raises(InvalidState):
        other.restore(state)


def test_a_refused_state_leaves_nothing_open() -> None:
    before = driver_info().contexts_of_user
    with CryptoDevice("sha256") as device:
        with pytest.raises(InvalidState):
            device.restore(b"none")
        assert driver_info().contexts_of_user == before + 1


def test_a_cipher_restores_nothing() -> None:
    with CryptoDevice("cbc(aes)", key=KEY[:16]) as device, pytest.raises(NotSupported):
        device.restore(b"")
