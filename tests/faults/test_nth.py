# SPDX-License-Identifier: MIT
"""Every allocation and every copy fails once that the kernel makes for a context and a request in
it. Nothing may come of it but an errno, and what was taken is given back.

The kernel must be one with fault injection: KERNEL=debug.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from pycryptodev import AlgClass, CryptoDevice, driver_info
from tests import injection

USES = Path("/sys/module/devcrypto/refcnt")
TEXT = bytes(range(256)) * 300

# More than any use takes: the walk has to come to its end.
MOST = 2000


def cipher() -> None:
    """Use a context of the class."""
    with CryptoDevice("cbc(aes)", key=bytes(16), alg_class=AlgClass.SKCIPHER) as device:
        device.encrypt(TEXT, iv=bytes(16))


def aead() -> None:
    """Use a context of the class."""
    with CryptoDevice("gcm(aes)", key=bytes(16), alg_class=AlgClass.AEAD) as device:
        device.encrypt(TEXT, iv=bytes(12), assoc=TEXT[:100])


def keyed_hash() -> None:
    """Use a context of the class."""
    with CryptoDevice("hmac(sha256)", key=bytes(16), alg_class=AlgClass.HASH) as device:
        device.digest(TEXT)


def generator() -> None:
    """Use a context of the class."""
    with CryptoDevice("stdrng", alg_class=AlgClass.RNG) as device:
        device.random(1000)


def held() -> tuple[int, int, str]:
    """What is in use of the driver."""
    info = driver_info()
    return info.contexts_of_user, info.memory_of_user, USES.read_text(encoding="ascii")


@pytest.mark.time_limit(900)
@pytest.mark.parametrize("use", [cipher, aead, keyed_hash, generator])
def test_each_failure_is_an_errno_and_no_more(use: Callable[[], None]) -> None:
    before = held()
    found: set[int] = set()
    for number in count(1):
        code = injection.nth(number, use)
        if code is None:
            break
        found.add(code)
        assert held() == before, f"failure {number}, errno {code}"
        assert number < MOST
    assert {errno.ENOMEM, errno.EFAULT} <= found <= {0, errno.ENOMEM, errno.EFAULT}
    use()
