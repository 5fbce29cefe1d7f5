# SPDX-License-Identifier: MIT
"""An asynchronous engine, QEMU's virtio-crypto device, and threads that are killed in its hands."""

from __future__ import annotations

import errno
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from pycryptodev import AlgClass, CryptoDevError, CryptoDevice, Request, driver_info, keys
from pycryptodev.enums import Op
from tests.admin import driver

ENGINE = "virtio_crypto_aes_cbc"
KEY = bytes(range(16))
IV = bytes(16)
USES = Path("/sys/module/devcrypto/refcnt")
# Long enough for a machine that is emulated and busy.
PATIENCE_S = 30

RSA_ENGINE = "virtio-pkcs1-rsa"
ENGINE_USES = Path("/sys/module/virtio_crypto/refcnt")
# Keys that QEMU's device takes; a cipher's counts twice, once for each direction.
SESSIONS = 256
NUMBERS = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
RSA = keys.RsaPrivateKey.from_numbers(
    NUMBERS.public_numbers.n, NUMBERS.public_numbers.e, NUMBERS.d, NUMBERS.p, NUMBERS.q
)

pytestmark = pytest.mark.requires(ENGINE)


def uses() -> int:
    """Who holds the module: open files and requests that an engine has not given back."""
    return int(USES.read_text(encoding="ascii"))


def work_until_killed() -> None:
    """Keep the engine busy in a child process, which never returns."""
    try:
        with CryptoDevice(ENGINE, key=KEY) as device:
            data = bytes(64 << 10)
            batch = [Request(Op.ENCRYPT, data, dst=bytearray(len(data)), iv=IV) for _ in range(64)]
            while True:
                device.run(batch)
    finally:
        os._exit(1)


def test_long_message_is_the_same_from_the_engine() -> None:
    """More scatterlist entries than its ring holds."""
    data = random.Random(1).randbytes(driver_info().max_request_bytes)
    with CryptoDevice(ENGINE, key=KEY) as engine, CryptoDevice("cbc(aes)", key=KEY) as cpu:
        assert engine.info.is_async
        assert cpu.info.driver != ENGINE
        assert engine.encrypt(data, iv=IV) == cpu.encrypt(data, iv=IV)


@pytest.mark.usefixtures("reloadable")
def test_killed_threads_leave_nothing() -> None:
    """The engine gives back what it had, and the driver can be unloaded."""
    before = driver_info()
    idle = uses()
    delays = random.Random(2)
    for _ in range(30):
        child = os.fork()
        if not child:
            work_until_killed()
        time.sleep(delays.uniform(0.0, 0.3))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL, "the child was to work until killed"
    limit = time.monotonic() + PATIENCE_S
    while uses() > idle and time.monotonic() < limit:
        time.sleep(0.05)
    after = driver_info()
    assert uses() == idle
    assert after.contexts_of_user == before.contexts_of_user
    assert after.memory_of_user == before.memory_of_user
    driver.unload()


# --- a device that has no room for another key ------------------------------------------------


def cipher() -> CryptoDevice:
    return CryptoDevice(ENGINE, key=KEY)


def rsa_of_the_engine() -> CryptoDevice:
    return CryptoDevice(RSA_ENGINE, alg_class=AlgClass.AKCIPHER, key=RSA.der, private=True)


def opened(stack: ExitStack, most: int = SESSIONS) -> list[CryptoDevice]:
    """Contexts of the engine's cipher, as many as there may be."""
    devices: list[CryptoDevice] = []
    with pytest.raises(CryptoDevError) as refused:
        while len(devices) <= most:
            devices.append(stack.enter_context(cipher()))
    assert refused.value.errno == errno.EINVAL
    return devices


@pytest.fixture
def nothing_lost() -> Iterator[None]:
    """Contexts, memory and users of the two modules are as before after the test."""

    def counts() -> tuple[int, int, int, int]:
        info = driver_info()
        users = int(ENGINE_USES.read_text(encoding="ascii"))
        return info.contexts_of_user, info.memory_of_user, uses(), users

    before = counts()
    yield
    limit = time.monotonic() + PATIENCE_S
    while counts() != before and time.monotonic() < limit:
        time.sleep(0.05)
    assert counts() == before


@pytest.mark.usefixtures("nothing_lost")
def test_full_device() -> None:
    """It has room again for as many as it gives back; whom it has is served."""
    data = bytes(range(64))
    with CryptoDevice("cbc(aes)", key=KEY) as cpu:
        assert cpu.info.driver != ENGINE
        expected = cpu.encrypt(data, iv=IV)
    for _ in range(2):
        with ExitStack() as stack:
            devices = opened(stack)
            assert len(devices) == SESSIONS // 2
            for device in devices[::16]:
                assert device.encrypt(data, iv=IV) == expected
            for device in devices[3:6]:
                device.close()
            assert len(opened(stack)) == 3


@pytest.mark.usefixtures("nothing_lost")
def test_contexts_that_need_no_room_of_a_full_device() -> None:
    """Those of software, and those that share a key which the device has."""
    data = bytes(range(64))
    with ExitStack() as stack:
        first, *_ = opened(stack)
        expected = first.encrypt(data, iv=IV)
        for _ in range(40):
            cpu = stack.enter_context(CryptoDevice("cbc(aes)", key=KEY))
            assert cpu.info.driver != ENGINE
            assert cpu.encrypt(data, iv=IV) == expected
            shared = stack.enter_context(first.share())
            assert shared.encrypt(data, iv=IV) == expected
            with pytest.raises(CryptoDevError):
                stack.enter_context(cipher())


@pytest.mark.requires(RSA_ENGINE)
@pytest.mark.usefixtures("nothing_lost")
def test_full_device_that_has_keys_of_rsa() -> None:
    """What is left for one of RSA is not enough for a cipher's, which takes two."""
    errors = set()
    with ExitStack() as stack:
        with rsa_of_the_engine() as device:
            expected = device.decrypt(device.encrypt(b"text"))
        assert expected == b"text"
        one = stack.enter_context(rsa_of_the_engine())
        assert len(opened(stack)) == SESSIONS // 2 - 1
        other = stack.enter_context(rsa_of_the_engine())
        for _ in range(10):
            # Each has a tfm of the engine's that has no key there, and goes.
            with pytest.raises(CryptoDevError) as refused:
                rsa_of_the_engine()
            errors.add(refused.value.errno)
        assert errors == {errno.EINVAL}
        assert other.decrypt(one.encrypt(b"text")) == b"text"
