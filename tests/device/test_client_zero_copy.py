# SPDX-License-Identifier: MIT
"""Zero copy: who asks for it, whether it was used, and what becomes of the buffers."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import mmap
import os
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pycryptodev import (
    ZERO_COPY_BYTES,
    AsyncCryptoDevice,
    BufferTooSmall,
    CryptoDevice,
    InvalidRequest,
    InvalidTag,
    Op,
    Request,
    Result,
    _flight,
)
from pycryptodev.uring import Ring
from tests import fdinfo

KEY = bytes(range(16))
IV = bytes(range(50, 66))
NONCE = IV[:12]
TEXT = os.urandom(ZERO_COPY_BYTES)
MIB = 1 << 20


def counter_mode(text: bytes) -> bytes:
    return Cipher(algorithms.AES(KEY), modes.CTR(IV)).encryptor().update(text)


def ctr(zero_copy: bool | None = None) -> CryptoDevice:
    """A device that has answered once.

    By then the driver knows an algorithm that calls itself asynchronous and is not: an engine is
    given no more pieces than it is sure to take.
    """
    device = CryptoDevice("ctr(aes)", key=KEY, zero_copy=zero_copy)
    device.encrypt(b"x", iv=IV)
    return device


def run(zero_copy: bool | None, requests: list[Request]) -> list[Result]:
    with ctr(zero_copy) as device:
        return device.run(requests)


def run_queued(zero_copy: bool | None, requests: list[Request]) -> list[Result]:
    with ctr(zero_copy) as device, device.queue() as queue:
        return queue.run(requests)


def run_streamed(zero_copy: bool | None, requests: list[Request]) -> list[Result]:
    with ctr(zero_copy) as device:
        return list(device.stream(requests))


def run_awaited(zero_copy: bool | None, requests: list[Request]) -> list[Result]:
    async def main() -> list[Result]:
        async with AsyncCryptoDevice("ctr(aes)", key=KEY, zero_copy=zero_copy) as device:
            await device.encrypt(b"x", iv=IV)
            return await device.run(requests)

    return asyncio.run(main())


def run_by_ring(zero_copy: bool | None, requests: list[Request]) -> list[Result]:
    with ctr(zero_copy) as device, Ring(device) as ring:
        return ring.run(requests)


@pytest.fixture
def locked_memory() -> Iterator[Callable[[int], None]]:
    """A function that lowers the limit of locked memory."""
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    yield lambda size: resource.setrlimit(resource.RLIMIT_MEMLOCK, (size, hard))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (soft, hard))


# Who asks for it


@pytest.mark.parametrize("way", [run, run_queued, run_streamed, run_awaited, run_by_ring])
@pytest.mark.parametrize(
    ("zero_copy", "sizes"),
    [(None, {ZERO_COPY_BYTES, MIB}), (True, {1, 5000, ZERO_COPY_BYTES, MIB}), (False, set())],
)
def test_who_asks_for_it(
    way: Callable[[bool | None, list[Request]], list[Result]],
    zero_copy: bool | None,
    sizes: set[int],
) -> None:
    texts = [os.urandom(size) for size in (0, 1, 5000, ZERO_COPY_BYTES - 1, ZERO_COPY_BYTES, MIB)]
    asked = sizes | ({ZERO_COPY_BYTES - 1} if zero_copy else set())
    results = way(zero_copy, [Request(Op.ENCRYPT, text, iv=IV) for text in texts])
    assert [result.get() for result in results] == [counter_mode(text) for text in texts]
    assert [len(text) for text in texts if len(text) in asked] == [
        result.written for result in results if result.zero_copy
    ]


def test_a_shared_device_has_the_same_permission() -> None:
    with ctr(True) as device, device.share() as shared:
        assert shared.run([Request(Op.ENCRYPT, b"text", iv=IV)])[0].zero_copy


def test_of_many_pieces_the_sum_counts() -> None:
    # Of one object: the output may not lie between them.
    text = memoryview(TEXT)
    pieces = [text[: ZERO_COPY_BYTES // 2], text[ZERO_COPY_BYTES // 2 :]]
    with ctr() as device:
        (result,) = device.run([Request(Op.ENCRYPT, pieces, iv=IV)])
    assert (result.zero_copy, result.get()) == (True, counter_mode(TEXT))


@pytest.mark.parametrize("zero_copy", [None, True, False])
def test_calls_of_one_request(zero_copy: bool | None) -> None:
    """What the driver counts, as these methods have no result that could tell."""
    buffer = bytearray(TEXT)
    with ctr(zero_copy) as device:
        before = fdinfo.numbers(device.fileno())
        assert device.encrypt(TEXT, iv=IV) == counter_mode(TEXT)
        assert device.encrypt_into(buffer, buffer, iv=IV) == len(TEXT)
        assert device.decrypt_into(buffer, buffer, iv=IV) == len(TEXT)
        assert device.encrypt_chained(TEXT, iv=IV)[0] == counter_mode(TEXT)
        assert buffer == TEXT
        device.encrypt(b"short", iv=IV)
        after = fdinfo.numbers(device.fileno())
    moved = {key: after[key] - before[key] for key in after if key.startswith("bytes-")}
    free = {None: 4 * len(TEXT), True: 4 * len(TEXT) + 5, False: 0}[zero_copy]
    # Both sides of a copied text count.
    copied = 2 * (4 * len(TEXT) + 5 - free)
    assert moved == {"bytes-pinned": 0, "bytes-zerocopy": free, "bytes-copied": copied}


def test_hashes() -> None:
    with CryptoDevice("sha256") as device:
        results = device.run(Request(Op.DIGEST, text) for text in (TEXT, TEXT[1:]))
        assert [result.zero_copy for result in results] == [True, False]
        assert results[0].get() == device.digest(TEXT) == hashlib.sha256(TEXT).digest()
        # What one block did does not stick to the next request.
        before = fdinfo.numbers(device.fileno())["bytes-zerocopy"]
        device.digest(TEXT[1:])
        assert fdinfo.numbers(device.fileno())["bytes-zerocopy"] == before
        with device.hash() as stream:
            stream.update(TEXT)
            assert fdinfo.numbers(stream._context.fileno())["bytes-copied"] == 0
            assert stream.digest() == hashlib.sha256(TEXT).digest()


def test_aead_encryption_only() -> None:
    sealed = bytearray(len(TEXT) + 16)
    opened = bytearray(len(TEXT))
    with CryptoDevice("gcm(aes)", key=KEY, zero_copy=True) as device:
        device.encrypt(b"x", iv=NONCE)
        encrypted, decrypted = device.run(
            [
                Request(Op.ENCRYPT, TEXT, sealed, iv=NONCE, assoc=b"assoc"),
                Request(Op.DECRYPT, AESGCM(KEY).encrypt(NONCE, TEXT, None), opened, iv=NONCE),
            ]
        )
        assert sealed == AESGCM(KEY).encrypt(NONCE, TEXT, b"assoc")
        assert opened == TEXT
        assert (encrypted.zero_copy, decrypted.zero_copy) == (True, False)
        sealed[100] ^= 1
        (forged,) = device.run([Request(Op.DECRYPT, sealed, opened, iv=NONCE, assoc=b"assoc")])
    assert isinstance(forged.error, InvalidTag)
    assert opened == TEXT


@pytest.mark.requires("deflate")
def test_other_classes_copy() -> None:
    with CryptoDevice("deflate", zero_copy=True) as device:
        packed = device.compress(TEXT[:1000])
        (result,) = device.run([Request(Op.DECOMPRESS, packed)])
    assert (result.get(), result.zero_copy) == (TEXT[:1000], False)


# What is copied all the same


def test_what_is_more_than_the_limit(locked_memory: Callable[[int], None]) -> None:
    with ctr(True) as device:
        locked_memory(0)
        (result,) = device.run([Request(Op.ENCRYPT, TEXT, iv=IV)])
        assert (result.get(), result.zero_copy) == (counter_mode(TEXT), False)
        # Source and destination, each with a page more than it has bytes for.
        locked_memory(2 * (ZERO_COPY_BYTES + mmap.PAGESIZE))
        with device.queue() as queue:
            results = queue.run([Request(Op.ENCRYPT, TEXT, iv=IV)] * 8)
        assert [result.get() for result in results] == [counter_mode(TEXT)] * 8
        assert 0 < sum(result.zero_copy for result in results) <= 8


def test_buffers_that_overlap() -> None:
    with ctr(True) as device:
        memory = bytearray(TEXT)
        with memoryview(memory) as view:
            (result,) = device.run([Request(Op.ENCRYPT, view[:-100], view[100:], iv=IV)])
        assert (result.error, result.zero_copy) == (None, False)
        assert memory[100:] == counter_mode(TEXT[:-100])


def test_shared_memory() -> None:
    descriptor = os.memfd_create("text")
    os.ftruncate(descriptor, len(TEXT))
    with ctr(True) as device, mmap.mmap(descriptor, len(TEXT)) as memory:
        memory[:] = TEXT
        (result,) = device.run([Request(Op.ENCRYPT, memory, memory, iv=IV)])
        assert (memory[:], result.zero_copy) == (counter_mode(TEXT), True)
    os.close(descriptor)


def test_a_read_only_mapping() -> None:
    with ctr(True) as device, mmap.mmap(-1, len(TEXT), access=mmap.ACCESS_READ) as memory:
        (result,) = device.run([Request(Op.ENCRYPT, memory, iv=IV)])
        assert (result.get(), result.zero_copy) == (counter_mode(bytes(len(TEXT))), False)


@pytest.mark.parametrize("zero_copy", [None, True, False])
def test_a_request_that_fails(zero_copy: bool | None) -> None:
    """Without a copy the destination may be anything then, but nothing beside it."""
    memory = bytearray(len(TEXT) + 100)
    with (
        CryptoDevice("cbc(aes)", key=KEY, zero_copy=zero_copy) as device,
        memoryview(memory)[: len(TEXT)] as out,
    ):
        (result,) = device.run([Request(Op.ENCRYPT, TEXT + IV, out, iv=IV)])
        assert isinstance(result.error, BufferTooSmall)
        (result,) = device.run([Request(Op.ENCRYPT, TEXT[1:], out, iv=IV)])
        assert isinstance(result.error, InvalidRequest)
        assert not result.zero_copy
        with pytest.raises(InvalidRequest):
            device.encrypt_into(TEXT[1:], out, iv=IV)
    assert memory[len(TEXT) :] == bytes(100)
    if zero_copy is False:
        assert memory == bytes(len(memory))


# In flight


def test_buffers_are_held_until_the_result_is_taken() -> None:
    out = bytearray(len(TEXT))
    with ctr() as device, device.queue() as queue:
        (pending,) = queue.submit([Request(Op.ENCRYPT, TEXT, out, iv=IV)])
        with pytest.raises(BufferError):
            out.append(0)
        assert queue.wait(pending).zero_copy
        assert fdinfo.numbers(queue.fileno())["bytes-pinned"] == 0
        out.append(0)
    assert out == counter_mode(TEXT) + b"\0"


def writers(count: int) -> tuple[list[bytearray], list[Request]]:
    """Requests that write to the caller's memory as they run, and that memory."""
    outs = [bytearray(MIB) for _ in range(count)]
    return outs, [Request(Op.ENCRYPT, bytes(MIB), out, iv=IV) for out in outs]


def still(outs: list[bytearray]) -> None:
    """Nobody writes there any more, and it is the caller's again."""
    seen = [hashlib.sha256(out).digest() for out in outs]
    time.sleep(0.3)
    assert [hashlib.sha256(out).digest() for out in outs] == seen
    for out in outs:
        out.append(0)
    assert _flight._abandoned == []


@pytest.mark.parametrize("repetition", range(3))
def test_a_queue_that_is_closed_waits_for_what_runs(repetition: int) -> None:
    expected = counter_mode(bytes(MIB))
    with ctr(True) as device:
        queue = device.queue()
        outs, requests = writers(12)
        submitted = queue.submit(requests)
        time.sleep(0.002 * repetition)
        queue.close()
    still(outs)
    for out, pending in zip(outs, submitted, strict=True):
        assert pending.done
        if pending.get().error is None:
            assert out[:MIB] == expected


def test_a_queue_that_is_forgotten_waits_too() -> None:
    outs, requests = writers(12)
    with ctr(True) as device:
        queue = device.queue()
        queue.submit(requests)
        with pytest.warns(ResourceWarning):
            del queue
            gc.collect()
    still(outs)


def test_a_device_of_asyncio_waits_too() -> None:
    outs, requests = writers(12)

    async def main() -> list[Any]:
        async with AsyncCryptoDevice("ctr(aes)", key=KEY, zero_copy=True) as device:
            await device.encrypt(b"x", iv=IV)
            tasks = [asyncio.ensure_future(device._run(request)) for request in requests]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return await asyncio.gather(*tasks)

    results = asyncio.run(asyncio.wait_for(main(), 60))
    assert len(results) == 12
    still(outs)


def test_another_process_does_not_wait() -> None:
    outs, requests = writers(4)
    with ctr(True) as device, device.queue() as queue:
        queue.submit(requests)
        child = os.fork()
        if not child:
            queue.close()
            os._exit(0 if _flight._abandoned == [] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(queue.reap(4)) == 4
    assert [bytes(out) for out in outs] == [counter_mode(bytes(MIB))] * 4
