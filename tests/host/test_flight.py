# SPDX-License-Identifier: MIT
"""The ways of submitted requests, with a driver whose answers the tests choose."""

from __future__ import annotations

import asyncio
import errno
import os
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from pycryptodev import (
    Cancelled,
    DeviceClosed,
    LimitReached,
    Op,
    OutOfMemory,
    Request,
    TimedOut,
    _flight,
)
from pycryptodev._abi import ffi, lib
from pycryptodev._context import Cuts
from pycryptodev._flight import Flight, Pending
from pycryptodev.asynchronous import AsyncCryptoDevice
from pycryptodev.enums import AlgClass
from pycryptodev.errors import from_errno
from pycryptodev.queue import Queue

MEMORY = 1 << 20
IN_FLIGHT = 1000
REQUEST = ffi.typeof("struct devcrypto_request *")


class Driver:
    """In the place of the ioctls: a queue that ends requests when the test says so.

    Attributes:
        room: requests that it takes.
        at_once: whether they end as soon as they have been taken.
        calls: how many requests each call brought.
        chained: numbers of the requests that were to be bound to the next.
        end_on_wait: a call that waits ends what is running.
        unstoppable: requests that run when the others are cancelled; each call ends one.
    """

    def __init__(self) -> None:
        self.room = 1 << 30
        self.at_once = True
        self.calls: list[int] = []
        self.running: deque[int] = deque()
        self.ended: deque[tuple[int, int]] = deque()
        self.fails: Exception | None = None
        self.interrupts = False
        self.unstoppable = 0
        self.chained: list[int] = []
        self.end_on_wait = False
        self.events = os.eventfd(0, os.EFD_NONBLOCK)

    def submit(self, _fd: int, call: Any) -> None:
        submit = call._submit
        if self.fails is not None:
            raise self.fails
        self.calls.append(submit.count)
        requests = ffi.cast(REQUEST, submit.requests)
        while submit.out_submitted < submit.count and self.room:
            request = requests[submit.out_submitted]
            self.running.append(request.user_data)
            if request.flags & lib.DEVCRYPTO_REQUEST_CHAIN:
                self.chained.append(request.user_data)
            submit.out_submitted += 1
            self.room -= 1
        if self.at_once or (self.end_on_wait and submit.min_completions):
            self.end(len(self.running))
        while self.ended and submit.out_completed < submit.max_completions:
            number, result = self.ended.popleft()
            completion = call._completions[submit.out_completed]
            completion.user_data, completion.result, completion.out_bytes = number, result, 0
            submit.out_completed += 1
            self.room += 1
        if self.interrupts:
            self.interrupts = False
            raise KeyboardInterrupt

    def end(self, count: int, result: int = 0, *, newest_first: bool = False) -> None:
        for _ in range(count):
            number = self.running.pop() if newest_first else self.running.popleft()
            self.ended.append((number, result))
        os.eventfd_write(self.events, 1)

    def cancel(self, _fd: int, user_data: int | None) -> tuple[int, int]:
        running = list(self.running)[: self.unstoppable]
        matches = [each for each in self.running if user_data in (None, each)]
        cancelled = [each for each in matches if each not in running]
        for number in cancelled:
            self.running.remove(number)
            self.ended.append((number, -errno.ECANCELED))
        if running:
            self.end(1)
            self.unstoppable -= 1
        return len(cancelled), len(running)


class FakeContext:
    """A context of a hash, without a node behind it."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.closed = False
        self.cap = self.comp_cap = 1 << 16
        self.zero_copy_from = 1 << 64
        self.max_batch = 4096
        self.algorithm = SimpleNamespace(
            alg_class=AlgClass.HASH, tag_bytes=0, digest_bytes=4, driver="fake", chains=False
        )

    def driver_info(self) -> Any:
        return SimpleNamespace(max_memory_per_user=MEMORY, max_in_flight=IN_FLIGHT)

    def fileno(self) -> int:
        if self.fd < 0:
            raise DeviceClosed
        return self.fd

    def close(self) -> None:
        self.fd, self.closed = -1, True


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    made = Driver()
    monkeypatch.setattr("pycryptodev._ioctl.submit", made.submit)
    monkeypatch.setattr("pycryptodev._ioctl.cancel", made.cancel)
    yield made
    os.close(made.events)


@pytest.fixture
def context(driver: Driver) -> Any:
    return FakeContext(driver.events)


@pytest.fixture
def queue(context: Any) -> Queue:
    return Queue(context)


def digests(count: int, size: int = 1) -> list[Request]:
    return [Request(Op.DIGEST, bytes(size)) for _ in range(count)]


def test_a_batch_goes_in_calls_of_as_many_as_there_is_room_for(
    queue: Queue, driver: Driver
) -> None:
    results = queue.run(digests(600))
    assert [result.error for result in results] == [None] * 600
    assert driver.calls == [256, 256, 88]
    assert not queue
    assert queue.reap() == []


def test_what_is_not_accepted_waits_for_room(queue: Queue, driver: Driver) -> None:
    driver.room = 10
    assert len(queue.run(digests(35))) == 35
    assert driver.calls == [35, 25, 15, 5]


def test_requests_under_way_have_a_part_of_the_memory(queue: Queue, driver: Driver) -> None:
    queue.run(digests(8, MEMORY // 8))
    assert driver.calls == [1] * 8 or driver.calls == [2] * 4


def test_one_that_is_more_than_that_part_goes_alone(queue: Queue, driver: Driver) -> None:
    queue.run(digests(3, MEMORY))
    assert driver.calls == [1, 1, 1]


def test_results_come_as_they_end(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    first, second, third = queue.submit(digests(3))
    assert queue.reap() == []
    driver.end(2, newest_first=True)
    assert queue.reap() == [third, second]
    assert not first.done
    driver.end(1)
    assert queue.wait(first).error is None
    assert queue.reap() == []


def test_time_runs_out(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    (pending,) = queue.submit(digests(1))
    assert queue.reap(1, timeout=0.01) == []
    with pytest.raises(TimedOut):
        queue.wait(pending, timeout=0.01)
    with pytest.raises(TimeoutError):
        queue.wait(pending, timeout=0)
    assert len(queue) == 1


def test_a_request_of_nobody(queue: Queue) -> None:
    with pytest.raises(ValueError, match="not submitted to this queue"):
        queue.wait(Pending(Request(Op.DIGEST)))


def test_a_request_that_is_wrong_keeps_the_batch_from_being_submitted(
    queue: Queue, driver: Driver
) -> None:
    with pytest.raises(TypeError):
        queue.submit([*digests(1), Request(Op.DIGEST, b"", b"")])
    assert (driver.calls, len(queue)) == ([], 0)


def test_one_that_cannot_be_expressed_has_the_error(queue: Queue) -> None:
    results = queue.run([*digests(1), Request(Op.DIGEST, dst_bytes=1 << 32), *digests(1)])
    assert [type(result.error) for result in results] == [type(None), LimitReached, type(None)]


def test_what_the_driver_refuses_is_the_error_of_the_requests(queue: Queue, driver: Driver) -> None:
    driver.fails = from_errno(errno.ENOMEM)
    assert [type(result.error) for result in queue.run(digests(3))] == [OutOfMemory] * 3
    driver.fails = None
    assert queue.run(digests(1))[0].error is None


def test_cancel(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    first, second = queue.submit(digests(2))
    assert queue.cancel(first)
    assert queue.reap() == [first]
    assert not queue.cancel(first)
    assert first.result is not None
    assert isinstance(first.result.error, Cancelled)
    assert queue.cancel_all() == 1
    assert queue.reap() == [second]
    assert queue.cancel_all() == 0


# Chains


def errors(submitted: list[Pending]) -> list[type]:
    return [type(pending.get().error) for pending in submitted]


def test_a_chain_goes_in_a_call_of_its_own(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    queue.submit(digests(2))
    queue.submit(digests(300), chain=True)
    queue.submit(digests(2))
    assert driver.calls == [2, 300, 2]
    assert driver.chained == [*range(3, 303)]


def test_a_chain_waits_for_all_its_places(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    queue.submit(digests(IN_FLIGHT - 4))
    driver.end(1)
    queue.reap()
    driver.calls.clear()
    driver.end_on_wait = True
    queue.submit(digests(6), chain=True)
    assert driver.calls == [0, 6]


def test_a_chain_waits_for_its_memory(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    queue.submit(digests(1, MEMORY // 8))
    driver.calls.clear()
    driver.end_on_wait = True
    queue.submit(digests(2, MEMORY // 8), chain=True)
    assert driver.calls == [0, 2]


def test_a_chain_of_too_many(queue: Queue, driver: Driver) -> None:
    with pytest.raises(LimitReached):
        queue.submit(digests(IN_FLIGHT + 1), chain=True)
    assert (driver.calls, len(queue)) == ([], 0)


def test_what_cannot_be_expressed_cuts_a_chain(queue: Queue, driver: Driver) -> None:
    batch = [*digests(2), Request(Op.DIGEST, dst_bytes=1 << 32), *digests(2)]
    submitted = queue.submit(batch, chain=True)
    queue.reap(5)
    assert errors(submitted) == [type(None), type(None), LimitReached, Cancelled, Cancelled]
    assert driver.calls[0] == 2


def test_a_chain_that_is_accepted_in_part(queue: Queue, driver: Driver) -> None:
    driver.room = 2
    submitted = queue.submit(digests(4), chain=True)
    queue.reap(4)
    assert errors(submitted) == [type(None), type(None), Cancelled, Cancelled]


def test_cancelling_cuts_a_chain(context: Any, driver: Driver) -> None:
    driver.at_once = False
    flight = Flight(context)
    other = Pending(Request(Op.DIGEST))
    chain = [Pending(request) for request in digests(4)]
    flight.put(chain, chain=True)
    flight.put([other])
    assert flight.cancel(chain[1])
    assert errors(chain[1:]) == [Cancelled] * 3
    assert not chain[0].done
    assert not other.done
    assert flight.waiting == 2


def test_an_empty_chain(queue: Queue, driver: Driver) -> None:
    assert queue.run([], chain=True) == []
    assert driver.calls == []


def test_an_interrupted_call_is_looked_at_later(queue: Queue, driver: Driver) -> None:
    driver.interrupts = True
    with pytest.raises(KeyboardInterrupt):
        queue.submit(digests(3))
    assert len(driver.calls) == 1
    ended = queue.reap(3)
    assert len(ended) == 3
    assert driver.calls == [3, 0]


@pytest.mark.parametrize("depth", [1, 2, 5, 64])
def test_a_stream_keeps_the_order_and_the_depth(queue: Queue, driver: Driver, depth: int) -> None:
    drawn = 0

    def requests() -> Iterator[Request]:
        nonlocal drawn
        for number in range(100):
            drawn += 1
            yield Request(Op.DIGEST, bytes(number), bytearray(number + 4))

    for had, result in enumerate(queue.stream(requests(), depth=depth), 1):
        assert result.error is None
        assert drawn - had < depth
    assert drawn == 100
    assert len(driver.calls) <= 2 * (100 // depth + 1)


def test_a_stream_of_no_depth(queue: Queue) -> None:
    with pytest.raises(ValueError, match="depth"):
        next(queue.stream(digests(1), depth=0))


def test_close_ends_what_is_under_way(queue: Queue, driver: Driver) -> None:
    driver.at_once = False
    (pending,) = queue.submit(digests(1))
    queue.close()
    queue.close()
    assert isinstance(pending.get().error, DeviceClosed)
    for use in (queue.fileno, queue.reap, queue.cancel_all, lambda: queue.submit(digests(1))):
        with pytest.raises(DeviceClosed):
            use()


def encrypts(context: Any, count: int) -> tuple[list[bytearray], list[Request]]:
    """Requests that write to the caller's memory as they run, and that memory."""
    context.zero_copy_from = 1
    context.algorithm.alg_class = AlgClass.SKCIPHER
    outs = [bytearray(16) for _ in range(count)]
    return outs, [Request(Op.ENCRYPT, bytes(16), out) for out in outs]


def test_close_waits_for_what_writes_to_the_callers_memory(
    queue: Queue, context: Any, driver: Driver
) -> None:
    driver.at_once = False
    driver.unstoppable = 2
    outs, requests = encrypts(context, 5)
    submitted = queue.submit(requests)
    queue.close()
    errors = [type(pending.get().error) for pending in submitted]
    assert errors == [type(None)] * 2 + [Cancelled] * 3
    for out in outs:
        out.append(0)
    assert _flight._abandoned == []


def test_memory_that_could_not_be_waited_for_is_never_freed(
    queue: Queue, context: Any, driver: Driver
) -> None:
    driver.at_once = False
    driver.unstoppable = 2
    (out, _), requests = encrypts(context, 2)
    submitted = queue.submit(requests)
    driver.interrupts = True
    with pytest.raises(KeyboardInterrupt):
        queue.close()
    assert [type(pending.get().error) for pending in submitted] == [DeviceClosed] * 2
    with pytest.raises(BufferError):
        out.append(0)
    _flight._abandoned.clear()


def test_another_process_is_told(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getpid", lambda: 1)
    for use in (queue.reap, queue.cancel_all, lambda: queue.submit(digests(1))):
        with pytest.raises(Cancelled, match="before a fork"):
            use()


def awaitable(context: Any) -> AsyncCryptoDevice:
    """A device of the fake context."""
    device = AsyncCryptoDevice.__new__(AsyncCryptoDevice)
    device._begin(context, False)
    return device


def test_tasks_go_together_and_wait_for_room(context: Any, driver: Driver) -> None:
    driver.room = 100

    async def main() -> None:
        device = awaitable(context)
        await asyncio.gather(*(device.digest(b"x") for _ in range(1000)))
        assert len(device._flight) == 0

    asyncio.run(main())
    assert driver.calls[0] == 256
    assert len(driver.calls) < 20


def test_a_task_waits_until_the_descriptor_is_readable(context: Any, driver: Driver) -> None:
    driver.at_once = False

    async def main() -> None:
        device = awaitable(context)
        task = asyncio.ensure_future(device.digest(b"x"))
        await asyncio.sleep(0.01)
        assert device._watched
        driver.end(1)
        await task
        assert not device._watched

    asyncio.run(main())


def test_cancelled_tasks_cancel_their_requests(context: Any, driver: Driver) -> None:
    driver.at_once = False
    driver.room = 1

    async def main() -> None:
        device = awaitable(context)
        tasks = [asyncio.ensure_future(device.digest(b"x")) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert (device._flight.sent, device._flight.waiting) == (1, 2)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert [number for number, _ in driver.ended] == [1]
        os.eventfd_write(driver.events, 1)
        await asyncio.sleep(0.01)
        assert len(device._flight) == 0
        assert not device._watched

    asyncio.run(main())


def test_a_wrong_request_is_the_awaiting_task_s(context: Any) -> None:
    async def main() -> None:
        device = awaitable(context)
        right = asyncio.ensure_future(device.digest(b"x"))
        with pytest.raises(TypeError):
            await device.digest_into(b"x", b"read-only")
        await right

    asyncio.run(main())


def test_one_loop_after_the_other(context: Any, driver: Driver) -> None:
    device = awaitable(context)
    asyncio.run(asyncio.wait_for(device.digest(b"x"), 5))
    driver.at_once = False

    async def leave() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(device.digest(b"x"), 0.01)

    asyncio.run(leave())
    driver.at_once = True
    asyncio.run(asyncio.wait_for(device.digest(b"x"), 5))


def test_two_loops_at_once(context: Any, driver: Driver) -> None:
    driver.at_once = False
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    device = awaitable(context)

    async def begin() -> asyncio.Future[bytes]:
        task = asyncio.ensure_future(device.digest(b"x"))
        await asyncio.sleep(0.01)
        return task

    task = first.run_until_complete(begin())
    with pytest.raises(RuntimeError, match="another event loop"):
        second.run_until_complete(device.digest(b"x"))
    driver.end(1)
    first.run_until_complete(task)
    first.close()
    second.close()


def test_closing_ends_awaiting_tasks(context: Any, driver: Driver) -> None:
    driver.at_once = False

    async def main() -> None:
        async with awaitable(context) as device:
            task = asyncio.ensure_future(device.digest(b"x"))
            await asyncio.sleep(0.01)
        with pytest.raises(DeviceClosed):
            await task
        with pytest.raises(DeviceClosed):
            await device.digest(b"x")

    asyncio.run(main())


def test_flight_counts(context: Any, driver: Driver) -> None:
    driver.at_once = False
    flight = Flight(context)
    flight.put([Pending(Request(Op.DIGEST))])
    assert (len(flight), flight.waiting, flight.sent) == (1, 1, 0)
    assert flight.exchange()
    assert (len(flight), flight.waiting, flight.sent) == (1, 0, 1)
    assert not flight.exchange()


@pytest.mark.parametrize(
    ("total", "multiple", "cap", "sizes"),
    [
        (0, 16, 100, [0]),
        (100, 1, 100, [100]),
        (101, 1, 100, [100, 1]),
        (200, 16, 100, [96, 96, 8]),
    ],
)
def test_cuts(total: int, multiple: int, cap: int, sizes: list[int]) -> None:
    cuts = Cuts(total, multiple, cap)
    found: list[int] = []
    while cuts.left:
        assert cuts.at == sum(found)
        found.append(cuts.size)
        cuts.advance()
    assert found == sizes


def test_cuts_are_halved_when_they_are_refused() -> None:
    refused = LimitReached()
    cuts = Cuts(100_000, 1, 20_000)
    for size in (20_000, 10_000, 5_000, 4096):
        assert cuts.size == size
        if size > 4096:
            cuts.halve(refused)
    cuts.advance()
    assert (cuts.at, cuts.size) == (4096, 4096)
    with pytest.raises(LimitReached):
        cuts.halve(refused)
