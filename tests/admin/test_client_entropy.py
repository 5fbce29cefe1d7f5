# SPDX-License-Identifier: MIT
"""A generator that takes its entropy from the caller, which only root may have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pycryptodev import CryptoDevice, Feature, NoKey, NotSupported, Op, Request, driver_info

NAME = "drbg_nopr_hmac_sha256"
ENTROPY = bytes(range(48))


@pytest.fixture(autouse=True)
def known(requires: Callable[[str], None]) -> None:
    """Skip where there is no such generator or the driver does not know of it."""
    requires(NAME)
    if Feature.ENTROPY not in driver_info().features:
        pytest.skip("this driver takes no entropy from the caller")


def drawn(entropy: bytes, additional: bytes = b"") -> bytes:
    with CryptoDevice(NAME, entropy=True) as device:
        device.reseed(b"personal", entropy=entropy)
        return device.random(64, additional=additional)


def test_the_same_entropy_gives_the_same_bytes() -> None:
    first = drawn(ENTROPY)
    assert drawn(ENTROPY) == first
    assert drawn(ENTROPY[::-1]) != first
    assert drawn(ENTROPY, b"more") != first


def test_in_a_batch() -> None:
    with CryptoDevice(NAME, entropy=True) as device:
        seeded, made = device.run(
            [
                Request(Op.RESEED, b"personal", entropy=ENTROPY),
                Request(Op.GENERATE, dst_bytes=64),
            ]
        )
    assert seeded.error is None
    assert made.get() == drawn(ENTROPY)


def test_it_has_to_be_seeded_first() -> None:
    with CryptoDevice(NAME, entropy=True) as device, pytest.raises(NoKey):
        device.random(16)


def test_it_cannot_be_shared() -> None:
    with CryptoDevice(NAME, entropy=True) as device, pytest.raises(NotSupported):
        device.share()


def test_not_for_other_generators(requires: Callable[[str], None]) -> None:
    requires("jitterentropy_rng")
    with pytest.raises(NotSupported):
        CryptoDevice("jitterentropy_rng", entropy=True)
