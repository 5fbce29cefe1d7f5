# SPDX-License-Identifier: MIT
"""Rings of io_uring, with a library and a driver whose answers the tests choose."""

from __future__ import annotations

import gc
import mmap
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pycryptodev import Cancelled, DeviceClosed, LimitReached, Op, Pending, Request, _flight
from pycryptodev.uring import Ring
from tests.host.fake_driver import MEMORY, Driver, Uring, digests


def ring_of(context: Any, **arguments: Any) -> Ring:
    device: Any = SimpleNamespace(_context=context)
    return Ring(device, **arguments)


@pytest.fixture
def ring(context: Any, uring: Uring) -> Ring:
    return ring_of(context)


def test_a_batch_goes_as_there_is_room_for_it(context: Any, uring: Uring, driver: Driver) -> None:
    """Others follow as soon as one has ended."""
    driver.at_once, driver.end_on_wait = False, True
    ring = ring_of(context, depth=4)
    assert [result.error for result in ring.run(digests(10))] == [None] * 10
    assert uring.waits == [1] * 6 + [4, 3, 2, 1]
    assert ring.reap() == []
    assert len(ring) == 0


def test_reap_of_more_than_there_are(ring: Ring) -> None:
    submitted = ring.submit(digests(2))
    assert ring.reap(5) == submitted


def test_submitting_waits_for_no_more_than_room(context: Any, uring: Uring, driver: Driver) -> None:
    driver.at_once, driver.end_on_wait = False, True
    ring = ring_of(context, depth=2)
    ring.submit(digests(3))
    assert uring.waits == [0, 1, 0]
    assert len(driver.running) == 2


def test_requests_under_way_have_a_part_of_the_memory(
    context: Any, uring: Uring, driver: Driver
) -> None:
    driver.at_once, driver.end_on_wait = False, True
    ring_of(context).run(digests(8, MEMORY // 8))
    assert uring.waits == [1] * 8


def test_time_runs_out(ring: Ring, driver: Driver) -> None:
    driver.at_once = False
    (pending,) = ring.submit(digests(1))
    assert ring.reap(1, timeout=0.01) == []
    assert not pending.done
    driver.end(1)
    assert ring.reap(1) == [pending]


def test_a_time_of_centuries(ring: Ring) -> None:
    submitted = ring.submit(digests(1))
    assert ring.reap(1, timeout=2e10) == submitted
    submitted = ring.submit(digests(1))
    assert ring.reap(1, timeout=1e308) == submitted


def test_wait(ring: Ring) -> None:
    first, second = ring.submit(digests(2))
    assert ring.wait(second).error is None
    assert ring.reap() == [first]
    with pytest.raises(ValueError, match="not submitted here"):
        ring.wait(Pending(Request(Op.DIGEST)))


def test_a_stream(ring: Ring, driver: Driver) -> None:
    driver.written = 4
    results = ring.stream(digests(100), depth=7)
    assert [result.get() for result in results] == [
        number.to_bytes(4, "big") for number in range(1, 101)
    ]


def test_one_that_cannot_be_expressed_has_the_error(ring: Ring) -> None:
    results = ring.run([*digests(1), Request(Op.DIGEST, dst_bytes=1 << 32), *digests(1)])
    assert [type(result.error) for result in results] == [type(None), LimitReached, type(None)]


def test_a_request_that_waits_is_cancelled(context: Any, uring: Uring, driver: Driver) -> None:
    driver.at_once = False
    ring = ring_of(context, depth=2)
    first, second, third = (Pending(request) for request in digests(3))
    ring._flight.put([first, second, third])
    ring.reap(1, timeout=0.001)
    assert list(uring.commands) == [1, 2]
    assert ring.cancel(third)
    assert ring.cancel_all() == 2
    assert ring.reap(3) == [third, first, second]
    assert {type(pending.get().error) for pending in (first, second, third)} == {Cancelled}


def test_numbers_of_the_ring_begin_anew(ring: Ring, driver: Driver) -> None:
    """After 2**32 requests."""
    flight = ring._flight
    uring: Any = flight._uring
    flight._ring.sq.sqe_tail = flight._ring.cq.khead[0] = 0xFFFFFFFE
    uring._head = uring._tail = 0xFFFFFFFE
    driver.written = 4
    assert [result.get()[-1] for result in ring.run(digests(5))] == [1, 2, 3, 4, 5]
    assert flight._ring.sq.sqe_tail == flight._ring.cq.khead[0] == 3


def test_a_text_in_the_buffer_is_marked(context: Any, uring: Uring) -> None:
    mapped = mmap.mmap(-1, 4096)
    ring = ring_of(context, buffer=mapped)
    ring.run([Request(Op.DIGEST, mapped), *digests(1)])
    assert [flags for flags, _ in uring.commands.values()] == [1, 0]


def test_a_closed_ring_lets_the_buffer_go(context: Any, uring: Uring) -> None:
    mapped = mmap.mmap(-1, 4096)
    ring = ring_of(context, buffer=mapped)
    ring.run([Request(Op.DIGEST, mapped)])
    with pytest.raises(BufferError):
        mapped.close()
    ring.close()
    mapped.close()


def test_close_waits_for_what_runs(ring: Ring, uring: Uring, driver: Driver) -> None:
    driver.at_once, driver.end_on_wait = False, True
    driver.unstoppable = 2
    submitted = ring.submit(digests(5))
    ring.close()
    ring.close()
    assert [type(pending.get().error) for pending in submitted] == [type(None)] * 2 + [
        Cancelled
    ] * 3
    assert uring.exits == 1
    assert _flight._abandoned == []


def test_memory_that_could_not_be_waited_for_is_never_freed(
    ring: Ring, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.at_once = False
    out = bytearray(4)
    (pending,) = ring.submit([Request(Op.DIGEST, b"", out)])

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("pycryptodev._ioctl.cancel", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ring.close()
    assert isinstance(pending.get().error, DeviceClosed)
    with pytest.raises(BufferError):
        out.append(0)
    _flight._abandoned.clear()


def test_another_thread_closes_it(ring: Ring, uring: Uring, driver: Driver) -> None:
    """What is under way cannot be waited for there."""
    driver.at_once = False
    (pending,) = ring.submit(digests(1))
    caught: list[BaseException] = []

    def close() -> None:
        try:
            ring.close()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert isinstance(pending.get().error, DeviceClosed)
    assert uring.exits == 1
    assert len(_flight._abandoned) == 1
    _flight._abandoned.clear()


def test_another_process_takes_nothing_of_the_ring(
    ring: Ring, uring: Uring, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.at_once = False
    (pending,) = ring.submit(digests(1))
    driver.end(1)
    with monkeypatch.context() as other:
        other.setattr("os.getpid", lambda: 1)
        for use in (ring.reap, ring.cancel_all, lambda: ring.submit(digests(1))):
            with pytest.raises(Cancelled, match="before a fork"):
                use()
        ring.close()
    assert len(driver.ended) == 1
    assert isinstance(pending.get().error, DeviceClosed)


def test_a_ring_that_is_forgotten(context: Any, uring: Uring, driver: Driver) -> None:
    driver.at_once, driver.end_on_wait = False, True
    ring_of(context).submit(digests(3))
    gc.collect()
    assert uring.exits == 1
    assert not driver.running
    assert _flight._abandoned == []
