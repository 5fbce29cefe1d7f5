# SPDX-License-Identifier: MIT
"""The ways of submitted requests, with a driver whose answers the tests choose."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
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
    _structs,
)
from pycryptodev._context import Cuts
from pycryptodev._flight import Pending, SubmitFlight
from pycryptodev.asynchronous import AsyncCryptoDevice
from pycryptodev.enums import AlgClass
from pycryptodev.errors import from_errno
from pycryptodev.queue import Queue
from tests.host.fake_driver import IN_FLIGHT, MEMORY, Driver, digests


@pytest.fixture
def queue(context: Any) -> Queue:
    return Queue(context)


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


def test_a_time_of_centuries(queue: Queue, driver: Driver) -> None:
    driver.at_once, driver.end_on_wait = False, True
    for timeout in (2e10, 1e308):
        submitted = queue.submit(digests(1))
        assert queue.reap(1, timeout=timeout) == submitted


def test_an_output_of_less_than_nothing(queue: Queue) -> None:
    for size in (-1, -(1 << 70)):
        with pytest.raises(ValueError, match="dst_bytes is negative"):
            queue.submit([Request(Op.DIGEST, dst_bytes=size)])


def test_a_request_of_nobody(queue: Queue) -> None:
    with pytest.raises(ValueError, match="not submitted here"):
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
    flight = SubmitFlight(context)
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
    driver.interrupts = KeyboardInterrupt
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
    driver.interrupts = KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        queue.close()
    assert [type(pending.get().error) for pending in submitted] == [DeviceClosed] * 2
    with pytest.raises(BufferError):
        out.append(0)
    _flight._abandoned.clear()


@pytest.mark.parametrize("raised", [MemoryError, TimedOut])
def test_what_a_handler_raises_does_not_end_what_was_accepted(
    context: Any, driver: Driver, raised: type[Exception]
) -> None:
    """Also if it looks like what the call itself may raise."""
    driver.at_once = False
    (out,), requests = encrypts(context, 1)
    flight = SubmitFlight(context)
    pending = Pending(requests[0])
    flight.put([pending])
    driver.interrupts = raised
    with pytest.raises(raised):
        flight.exchange()
    assert list(driver.running) == [1]
    assert not pending.done
    with pytest.raises(BufferError):
        out.append(0)
    driver.end(1)
    assert flight.exchange()
    assert pending.get().error is None
    out.append(0)


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


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs of 1000 bytes get no memory."""
    memory = _structs.memory

    def scarce(size: int) -> Any:
        if size == 1000:
            raise MemoryError
        return memory(size)

    monkeypatch.setattr(_structs, "memory", scarce)


@pytest.mark.usefixtures("no_memory")
def test_a_task_whose_output_gets_no_memory(context: Any) -> None:
    async def main() -> None:
        device = awaitable(context)
        first = asyncio.ensure_future(device.run([Request(Op.DIGEST, dst_bytes=1000)]))
        second = asyncio.ensure_future(device.digest(b"x"))
        done = await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 5)
        assert [type(each) for each in done] == [MemoryError, bytes]

    asyncio.run(main())


def test_a_result_that_gets_no_memory(
    queue: Queue, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost, and those behind it are not."""
    content = _structs.content

    def scarce(held: Any, size: int) -> bytes:
        if size == 4 and content(held, size)[-1] == 1:
            raise MemoryError
        return content(held, size)

    monkeypatch.setattr(_structs, "content", scarce)
    driver.written = 4
    first, second = queue.submit(digests(2))
    assert queue.reap(2) == [first, second]
    assert second.get().get() == b"\0\0\0\2"
    with pytest.raises(MemoryError):
        first.get()
    with pytest.raises(MemoryError):
        queue.wait(first)


def test_a_call_that_gets_no_memory(
    queue: Queue, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scarce(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(_structs.Submission, "prepare", scarce)
        submitted = queue.submit(digests(2))
    for pending in submitted:
        with pytest.raises(MemoryError):
            pending.get()
    assert (len(queue.reap()), driver.calls) == (2, [0])


def test_a_task_survives_the_exception_of_a_signal(context: Any, driver: Driver) -> None:
    class Alarm(Exception):
        pass

    driver.interrupts = Alarm

    async def main() -> None:
        said: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: said.append(told))
        device = awaitable(context)
        await asyncio.wait_for(device.digest(b"x"), 5)
        assert [type(told["exception"]) for told in said] == [Alarm]

    asyncio.run(main())


def test_a_child_that_closes_its_copy(context: Any, driver: Driver) -> None:
    """The parent's event loop still hears of what ends."""
    driver.at_once = False

    async def main() -> None:
        device = awaitable(context)
        task = asyncio.ensure_future(device.digest(b"x"))
        await asyncio.sleep(0.01)
        child = os.fork()
        if not child:
            device.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        driver.end(1)
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_another_process_is_told_when_it_awaits(
    context: Any, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.at_once = False
    device = awaitable(context)

    async def begin() -> asyncio.Future[bytes]:
        task = asyncio.ensure_future(device.digest(b"x"))
        await asyncio.sleep(0.01)
        return task

    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    task = first.run_until_complete(begin())
    with monkeypatch.context() as other:
        other.setattr(os, "getpid", lambda: 1)
        with pytest.raises(Cancelled, match="before a fork"):
            second.run_until_complete(device.digest(b"x"))
    driver.end(1)
    first.run_until_complete(task)
    first.close()
    second.close()


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
    flight = SubmitFlight(context)
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
