# SPDX-License-Identifier: MIT
"""Requests by io_uring: many at the same time, in registered buffers without a copy.

It takes Debian's liburing2, which nothing else here needs; without it a ring is
:class:`UringMissing`.
"""

from __future__ import annotations

import errno
import math
import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _ioctl, _structs
from ._abi import ffi as abi
from ._device import Device
from ._flight import Pending
from ._liburing import SETUP, UringMissing, load
from .enums import AlgClass, Feature
from .errors import CryptoDevError, DeviceClosed, NotSupported, from_errno
from .requests import Prepared, Request, Result, failed

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Ring", "UringMissing"]

_URING_CMD = 46
_COMMAND_FIXED = 1
_NS = 1_000_000_000

# What ends a call of io_uring before anything has happened, and is no failure.
_NOTHING_YET = (errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ETIME)

# Requests under way have a part of the user's driver memory: one is refused where it ends.
_PART_OF_MEMORY = 4

_abandoned: list[object] = []
"""What requests may still write to of rings that could not wait for them; never freed."""


class Ring:
    """A ring of io_uring with requests of one algorithm and key.

    >>> with CryptoDevice("ctr(aes)", key=key) as device, Ring(device, buffer=mapped) as ring:
    ...     ring.submit(Request(Op.ENCRYPT, part, part, iv=iv) for part, iv in parts)
    ...     while ring:
    ...         for pending in ring.reap(1):
    ...             pending.get()

    Requests are the same as those of CryptoDevice.run(), and end in any order. What a request reads
    and writes has to stay as it is until its result has been taken; the ring keeps the objects
    alive. Outputs are written by the calls that submit requests and take results, or without a copy
    as they are made.

    Synchronization: only the thread that made it; after fork() the other process gets Cancelled.
    """

    def __init__(self, device: Device, *, depth: int = 64, buffer: Buffer | None = None) -> None:
        """Make a ring.

        It is a context of its own, as that of CryptoDevice.share(), and either may be closed first.

        Args:
            device: gives algorithm and key.
            depth: requests that are under way at the same time, from 1 to driver_info's
                max_in_flight, and to 32768.
            buffer: writable memory that is registered with io_uring. Requests whose source and
                destination lie in it are executed there without a copy, whatever the device's
                zero_copy says; it counts against the user's RLIMIT_MEMLOCK and cannot be resized
                while the ring is open.

        Raises:
            UringMissing: liburing is not there; its hint has what to install.
            NotSupported: the driver or the kernel has no io_uring, or it is switched off.
            ValueError: depth is out of range, or the buffer is empty.
            TypeError: the buffer is read-only.
            OutOfMemory: the buffer is more than RLIMIT_MEMLOCK allows.
            Others: see :meth:`CryptoDevice.share`.
        """
        self._open = False
        self._ffi, self._uring = load()
        self._held = _structs.writable(buffer, "buffer") if buffer is not None else None
        if self._held is not None and not len(self._held):
            raise ValueError("the buffer is empty")
        self._context = device._context.share()
        try:
            info = self._context.driver_info()
            if not info.features & Feature.URING:
                raise from_errno(errno.EOPNOTSUPP, "io_uring")
            if not 1 <= depth <= min(info.max_in_flight, 32768):
                raise ValueError("depth is out of range")
            self._depth = depth
            self._most_bytes = info.max_memory_per_user // _PART_OF_MEMORY
            self._begin()
        except BaseException:
            self._context.close()
            raise
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._numbers = 0
        self._bytes = 0
        self._waiting: deque[Pending] = deque()
        self._sent: dict[int, tuple[Pending, Any]] = {}
        self._done: dict[int, Pending] = {}

    def _begin(self) -> None:
        self._ring: Any = self._ffi.new("struct io_uring *")
        self._cqes: Any = self._ffi.new("struct io_uring_cqe *[]", self._depth)
        result = self._uring.io_uring_queue_init(self._depth, self._ring, SETUP)
        if result in (-errno.EPERM, -errno.ENOSYS, -errno.EINVAL):
            raise NotSupported(-result, "the kernel has no io_uring, or it is switched off")
        if result:
            raise from_errno(-result, "io_uring")
        self._open = True
        if self._held is None:
            return
        start = _structs.address(self._held)
        vector = self._ffi.new(
            "struct iovec *",
            {"iov_base": self._ffi.cast("void *", start), "iov_len": len(self._held)},
        )
        result = self._uring.io_uring_register_buffers(self._ring, vector, 1)
        if result:
            self._exit()
            raise from_errno(-result, "the buffer cannot be registered")

    def submit(self, batch: Iterable[Request]) -> list[Pending]:
        """Submit requests, in as few system calls as the depth allows.

        Waits while there is no room for one of them.

        Returns:
            One object for each request, which has its result when that has been taken.

        Raises:
            ValueError, TypeError: a request is wrong in itself; none has been submitted.
            RuntimeError: another thread made the ring.
            Cancelled: another process made the ring.
            DeviceClosed: the ring was closed.
        """
        submitted = self._put(batch)
        self._enter(0)
        while self._waiting:
            self._enter(1)
        return submitted

    def _put(self, batch: Iterable[Request]) -> list[Pending]:
        self._check()
        submitted = [Pending(request) for request in batch]
        for pending in submitted:
            # What cannot be expressed is the result of the request.
            try:
                pending._prepared = Prepared(pending.request, self._context)
            except CryptoDevError as error:
                pending.result = failed(error)
        for pending in submitted:
            self._numbers += 1
            pending._number = self._numbers
            if pending.result is None:
                self._waiting.append(pending)
            else:
                self._done[pending._number] = pending
        return submitted

    def reap(self, at_least: int = 0, timeout: float | None = None) -> list[Pending]:
        """Take results.

        Args:
            at_least: wait for so many; for fewer if there are not so many requests.
            timeout: seconds to wait at most; None = as long as it takes.

        Returns:
            The requests that have ended since the last call, those with an error too; fewer than
            at_least if the time ran out.

        Raises:
            Others: see :meth:`submit`.
        """
        until = math.inf if timeout is None else time.monotonic() + timeout
        self._enter(0)
        while len(self._done) < at_least and len(self):
            left = until - time.monotonic()
            if left <= 0:
                break
            self._enter(at_least - len(self._done), left)
        ended = list(self._done.values())
        self._done.clear()
        return ended

    def run(self, batch: Iterable[Request]) -> list[Result]:
        """Run requests and wait for them; like CryptoDevice.run(), but they run side by side.

        Returns:
            A result for each request.

        Raises:
            Others: see :meth:`submit`.
        """
        submitted = self._put(batch)
        while left := sum(not pending.done for pending in submitted):
            self._enter(left)
        for pending in submitted:
            self._done.pop(pending._number, None)
        return [pending.get() for pending in submitted]

    def cancel(self, pending: Pending) -> bool:
        """Cancel a request that the algorithm has not been given.

        Its result is the error Cancelled; it is taken as any other.

        Returns:
            Whether it was cancelled; if not, it runs to its end, or has ended.

        Raises:
            Others: see :meth:`submit`.
        """
        self._check()
        if pending in self._waiting:
            self._waiting.remove(pending)
            self._finish(pending, failed(from_errno(errno.ECANCELED)))
            return True
        if pending._number not in self._sent or self._sent[pending._number][0] is not pending:
            return False
        cancelled, _ = _ioctl.cancel(self._context.fileno(), pending._number)
        return cancelled > 0

    def cancel_all(self) -> int:
        """Cancel all requests that the algorithm has not been given; returns their number.

        Raises:
            Others: see :meth:`submit`.
        """
        self._check()
        waiting = list(self._waiting)
        self._waiting.clear()
        for pending in waiting:
            self._finish(pending, failed(from_errno(errno.ECANCELED)))
        cancelled, _ = _ioctl.cancel(self._context.fileno(), None)
        return len(waiting) + cancelled

    def _enter(self, at_least: int, timeout: float = math.inf) -> None:
        """Call io_uring once: give it what there is room for, and take out what has ended."""
        self._check()
        self._push()
        if at_least and self._sent:
            wait = min(at_least, len(self._sent))
            time_left = self._ffi.NULL
            if timeout != math.inf:
                nanoseconds = max(int(timeout * _NS), 1)
                time_left = self._ffi.new("struct __kernel_timespec *", divmod(nanoseconds, _NS))
            result = self._uring.io_uring_submit_and_wait_timeout(
                self._ring, self._cqes, wait, time_left, self._ffi.NULL
            )
        else:
            result = self._uring.io_uring_submit_and_get_events(self._ring)
        if result < 0 and -result not in _NOTHING_YET:
            raise from_errno(-result, "io_uring")
        self._take()

    def _push(self) -> None:
        while self._waiting and len(self._sent) < self._depth:
            pending = self._waiting[0]
            prepared = pending._prepared
            assert prepared is not None
            if self._sent and self._bytes + prepared.size() > self._most_bytes:
                return
            prepared.fields["user_data"] = pending._number
            request = abi.new("struct devcrypto_request *", prepared.fields)
            sqe = self._uring.io_uring_get_sqe(self._ring)
            if sqe == self._ffi.NULL:
                return
            sqe[0] = {
                "opcode": _URING_CMD,
                "fd": self._context.fileno(),
                "cmd_op": _ioctl.URING_REQUEST,
                "cmd_flags": _COMMAND_FIXED if self._is_fixed(prepared.fields) else 0,
                "user_data": pending._number,
                "request": _structs.address(request),
                "request_bytes": _structs.REQUEST_BYTES,
                "segment_bytes": _structs.SEGMENT_BYTES,
            }
            self._waiting.popleft()
            self._sent[pending._number] = pending, request
            self._bytes += prepared.size()

    def _is_fixed(self, fields: dict[str, int]) -> bool:
        """Whether the text of a request is in the registered buffer."""
        if self._held is None or not fields.get("src"):
            return False
        start = _structs.address(self._held)
        end = start + len(self._held)
        sides = ["src"] if self._context.algorithm.alg_class == AlgClass.HASH else ["src", "dst"]
        return all(
            f"{side}_segments" not in fields
            and start <= fields.get(side, 0)
            and fields.get(side, 0) + fields[f"{side}_bytes"] <= end
            for side in sides
        )

    def _take(self) -> None:
        count = self._uring.io_uring_peek_batch_cqe(self._ring, self._cqes, self._depth)
        ended = [(self._cqes[at].user_data, self._cqes[at].res) for at in range(count)]
        # The call above is a barrier between what was read and this.
        self._ring.cq.khead[0] += count
        for number, res in ended:
            pending, request = self._sent.pop(number)
            prepared = pending._prepared
            assert prepared is not None
            self._bytes -= prepared.size()
            needed = request.out_bytes if res == -errno.EMSGSIZE else 0
            written = res if res >= 0 else needed
            self._finish(pending, prepared.result(min(res, 0), written, request.out_flags))

    def _finish(self, pending: Pending, result: Result) -> None:
        pending.result = result
        pending._prepared = None
        self._done[pending._number] = pending

    def close(self) -> None:
        """Close the ring; a second time does nothing.

        Requests that the algorithm has not been given are cancelled. The others are waited for, as
        they write to memory of the caller's.
        """
        if not self._open:
            return
        try:
            if os.getpid() == self._process:
                self._drain()
        finally:
            if self._sent:
                _abandoned.append((self._held, self._sent))
            for pending in [*self._waiting, *(pending for pending, _ in self._sent.values())]:
                pending.result = failed(DeviceClosed())
            self._waiting.clear()
            self._exit()
            self._context.close()

    def _drain(self) -> None:
        self._waiting, waiting = deque(), self._waiting
        for pending in waiting:
            self._finish(pending, failed(DeviceClosed()))
        if self._sent:
            self.cancel_all()
        while self._sent:
            self._enter(len(self._sent))

    def _exit(self) -> None:
        self._open = False
        self._uring.io_uring_queue_exit(self._ring)

    def _check(self) -> None:
        if not self._open:
            raise DeviceClosed("the ring is closed")
        if os.getpid() != self._process:
            raise from_errno(errno.ECANCELED, f"made by process {self._process}, before a fork")
        if threading.get_ident() != self._thread:
            raise RuntimeError("a ring is used by the thread that made it")

    def fileno(self) -> int:
        """Return the descriptor of the ring for poll(): readable when there is a result to take.

        Raises:
            DeviceClosed: the ring was closed.
        """
        if not self._open:
            raise DeviceClosed("the ring is closed")
        descriptor: int = self._ring.ring_fd
        return descriptor

    def __enter__(self) -> Ring:
        self._check()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()

    def __len__(self) -> int:
        """Return the number of requests whose results have not been taken."""
        return len(self._waiting) + len(self._sent) + len(self._done)

    def __repr__(self) -> str:
        state = f"{len(self)}" if self._open else "closed"
        return f"<{type(self).__name__} {self._context.algorithm.driver}, {state}>"
