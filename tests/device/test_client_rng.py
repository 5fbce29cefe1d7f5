# SPDX-License-Identifier: MIT
"""Random number generators through CryptoDevice."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import pytest

from pycryptodev import (
    AlgClass,
    CryptoDevice,
    InvalidRequest,
    LimitReached,
    NotSupported,
    algorithms,
    default_generator,
    driver_info,
)


@pytest.fixture
def device() -> Iterator[CryptoDevice]:
    with CryptoDevice(default_generator()) as opened:
        yield opened


def looks_random(data: bytes) -> bool:
    """Not a test of the generator: whether every part of a buffer was filled."""
    parts = [data[at : at + 4096] for at in range(0, len(data), 4096)]
    return len(set(parts)) == len(parts) and len(zlib.compress(data)) >= len(data)


@pytest.mark.parametrize("size", [0, 1, 32, 4095, 4097, 100000])
def test_as_many_bytes_as_were_asked_for(
    requires: Callable[[str], None], device: CryptoDevice, size: int
) -> None:
    if size > 10000:
        requires("stdrng")  # The other generator would take minutes.
    assert device.info.alg_class is AlgClass.RNG
    data = device.random(size)
    assert len(data) == size
    assert looks_random(data)


def test_two_draws_differ(device: CryptoDevice) -> None:
    assert device.random(32) != device.random(32)


def test_a_buffer_is_filled_and_nothing_beside_it(device: CryptoDevice) -> None:
    buffer = bytearray(b"\xaa" * 10016)
    assert device.random_into(memoryview(buffer)[8:-8]) == 10000
    assert buffer[:8] == buffer[-8:] == b"\xaa" * 8
    assert looks_random(bytes(buffer[8:-8]))


def test_additional_input_and_seeds_are_taken(device: CryptoDevice) -> None:
    device.reseed()
    device.reseed(bytes(range(48)))
    assert looks_random(device.random(4096, additional=b"additional"))


def test_too_much_additional_input_is_refused(device: CryptoDevice) -> None:
    too_much = bytes(driver_info().max_key_bytes + 1)
    with pytest.raises(LimitReached):
        device.random(32, additional=too_much)
    with pytest.raises(LimitReached):
        device.reseed(too_much)


def test_a_negative_size_is_refused(device: CryptoDevice) -> None:
    with pytest.raises(ValueError, match="negative"):
        device.random(-1)


def test_a_generator_takes_no_key() -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice(default_generator(), key=bytes(16))


def test_the_default_generator_is_stdrng_where_there_is_one() -> None:
    name = default_generator()
    registered = {entry.name for entry in algorithms()}
    assert name == ("stdrng" if "stdrng" in registered else "jitterentropy_rng")


def test_jitterentropy(requires: Callable[[str], None]) -> None:
    requires("jitterentropy_rng")
    with CryptoDevice("jitterentropy_rng") as device:
        assert len(set(device.random(150))) > 50


def test_other_classes_draw_nothing() -> None:
    with CryptoDevice("sha256") as device:
        with pytest.raises(NotSupported):
            device.random(1)
        with pytest.raises(NotSupported):
            device.random_into(bytearray(1))
        with pytest.raises(NotSupported):
            device.reseed()
