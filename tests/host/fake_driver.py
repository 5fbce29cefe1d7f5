# SPDX-License-Identifier: MIT
"""A driver whose answers the tests choose, in the place of the ioctls and of liburing."""

from __future__ import annotations

import errno
import os
from collections import deque
from types import SimpleNamespace
from typing import Any

from cffi import FFI

from pycryptodev import DeviceClosed, Op, Request, _liburing
from pycryptodev._abi import ffi, lib
from pycryptodev.enums import AlgClass, Feature

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
        end_on_wait: a call that waits ends what is running; one of a ring the first of them.
        interrupts: the next call raises it, like a signal's handler.
        unstoppable: requests that run when the others are cancelled; each call ends one.
        written: bytes of output of each request: its number, the most significant byte first.
    """

    def __init__(self) -> None:
        self.room = 1 << 30
        self.at_once = True
        self.calls: list[int] = []
        self.running: deque[int] = deque()
        self.ended: deque[tuple[int, int]] = deque()
        self.fails: Exception | None = None
        self.interrupts: type[BaseException] | None = None
        self.unstoppable = 0
        self.chained: list[int] = []
        self.end_on_wait = False
        self.written = 0
        self.events = os.eventfd(0, os.EFD_NONBLOCK)

    def take(self, request: Any) -> None:
        """Begin a request, whose output is its number."""
        self.running.append(request.user_data)
        if request.flags & lib.DEVCRYPTO_REQUEST_CHAIN:
            self.chained.append(request.user_data)
        if self.written:
            number = int(request.user_data).to_bytes(self.written, "big")
            ffi.memmove(ffi.cast("void *", request.dst), number, self.written)

    def submit(self, _fd: int, call: Any) -> None:
        submit = call._submit
        if self.fails is not None:
            raise self.fails
        self.calls.append(submit.count)
        requests = ffi.cast(REQUEST, submit.requests)
        while submit.out_submitted < submit.count and self.room:
            self.take(requests + submit.out_submitted)
            submit.out_submitted += 1
            self.room -= 1
        if self.at_once or (self.end_on_wait and submit.min_completions):
            self.end(len(self.running))
        while self.ended and submit.out_completed < submit.max_completions:
            number, result = self.ended.popleft()
            completion = call._completions[submit.out_completed]
            completion.user_data, completion.result = number, result
            completion.out_bytes = 0 if result else self.written
            submit.out_completed += 1
            self.room += 1
        if not self.ended:
            # Never waits, also when the descriptor has been made a blocking one.
            os.eventfd_write(self.events, 1)
            os.eventfd_read(self.events)
        if self.interrupts is not None:
            interrupts, self.interrupts = self.interrupts, None
            raise interrupts

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


def digests(count: int, size: int = 1) -> list[Request]:
    return [Request(Op.DIGEST, bytes(size)) for _ in range(count)]


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

    def share(self) -> FakeContext:
        return FakeContext(self.fd)

    def driver_info(self) -> Any:
        return SimpleNamespace(
            max_memory_per_user=MEMORY, max_in_flight=IN_FLIGHT, features=Feature.URING
        )

    def permission(self, src_bytes: int) -> int:
        return lib.DEVCRYPTO_REQUEST_ZEROCOPY if src_bytes >= self.zero_copy_from else 0

    def fileno(self) -> int:
        if self.fd < 0:
            raise DeviceClosed
        return self.fd

    def close(self) -> None:
        self.fd, self.closed = -1, True


URING = FFI()
URING.cdef(_liburing._DECLARATIONS)


class Uring:
    """In the place of liburing: one ring, whose commands a driver ends.

    Attributes:
        commands: the slots that were submitted, by user_data: those of flags and of the request.
        waits: how many completions each call waited for.
    """

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.commands: dict[int, tuple[int, int]] = {}
        self.waits: list[int] = []
        self.exits = 0
        self._head = self._tail = 0

    def io_uring_queue_init(self, entries: int, ring: Any, _flags: int) -> int:
        size = 1 << (entries - 1).bit_length()
        self._sqes = ring.sq.sqes = URING.new("struct io_uring_sqe[]", size)
        self._mask = ring.sq.kring_mask = URING.new("unsigned *", size - 1)
        self._khead = ring.cq.khead = URING.new("unsigned *")
        self._cqes = URING.new("struct io_uring_cqe[]", 2 * size)
        return 0

    def io_uring_queue_exit(self, _ring: Any) -> None:
        self.exits += 1

    def io_uring_register_buffers(self, _ring: Any, _vectors: Any, _count: int) -> int:
        return 0

    def io_uring_submit_and_get_events(self, ring: Any) -> int:
        self.waits.append(0)
        return self._submit(ring)

    def io_uring_submit_and_wait_timeout(
        self, ring: Any, _cqes: Any, count: int, time: Any, _mask: Any
    ) -> int:
        self.waits.append(count)
        submitted = self._submit(ring)
        if self.driver.end_on_wait:
            self.driver.end(min(1, len(self.driver.running)))
        ready = len(self.driver.ended) + ((self._tail - self._khead[0]) & 0xFFFFFFFF)
        if ready < count and not self.driver.end_on_wait:
            assert time, "waits for ever"
            return -errno.ETIME
        return submitted

    def io_uring_peek_batch_cqe(self, _ring: Any, cqes: Any, count: int) -> int:
        most = len(self._cqes)
        while self.driver.ended:
            number, result = self.driver.ended.popleft()
            assert (self._tail - self._khead[0]) & 0xFFFFFFFF < most
            self._cqes[self._tail % most] = {
                "user_data": number,
                "res": result or self.driver.written,
            }
            self._tail = (self._tail + 1) & 0xFFFFFFFF
        ready: int = min((self._tail - self._khead[0]) & 0xFFFFFFFF, count)
        for at in range(ready):
            cqes[at] = self._cqes + (self._khead[0] + at) % most
        return ready

    def _submit(self, ring: Any) -> int:
        begin = self._head
        while self._head != ring.sq.sqe_tail:
            slot = self._sqes[self._head & self._mask[0]]
            self._head = (self._head + 1) & 0xFFFFFFFF
            self.commands[slot.user_data] = slot.cmd_flags, slot.request
            self.driver.take(ffi.cast(REQUEST, slot.request))
        if self.driver.at_once:
            self.driver.end(len(self.driver.running))
        return (self._head - begin) & 0xFFFFFFFF
