# SPDX-License-Identifier: MIT
"""Requests in a simulated engine: slow, full, paused, broken, mute, and in its own order."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import random
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import AlgClass, CryptoDevError, CryptoDevice, Op, Request, driver_info, keys
from tests import simulator as sim
from tests.admin import driver
from tests.admin.users import error_of, run_as
from tests.simulator import Simulator

KEY = bytes(range(16))
IV = bytes(range(16, 32))
NONCE = IV[:12]
# More than a page, and whole blocks.
DATA = random.Random(5).randbytes(9000 - 9000 % 16)

NUMBERS = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
RSA = keys.RsaPrivateKey.from_numbers(
    NUMBERS.public_numbers.n, NUMBERS.public_numbers.e, NUMBERS.d, NUMBERS.p, NUMBERS.q
)

USES = Path("/sys/module/devcrypto/refcnt")
NO_SELF_TESTS = Path("/sys/module/cryptomgr/parameters/notests")
# Of x86-64, which the guest is.
SYS_DELETE_MODULE = 176


@pytest.fixture(scope="module")
def loaded() -> Iterator[Simulator]:
    """Loaded once: the kernel's own tests take a while."""
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def engine(loaded: Simulator) -> Iterator[Simulator]:
    """As it was loaded, but for the counters, before and after each test."""
    yield loaded
    loaded.reset()


# --- right results ----------------------------------------------------------------------------


def check_cipher(name: str, mode: modes.CBC | modes.CTR) -> None:
    encryptor = Cipher(algorithms.AES(KEY), mode).encryptor()
    expected = encryptor.update(DATA) + encryptor.finalize()
    with CryptoDevice(name, key=KEY) as device:
        assert device.info.is_async
        assert device.encrypt(DATA, iv=IV) == expected
        assert device.decrypt(expected, iv=IV) == DATA


def check_gcm() -> None:
    expected = AESGCM(KEY).encrypt(NONCE, DATA, b"assoc")
    with CryptoDevice("sim-gcm-aes", key=KEY) as device:
        assert device.encrypt(DATA, iv=NONCE, assoc=b"assoc") == expected
        assert device.decrypt(expected, iv=NONCE, assoc=b"assoc") == DATA
        forged = expected[:-1] + bytes([expected[-1] ^ 1])
        with pytest.raises(CryptoDevError) as caught:
            device.decrypt(forged, iv=NONCE, assoc=b"assoc")
        assert caught.value.errno == errno.EBADMSG


def check_hash() -> None:
    expected = hashlib.sha256(DATA).digest()
    with CryptoDevice("sim-sha256") as device:
        assert device.digest(DATA) == expected
        with device.hash(DATA[:100]) as stream:
            stream.update(DATA[100:5000])
            stream.update(DATA[5000:])
            assert stream.digest() == expected


def check_rsa() -> None:
    n, e = NUMBERS.public_numbers.n, NUMBERS.public_numbers.e
    text = b"\x01" * 256
    with CryptoDevice("sim-rsa", alg_class=AlgClass.AKCIPHER, key=RSA.der, private=True) as device:
        out = bytearray(256)
        assert device.encrypt_into(text, out) == 256
        assert int.from_bytes(out, "big") == pow(int.from_bytes(text, "big"), e, n)
        assert device.decrypt(out).rjust(256, b"\0") == text


def check_deflate() -> None:
    text = DATA[:1000] * 9
    with CryptoDevice("sim-deflate") as device:
        packed = device.compress(text)
        assert len(packed) < len(text)
        assert zlib.decompress(packed, -zlib.MAX_WBITS) == text
        assert device.decompress(packed, most=len(text)) == text


CHECKS: dict[str, Callable[[], None]] = {
    "sim-cbc-aes": lambda: check_cipher("sim-cbc-aes", modes.CBC(IV)),
    "sim-ctr-aes": lambda: check_cipher("sim-ctr-aes", modes.CTR(IV)),
    "sim-gcm-aes": check_gcm,
    "sim-sha256": check_hash,
    "sim-rsa": check_rsa,
    "sim-deflate": check_deflate,
}


def encrypted(number: int) -> tuple[bytes, bytes]:
    """An IV, and the ciphertext of DATA with it."""
    iv = number.to_bytes(16, "big")
    encryptor = Cipher(algorithms.AES(KEY), modes.CBC(iv)).encryptor()
    return iv, encryptor.update(DATA) + encryptor.finalize()


class Waiter:
    """A thread that has one request done."""

    def __init__(self, device: CryptoDevice, number: int = 0) -> None:
        self._device = device
        self._iv, self._expected = encrypted(number)
        self._right = False
        self._error = 0
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._right = self._device.encrypt(DATA, iv=self._iv) == self._expected
        except CryptoDevError as error:
            self._error = error.errno or -1

    @property
    def is_waiting(self) -> bool:
        return self._thread.is_alive()

    def result(self) -> int:
        """Errno of the request, 0 if its output is right."""
        self._thread.join(sim.PATIENCE_S)
        assert not self._thread.is_alive(), "no answer"
        assert self._right != bool(self._error), "a wrong result"
        return self._error


def queued(engine: Simulator, device: CryptoDevice, count: int) -> list[Waiter]:
    """Requests in the engine, which is paused, in the order in which it got them."""
    before = engine.get("in_engine")
    waiters = []
    for number in range(count):
        waiters.append(Waiter(device, number))
        engine.wait(in_engine=before + number + 1)
    return waiters


def cbc() -> CryptoDevice:
    return CryptoDevice("sim-cbc-aes", key=KEY)


def test_every_engine_passes_the_kernels_own_tests(engine: Simulator) -> None:
    entries = Path("/proc/crypto").read_text(encoding="ascii").split("\n\n")
    for name in sim.DRIVERS:
        (entry,) = (each for each in entries if f" {name}\n" in each)
        assert "selftest     : passed" in entry
        assert "priority     : 1\n" in entry
    # Where the kernel's tests are off there are none, and all have passed.
    assert bool(engine.counters["completed"]) == (NO_SELF_TESTS.read_text("ascii") == "N\n")


@pytest.mark.usefixtures("engine")
def test_nobody_gets_one_by_a_generic_name() -> None:
    for name, key in {"cbc(aes)": KEY, "ctr(aes)": KEY, "gcm(aes)": KEY, "sha256": None}.items():
        with CryptoDevice(name, key=key) as device:
            assert device.info.driver not in sim.DRIVERS


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("context", [sim.SOFTIRQ, sim.INTERRUPT, sim.THREAD])
def test_results_are_right_from_every_context(name: str, context: int, engine: Simulator) -> None:
    before = engine.counters
    engine.set(context=context)
    CHECKS[name]()
    after = engine.counters
    assert after["accepted"] > before["accepted"]
    assert after["accepted"] == after["completed"]
    assert after["refused"] == before["refused"]
    assert after["in_engine"] == 0


@pytest.mark.parametrize("name", CHECKS)
def test_an_engine_that_answers_at_once(name: str, engine: Simulator) -> None:
    before = engine.counters
    # A request that was queued would not be answered.
    engine.set(inline_answers=1, paused=1)
    CHECKS[name]()
    after = engine.counters
    assert after["accepted"] > before["accepted"]
    assert after["accepted"] == after["completed"]


def test_a_member_whom_the_policy_allows(engine: Simulator, policy_text: str) -> None:
    driver.put_policy(policy_text + "sim-cbc-aes\n")
    assert run_as("member", lambda: error_of(CHECKS["sim-cbc-aes"])) == 0
    driver.put_policy(policy_text)
    assert run_as("member", lambda: error_of(CHECKS["sim-cbc-aes"])) == errno.EPERM
    assert engine.uses == 0


# --- order and time ---------------------------------------------------------------------------


def failing(engine: Simulator, device: CryptoDevice, count: int) -> int:
    """Which of the requests that the engine got is the last that it takes."""
    engine.set(paused=1)
    waiters = queued(engine, device, count)
    engine.set(fail_every=count, paused=0)
    results = [waiter.result() for waiter in waiters]
    assert sorted(results) == [0] * (count - 1) + [errno.EIO]
    return results.index(errno.EIO)


def test_order(engine: Simulator) -> None:
    with cbc() as device:
        engine.set(order=sim.FIRST)
        assert failing(engine, device, 6) == 5
        engine.set(order=sim.LAST)
        assert failing(engine, device, 6) == 0
        engine.set(order=sim.ANY)
        assert len({failing(engine, device, 6) for _ in range(12)}) > 1


def test_the_backlog_is_not_in_order(engine: Simulator) -> None:
    """The last to come enters the queue as the last but one leaves it."""
    engine.set(depth=4, order=sim.LAST)
    with cbc() as device:
        assert failing(engine, device, 6) == 0
        engine.set(paused=1)
        waiters = queued(engine, device, 6)
        engine.set(fail_every=1, never=5, paused=0)
        # Taken are the fourth, the fifth, the sixth, the third and the second.
        assert waiters[0].result() == errno.EIO
        engine.wait(in_engine=5)
        engine.set(never=0)
        assert [waiter.result() for waiter in waiters[1:]] == [errno.EIO] * 5


def test_a_slow_engine(engine: Simulator) -> None:
    engine.set(delay_us=100_000)
    with cbc() as device:
        begin = time.monotonic()
        waiters = [Waiter(device, number) for number in range(3)]
        assert [waiter.result() for waiter in waiters] == [0] * 3
        assert time.monotonic() - begin >= 0.3


def test_a_request_that_is_never_answered(engine: Simulator) -> None:
    with cbc() as device:
        engine.set(never=2)
        mute = queued(engine, device, 2)
        # The engine goes on with others.
        assert device.encrypt(DATA, iv=encrypted(7)[0]) == encrypted(7)[1]
        assert all(waiter.is_waiting for waiter in mute)
        assert engine.get("in_engine") == 2
        engine.set(never=0)
        assert [waiter.result() for waiter in mute] == [0, 0]


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (errno.EIO, errno.EIO),
        (errno.ENODEV, errno.ENODEV),
        (errno.ESHUTDOWN, errno.ENODEV),
        (errno.ENOMEM, errno.ENOMEM),
        (errno.EINVAL, errno.EINVAL),
        (errno.ETIMEDOUT, errno.EIO),
        (errno.EBADMSG, errno.EIO),
        (errno.ENOSPC, errno.EIO),
    ],
)
def test_errors_of_an_engine(error: int, seen: int, engine: Simulator) -> None:
    refused = engine.get("refused")
    with cbc() as device:
        engine.set(error=error, fail_every=3)
        iv, expected = encrypted(0)
        results = device.run(Request(Op.ENCRYPT, DATA, iv=iv) for _ in range(7))
    errors = [result.error.errno if result.error else 0 for result in results]
    assert errors == [0, 0, seen, 0, 0, seen, 0]
    assert all(result.data == expected for result in results if not result.error)
    # An engine that is gone has not taken them.
    assert engine.get("refused") - refused == (2 if error == errno.ENODEV else 0)


def test_an_engine_that_goes_with_requests_in_its_queue(engine: Simulator) -> None:
    with cbc() as device:
        engine.set(paused=1)
        waiters = queued(engine, device, 3)
        engine.set(error=errno.ENODEV, fail_every=1)
        assert Waiter(device).result() == errno.ENODEV
        assert all(waiter.is_waiting for waiter in waiters)
        engine.set(paused=0)
        assert [waiter.result() for waiter in waiters] == [errno.ENODEV] * 3
        engine.set(fail_every=0)
        assert Waiter(device).result() == 0


def test_an_engine_that_has_no_backlog_is_asked_again(engine: Simulator) -> None:
    engine.set(inline_answers=1, error=errno.ENOSPC, fail_every=2)
    with cbc() as device:
        before = engine.get("completed")
        assert [Waiter(device, number).result() for number in range(4)] == [0] * 4
        assert engine.get("completed") - before > 4


# --- a full queue -----------------------------------------------------------------------------


@pytest.mark.parametrize("context", [sim.SOFTIRQ, sim.INTERRUPT, sim.THREAD])
def test_a_queue_of_one_with_many_threads(context: int, engine: Simulator) -> None:
    threads, each = 12, 8
    engine.set(depth=1, context=context, paused=1)
    before = engine.counters
    iv, expected = encrypted(1)
    wrong: list[object] = []

    def work() -> None:
        try:
            with cbc() as device:
                batch = [Request(Op.ENCRYPT, DATA, iv=iv) for _ in range(each)]
                wrong.extend(r.error for r in device.run(batch) if r.get() != expected)
        except CryptoDevError as error:
            wrong.append(error)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    engine.wait(in_engine=threads)
    engine.set(paused=0)
    for worker in workers:
        worker.join(sim.PATIENCE_S)
        assert not worker.is_alive()
    assert not wrong
    counters = engine.counters
    assert counters["accepted"] - before["accepted"] == threads * each
    assert counters["accepted"] == counters["completed"]
    assert counters["refused"] == before["refused"]
    assert counters["in_engine"] == 0
    assert counters["high_water"] == max(before["high_water"], threads)


# --- users that go ----------------------------------------------------------------------------


def uses() -> int:
    """Who holds the driver: open files and requests that an engine has not given back."""
    return int(USES.read_text(encoding="ascii"))


def child_that_waits() -> int:
    """Number of a process that waits for the engine until it is killed."""
    child = os.fork()
    if not child:
        try:
            with cbc() as device:
                device.encrypt(DATA, iv=IV)
        finally:
            os._exit(1)
    return child


def unload_error() -> int:
    """Errno of unloading the simulator without waiting for its users, 0 if it is gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    name = sim.MODULE.encode()
    return ctypes.get_errno() if libc.syscall(SYS_DELETE_MODULE, name, os.O_NONBLOCK) else 0


@pytest.mark.parametrize("how", [{"paused": 1}, {"never": 8}, {"paused": 1, "depth": 1}])
def test_killed_while_it_waits(how: dict[str, int], engine: Simulator) -> None:
    """The exit does not wait for the engine, and all is given back once that answers."""
    idle, before = uses(), driver_info()
    engine.set(**how)
    children = [child_that_waits() for _ in range(8)]
    engine.wait(in_engine=8)
    begin = time.monotonic()
    for child in children:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert time.monotonic() - begin < sim.PATIENCE_S
    assert engine.get("in_engine") == 8
    assert engine.uses == 8
    assert uses() > idle
    assert unload_error() == errno.EWOULDBLOCK
    engine.set(never=0, paused=0)
    engine.wait(in_engine=0)
    engine.wait_unused()
    limit = time.monotonic() + sim.PATIENCE_S
    while uses() > idle and time.monotonic() < limit:
        time.sleep(sim.POLL_S)
    after = driver_info()
    assert uses() == idle
    assert after.contexts_of_user == before.contexts_of_user
    assert after.memory_of_user == before.memory_of_user


def test_unloaded_under_load(engine: Simulator) -> None:
    stop = threading.Event()
    rounds = [0, 0]

    def work(index: int) -> None:
        iv, expected = encrypted(index)
        with cbc() as device:
            while not stop.is_set():
                assert device.encrypt(DATA, iv=iv) == expected
                rounds[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(2)]
    for worker in workers:
        worker.start()
    try:
        while engine.uses < 2:
            time.sleep(sim.POLL_S)
        assert {unload_error() for _ in range(50)} == {errno.EWOULDBLOCK}
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert all(rounds)


# --- parameters -------------------------------------------------------------------------------


def test_what_parameters_take(engine: Simulator) -> None:
    def refused(**parameters: int) -> int:
        return error_of(lambda: engine.set(**parameters))

    engine.set(depth=8192)
    assert engine.get("depth") == 8192
    bad = {"depth": (0, 8193), "paused": (2,), "order": (3,), "context": (3,)}
    bad |= {"error": (0, errno.EBUSY, errno.EINPROGRESS, 4096), "delay_us": (10_000_001,)}
    for name, values in bad.items():
        assert [refused(**{name: value}) for value in values] == [errno.EINVAL] * len(values)
    for name in sim.COUNTERS:
        assert refused(**{name: 0}) == errno.EACCES


def test_depth_of_an_engine_that_has_requests(engine: Simulator) -> None:
    with cbc() as device:
        engine.set(paused=1)
        waiters = queued(engine, device, 2)
        engine.set(depth=1)
        engine.set(depth=16)
        assert engine.get("in_engine") == 2
        engine.set(paused=0)
        assert [waiter.result() for waiter in waiters] == [0, 0]


def test_depth_of_an_engine_that_has_a_backlog(engine: Simulator) -> None:
    with cbc() as device:
        engine.set(depth=1, paused=1)
        waiters = queued(engine, device, 2)
        with pytest.raises(OSError, match="busy") as caught:
            engine.set(depth=2)
        assert caught.value.errno == errno.EBUSY
        assert engine.get("depth") == 1
        engine.set(paused=0)
        assert [waiter.result() for waiter in waiters] == [0, 0]
        engine.set(depth=2)
