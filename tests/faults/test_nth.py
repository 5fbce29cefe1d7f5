# SPDX-License-Identifier: MIT
"""Every allocation and every copy fails once that the kernel makes for a context and a request in
it. Nothing may come of it but an errno, and what was taken is given back.

The kernel must be one with fault injection: KERNEL=debug.
"""

from __future__ import annotations

import errno
import hmac
from collections.abc import Callable
from functools import cache
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


def agreement() -> None:
    """Use a context of the class."""
    with CryptoDevice("ecdh-nist-p256", key=TEXT[:32], alg_class=AlgClass.KPP) as device:
        device.shared_secret(device.public_key())


@cache
def saved_state() -> bytes:
    """The state of a stream behind TEXT."""
    with CryptoDevice("hmac(sha256)", key=bytes(16), alg_class=AlgClass.HASH) as device:
        return device.hash(TEXT).save()


def restoring() -> None:
    """Restore a state over another, which stays if that fails."""
    with (
        CryptoDevice("hmac(sha256)", key=bytes(16), alg_class=AlgClass.HASH) as device,
        device.hash(TEXT[:100]) as stream,
    ):
        try:
            stream._restore(saved_state())
        except OSError:
            assert stream.digest() == hmac.digest(bytes(16), TEXT[:100], "sha256")
            raise
        assert stream.digest() == hmac.digest(bytes(16), TEXT, "sha256")


# Of a public key that it has no memory to check, the kernel says EAGAIN.
MAY_BE_EIO = (agreement,)

USES_OF_CLASSES = [cipher, aead, keyed_hash, restoring, generator, agreement]


def held() -> tuple[int, int, str]:
    """What is in use of the driver."""
    info = driver_info()
    return info.contexts_of_user, info.memory_of_user, USES.read_text(encoding="ascii")


@pytest.mark.time_limit(900)
@pytest.mark.parametrize("use", USES_OF_CLASSES)
def test_each_failure_is_an_errno_and_no_more(use: Callable[[], None]) -> None:
    # What is made once is made ahead of the children.
    use()
    before = held()
    found: set[int] = set()
    for number in count(1):
        code = injection.nth(number, use)
        if code is None:
            break
        found.add(code)
        assert held() == before, f"failure {number}, errno {code}"
        assert number < MOST
    if use in MAY_BE_EIO:
        found.discard(errno.EIO)
    assert {errno.ENOMEM, errno.EFAULT} <= found <= {0, errno.ENOMEM, errno.EFAULT}
    use()
