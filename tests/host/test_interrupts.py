# SPDX-License-Identifier: MIT
"""A signal's handler raises an exception, at every line at which it can."""

from __future__ import annotations

import asyncio
import gc
import linecache
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import pycryptodev
from pycryptodev import Cancelled, DeviceClosed, NoKey, Op, Pending, Request, _flight
from pycryptodev._abi import ffi
from pycryptodev._flight import Flight, SubmitFlight
from pycryptodev.asynchronous import AsyncCryptoDevice
from pycryptodev.enums import AlgClass
from pycryptodev.uring import RingFlight
from tests.host.fake_driver import REQUEST, Driver, FakeContext, Uring, digests

CLIENT = str(Path(pycryptodev.__file__).parent)
MOST_LINES = 10_000


class Alarm(Exception):
    """What a handler raises; event loops go on after it."""


def is_entry(frame: FrameType) -> bool:
    """Whether an event loop's call of the client is not yet where it can do anything about it."""
    code = frame.f_code
    return (
        code is AsyncCryptoDevice._exchange.__code__
        and linecache.getline(code.co_filename, frame.f_lineno).strip() == "try:"
    )


@contextmanager
def interrupted(at: int, raised: type[BaseException] = KeyboardInterrupt) -> Iterator[list[int]]:
    """Raise an exception in front of a line of the client, once.

    Args:
        at: so many lines are executed before.
        raised: its type.

    Yields:
        a list that has the number of the line when that has come.
    """
    left = at
    came: list[int] = []

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(CLIENT):
            return None
        if event == "line" and not is_entry(frame):
            left -= 1
            if left < 0 and not came:
                came.append(frame.f_lineno)
                raise raised
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield came
    except raised:
        pass
    finally:
        sys.settrace(before)


class Scene:
    """Requests of one kind of flight, and what was made of them up to an exception."""

    def __init__(self, flight: Flight, requests: list[Request], *, chain: bool = False) -> None:
        self.flight = flight
        self.pending = [Pending(request) for request in requests]
        flight.put(self.pending, chain=chain)

    def run(self) -> None:
        while len(self.flight):
            self.flight.exchange(len(self.flight))


@pytest.fixture(params=["submitted", "ring"])
def make(request: pytest.FixtureRequest, driver: Driver, uring: Uring) -> Callable[[Any], Flight]:
    """Makes a flight of either kind."""

    def ring(context: Any) -> Flight:
        return RingFlight(context, 4, None)

    return SubmitFlight if request.param == "submitted" else ring


def writing(
    make: Callable[[Any], Flight], driver: Driver, count: int
) -> tuple[Scene, list[bytearray]]:
    """Requests that write to the caller's memory as they run, and that memory."""
    context: Any = FakeContext(driver.events)
    context.zero_copy_from = 1
    context.algorithm.alg_class = AlgClass.SKCIPHER
    outs = [bytearray(16) for _ in range(count)]
    return Scene(make(context), [Request(Op.ENCRYPT, bytes(16), out) for out in outs]), outs


def at_every_line(driver: Driver, uring: Uring, scene: Callable[[int], bool]) -> None:
    """Play a scene with the exception later and later, until it ends before that."""
    for at in range(MOST_LINES):
        driver.running.clear()
        driver.ended.clear()
        uring.__init__(driver)  # type: ignore[misc]
        if not scene(at):
            assert at > 20
            return
    raise AssertionError("the scene does not end")


def test_each_request_has_its_own_result(
    make: Callable[[Any], Flight], driver: Driver, uring: Uring
) -> None:
    driver.written = 4

    def scene(at: int) -> bool:
        played = Scene(make(FakeContext(driver.events)), digests(6))
        with interrupted(at) as came:
            played.run()
        played.run()
        assert [pending.get().get() for pending in played.pending] == [
            number.to_bytes(4, "big") for number in range(1, 7)
        ]
        assert sorted(played.flight.done) == [1, 2, 3, 4, 5, 6]
        assert played.flight._bytes >= 0
        Scene(played.flight, digests(1)).run()
        assert played.flight._bytes == 0
        return bool(came)

    at_every_line(driver, uring, scene)


def test_close_waits_for_all_that_writes(
    make: Callable[[Any], Flight], driver: Driver, uring: Uring
) -> None:
    driver.at_once = False

    def scene(at: int) -> bool:
        driver.end_on_wait = True
        played, _ = writing(make, driver, 6)
        with interrupted(at) as came:
            played.run()
        driver.end_on_wait = True
        driver.unstoppable = len(driver.running)
        played.flight.close()
        assert not driver.running
        assert not driver.ended
        assert all(pending.done for pending in played.pending)
        assert all(pending._prepared is None for pending in played.pending)
        assert _flight._abandoned == []
        return bool(came)

    at_every_line(driver, uring, scene)


def test_memory_outlives_an_interrupted_close(
    make: Callable[[Any], Flight], driver: Driver, uring: Uring
) -> None:
    driver.at_once = False

    def scene(at: int) -> bool:
        played, outs = writing(make, driver, 3)
        flight = played.flight
        flight.exchange()
        driver.unstoppable = len(driver.running)
        with interrupted(at) as came:
            flight.close()
        for number in driver.running:
            with pytest.raises(BufferError):
                outs[number - 1].append(0)
        flight.close()
        assert all(pending.done for pending in played.pending)
        _flight._abandoned.clear()
        return bool(came)

    driver.end_on_wait = True
    at_every_line(driver, uring, scene)


def test_the_kernel_reads_no_memory_that_is_free(driver: Driver, uring: Uring) -> None:
    """What a ring has is what the flight holds, also of a request that is then cancelled."""
    driver.at_once = False

    def scene(at: int) -> bool:
        flight = RingFlight(FakeContext(driver.events), 4, None)  # type: ignore[arg-type]
        played = Scene(flight, digests(3))
        with interrupted(at) as came:
            flight.exchange()
        for pending in played.pending:
            flight.cancel(pending)
        held = {number: pending._structure for number, pending in flight._sent.items()}
        flight.exchange()
        for number, (_, address) in uring.commands.items():
            if number in held:
                assert ffi.cast(REQUEST, address) == held[number]
            else:
                assert number in flight.done
        flight.close()
        assert all(pending.done for pending in played.pending)
        return bool(came)

    driver.end_on_wait = True
    at_every_line(driver, uring, scene)


def errors_of_a_chain(pending: list[Pending]) -> None:
    errors = [type(each.get().error) for each in pending]
    right = errors.count(type(None))
    assert errors == [type(None)] * right + [Cancelled] * (len(errors) - right)


def test_nothing_runs_behind_what_has_failed(driver: Driver, uring: Uring) -> None:
    def scene(at: int) -> bool:
        driver.room = 2
        played = Scene(
            SubmitFlight(FakeContext(driver.events)),  # type: ignore[arg-type]
            digests(5),
            chain=True,
        )
        with interrupted(at) as came:
            played.run()
        played.run()
        errors_of_a_chain(played.pending)
        return bool(came)

    at_every_line(driver, uring, scene)


def test_nothing_runs_behind_what_is_cancelled(driver: Driver, uring: Uring) -> None:
    def scene(at: int) -> bool:
        flight = SubmitFlight(FakeContext(driver.events))  # type: ignore[arg-type]
        played = Scene(flight, digests(5), chain=True)
        with interrupted(at) as came:
            flight.cancel(played.pending[2])
        played.run()
        errors_of_a_chain(played.pending)
        return bool(came)

    at_every_line(driver, uring, scene)


# Tasks


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No scene has its exception where an object of an earlier one ends."""
    gc.disable()
    yield
    gc.enable()


class Tasks:
    """A device of asyncio, and what the event loop was told of exceptions."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.device = AsyncCryptoDevice.__new__(AsyncCryptoDevice)
        self.device._begin(FakeContext(driver.events), False)  # type: ignore[arg-type]
        self.told: list[type] = []

    def play(self, scene: Coroutine[Any, Any, None]) -> None:
        async def main() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(
                lambda _, context: self.told.append(type(context["exception"]))
            )
            ending = asyncio.ensure_future(self.end())
            await asyncio.wait_for(scene, 5)
            ending.cancel()
            assert not loop.remove_reader(self.driver.events)

        asyncio.run(main())

    async def end(self) -> None:
        """End what runs, in another turn of the event loop than it began in."""
        while True:
            await asyncio.sleep(0)
            if self.driver.running:
                self.driver.end(len(self.driver.running))


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("at_once", [True, False])
def test_no_task_waits_for_ever(driver: Driver, uring: Uring, at_once: bool) -> None:
    """The exception comes to the task or to the event loop, and all else is as without it."""
    driver.at_once = at_once
    driver.written = 4

    def scene(at: int) -> bool:
        tasks = Tasks(driver)
        device, raised = tasks.device, list[type]()
        came: list[int] = []

        async def main() -> None:
            nonlocal came
            task = asyncio.ensure_future(device.digest(b"x"))
            with interrupted(at, Alarm) as came:
                await asyncio.wait([task])
            if task.exception() is None:
                assert task.result() == b"\0\0\0\1"
            else:
                raised.append(type(task.exception()))
            assert len(await device.digest(b"x")) == 4
            while device._flight:
                await asyncio.sleep(0)
            assert device._flight.done == {}

        tasks.play(main())
        assert tasks.told + raised == [Alarm] * len(came)
        return bool(came)

    at_every_line(driver, uring, scene)


@pytest.mark.usefixtures("uncollected")
def test_no_task_waits_for_a_device_that_is_closed(driver: Driver, uring: Uring) -> None:
    driver.at_once = False

    def scene(at: int) -> bool:
        tasks = Tasks(driver)
        device = tasks.device
        came: list[int] = []

        async def main() -> None:
            nonlocal came
            task = asyncio.ensure_future(device.digest(b"x"))
            while not device._flight.sent:
                await asyncio.sleep(0)
            with interrupted(at, Alarm) as came:
                device.close()
            if device:
                device.close()
            with pytest.raises(DeviceClosed):
                await task

        tasks.play(main())
        assert tasks.told == []
        return bool(came)

    at_every_line(driver, uring, scene)


@pytest.mark.usefixtures("uncollected")
def test_no_task_waits_for_a_device_that_has_failed(driver: Driver, uring: Uring) -> None:
    driver.at_once = False

    def scene(at: int) -> bool:
        tasks = Tasks(driver)
        device, raised = tasks.device, list[type]()
        came: list[int] = []

        async def main() -> None:
            nonlocal came
            task = asyncio.ensure_future(device.digest(b"x"))
            while not device._flight.sent:
                await asyncio.sleep(0)
            driver.fails = NoKey()
            with interrupted(at, Alarm) as came:
                await asyncio.wait([task])
            driver.fails = None
            raised.append(type(task.exception()))

        tasks.play(main())
        assert tasks.told + raised in (
            [Alarm] * len(came) + [NoKey],
            # The device was closed before, or the task itself has had the exception.
            [Alarm, DeviceClosed],
            [Alarm],
        )
        return bool(came)

    at_every_line(driver, uring, scene)
