# SPDX-License-Identifier: MIT
"""Chains: requests that run in their order, and end with the first that fails; eventfds."""

from __future__ import annotations

import asyncio
import hashlib
import os
import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycryptodev import (
    AsyncCryptoDevice,
    Cancelled,
    CryptoDevice,
    DeviceClosed,
    InvalidRequest,
    LimitReached,
    Op,
    Queue,
    Request,
    Result,
    driver_info,
)
from tests import fdinfo

KEY = bytes(range(16))
IV = bytes(range(50, 66))

# Longer than what is executed at once.
TEXT = os.urandom(8192)
PATIENCE_MS = 60_000

Run = Callable[[str, bytes, list[Request]], list[Result]]


def run(name: str, key: bytes, requests: list[Request]) -> list[Result]:
    with CryptoDevice(name, key=key) as device:
        return device.run(requests, chain=True)


def run_queued(name: str, key: bytes, requests: list[Request]) -> list[Result]:
    with CryptoDevice(name, key=key) as device, device.queue() as queue:
        return queue.run(requests, chain=True)


def run_awaited(name: str, key: bytes, requests: list[Request]) -> list[Result]:
    async def main() -> list[Result]:
        async with AsyncCryptoDevice(name, key=key) as device:
            return await device.run(requests, chain=True)

    return asyncio.run(asyncio.wait_for(main(), 120))


WAYS = pytest.mark.parametrize("way", [run, run_queued, run_awaited])


@pytest.fixture
def queue() -> Iterator[Queue]:
    with CryptoDevice("sha256") as device, device.queue() as opened:
        yield opened


def updates(count: int) -> list[Request]:
    """A hash stream in a chain, which has its order from that alone."""
    texts = [number.to_bytes(4, "big") * (1 + number % 5000) for number in range(count)]
    return [*(Request(Op.STREAM_UPDATE, text) for text in texts), Request(Op.STREAM_FINAL)]


def digest_of(count: int) -> bytes:
    whole = hashlib.sha256()
    for number in range(count):
        whole.update(number.to_bytes(4, "big") * (1 + number % 5000))
    return whole.digest()


@WAYS
@pytest.mark.parametrize("count", [0, 1, 500])
def test_a_chain_keeps_its_order(way: Run, count: int) -> None:
    results = way("sha256", b"", updates(count))
    assert [result.error for result in results] == [None] * (count + 1)
    assert results[-1].get() == digest_of(count)


@WAYS
def test_an_empty_chain(way: Run) -> None:
    assert way("sha256", b"", []) == []


@WAYS
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (Request(Op.ENCRYPT, TEXT[1:], iv=IV), InvalidRequest),
        (Request(Op.ENCRYPT, TEXT, iv=IV, dst_bytes=1 << 32), LimitReached),
    ],
    ids=["refused by the driver", "not to be expressed"],
)
def test_the_first_that_fails_ends_it(way: Run, wrong: Request, error: type) -> None:
    out = bytearray(len(TEXT))
    right = Request(Op.ENCRYPT, TEXT, iv=IV)
    behind = Request(Op.ENCRYPT, TEXT, out, iv=IV)
    results = way("cbc(aes)", KEY, [right, wrong, behind, wrong])
    assert [type(result.error) for result in results] == [type(None), error, Cancelled, Cancelled]
    assert out == bytes(len(TEXT))


def test_what_is_not_in_the_chain_goes_on() -> None:
    wrong, right = (Request(Op.ENCRYPT, text, iv=IV) for text in (TEXT[1:], TEXT))
    with CryptoDevice("cbc(aes)", key=KEY) as device, device.queue() as queue:
        before = queue.submit([right, right])
        chain = queue.submit([right, wrong, right], chain=True)
        after = queue.submit([right, right])
        queue.reap(7)
    assert all(pending.get().error is None for pending in before + after)
    assert [type(pending.get().error) for pending in chain] == [
        type(None), InvalidRequest, Cancelled,
    ]  # fmt: skip


@WAYS
def test_more_than_a_queue_gives_in_one_call(way: Run) -> None:
    count = 4000
    results = way("sha256", b"", [Request(Op.DIGEST, b"x")] * count)
    assert [result.get() for result in results] == [hashlib.sha256(b"x").digest()] * count


def test_a_batch_of_several_calls() -> None:
    count = driver_info().max_batch
    with CryptoDevice("sha256") as device:
        right, wrong = Request(Op.DIGEST, b"x"), Request(Op.DIGEST, b"x", bytearray(31))
        results = device.run([right] * (count - 1) + [wrong] + [right] * 10, chain=True)
        assert [result.error is None for result in results] == [True] * (count - 1) + [False] * 11
        assert all(isinstance(result.error, Cancelled) for result in results[count:])
        assert fdinfo.numbers(device.fileno())["done"] == count - 1


def test_more_than_the_driver_takes(queue: Queue) -> None:
    info = driver_info()
    count = min(info.max_batch, info.max_in_flight) + 1
    with pytest.raises(LimitReached):
        queue.submit([Request(Op.DIGEST, b"x")] * count, chain=True)
    assert len(queue) == 0


def test_a_chain_waits_for_room(queue: Queue) -> None:
    queue.submit([Request(Op.DIGEST, b"x")] * (driver_info().max_in_flight - 10))
    chain = queue.submit(updates(1000), chain=True)
    queue.reap(len(queue))
    assert chain[-1].get().get() == digest_of(1000)


def test_cancelling_one_cancels_what_is_behind_it(queue: Queue) -> None:
    queue.submit([Request(Op.DIGEST, bytes(1 << 20))] * 20)
    chain = queue.submit([Request(Op.DIGEST, TEXT)] * 5, chain=True)
    assert queue.cancel(chain[2])
    queue.reap(len(queue))
    assert [pending.get().error is None for pending in chain] == [True] * 2 + [False] * 3
    assert all(isinstance(pending.get().error, Cancelled) for pending in chain[2:])


# Eventfds


@pytest.fixture
def eventfd() -> Iterator[int]:
    descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    yield descriptor
    os.close(descriptor)


def readable(descriptor: int, patience_ms: int = PATIENCE_MS) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(patience_ms))


@pytest.mark.parametrize("size", [1, len(TEXT)])
def test_each_end_is_signalled(queue: Queue, eventfd: int, size: int) -> None:
    queue.set_eventfd(eventfd)
    queue.submit([Request(Op.DIGEST, TEXT[:size])] * 5)
    ended = 0
    while ended < 5:
        assert readable(eventfd)
        ended += os.eventfd_read(eventfd)
    assert ended == 5
    assert len(queue.reap()) == 5
    assert not readable(eventfd, 0)


def test_the_last_eventfd_holds(queue: Queue, eventfd: int) -> None:
    other = os.eventfd(0, os.EFD_NONBLOCK)
    with os.fdopen(other, "rb", buffering=0) as file:
        queue.set_eventfd(eventfd)
        queue.set_eventfd(file)
        queue.run([Request(Op.DIGEST, TEXT)])
        assert not readable(eventfd, 0)
        assert os.eventfd_read(other) == 1
        queue.set_eventfd(None)
        queue.run([Request(Op.DIGEST, TEXT)])
        assert not readable(other, 0)


def test_what_is_no_eventfd(queue: Queue) -> None:
    with Path(os.devnull).open("rb") as file, pytest.raises(InvalidRequest):
        queue.set_eventfd(file)
    queue.close()
    with pytest.raises(DeviceClosed):
        queue.set_eventfd(None)
