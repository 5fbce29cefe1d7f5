# SPDX-License-Identifier: MIT
"""An asynchronous engine, QEMU's virtio-crypto device, and threads that are killed in its hands."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from pycryptodev import CryptoDevice, Request, driver_info
from pycryptodev.enums import Op
from tests.admin import driver

ENGINE = "virtio_crypto_aes_cbc"
KEY = bytes(range(16))
IV = bytes(16)
USES = Path("/sys/module/devcrypto/refcnt")
# Long enough for a machine that is emulated and busy.
PATIENCE_S = 30

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
