# SPDX-License-Identifier: MIT
"""Failures on request: each kind comes when it is asked for."""

from __future__ import annotations

import errno

import pytest

from pycryptodev import AlgClass, CryptoDevice
from tests import injection


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("failslab", {errno.ENOMEM}),
        # The kernel may do without, or ask again.
        ("fail_page_alloc", {0, errno.ENOMEM}),
        # It may not be the device's copy that comes first.
        ("fail_usercopy", {0, errno.EFAULT}),
    ],
)
def test_kind(kind: str, expected: set[int]) -> None:
    def use() -> None:
        with CryptoDevice("cbc(aes)", key=bytes(16), alg_class=AlgClass.SKCIPHER) as device:
            device.encrypt(bytes(256 << 10), iv=bytes(16))

    assert injection.once(kind, use) in expected
