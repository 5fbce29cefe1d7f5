# SPDX-License-Identifier: MIT
"""Requests by io_uring: many at the same time, in registered buffers without a copy.

It takes Debian's liburing2, which nothing else here needs; without it a ring is
:class:`UringMissing`.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from . import _ioctl, _structs
from ._abi import ffi as abi
from ._context import Context
from ._device import Device
from ._flight import Flight, Pending
from ._liburing import SETUP, UringMissing, load
from .enums import AlgClass, Feature
from .errors import NotSupported, from_errno
from .queue import Lane
from .requests import Request, Result

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Ring", "UringMissing"]

_URING_CMD = 46
_COMMAND_FIXED = 1
_NS = 1_000_000_000
_UNSIGNED = 0xFFFFFFFF

# What ends a call of io_uring before anything has happened, and is no failure.
_NOTHING_YET = (errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ETIME)


class RingFlight(Flight):
    """Requests that are commands of io_uring."""

    def __init__(self, context: Context, depth: int, buffer: Buffer | None) -> None:
        self._open = False
        self._ffi, self._uring = load()
        self._buffer = None if buffer is None else _structs.writable(buffer, "buffer")
        if self._buffer is not None and not len(self._buffer):
            raise ValueError("the buffer is empty")
        super().__init__(context)
        info = context.driver_info()
        if not info.features & Feature.URING:
            raise from_errno(errno.EOPNOTSUPP, "io_uring")
        if not 1 <= depth <= min(info.max_in_flight, 32768):
            raise ValueError("depth is out of range")
        self._thread = threading.get_ident()
        self._most_sent = depth
        self._ring: Any = self._ffi.new("struct io_uring *")
        self._cqes: Any = self._ffi.new("struct io_uring_cqe *[]", depth)
        result = self._uring.io_uring_queue_init(depth, self._ring, SETUP)
        if result in (-errno.EPERM, -errno.ENOSYS, -errno.EINVAL):
            raise NotSupported(-result, "the kernel has no io_uring, or it is switched off")
        if result:
            raise from_errno(-result, "io_uring")
        self._open = True
        self._register()

    def _register(self) -> None:
        if self._buffer is None:
            return
        start = _structs.address(self._buffer)
        vector = self._ffi.new(
            "struct iovec *",
            {"iov_base": self._ffi.cast("void *", start), "iov_len": len(self._buffer)},
        )
        result = self._uring.io_uring_register_buffers(self._ring, vector, 1)
        if result:
            self._exit()
            raise from_errno(-result, "the buffer cannot be registered")

    def fileno(self) -> int:
        """Return the descriptor of the ring."""
        self._context.fileno()
        descriptor: int = self._ring.ring_fd
        return descriptor

    def check(self) -> None:
        """See Flight; RuntimeError in another thread."""
        super().check()
        if threading.get_ident() != self._thread:
            raise RuntimeError("a ring is used by the thread that made it")

    def exchange(self, at_least: int = 0, timeout_ns: int = 0) -> bool:
        """See Flight."""
        self.check()
        ended = len(self.done)
        moved = self._push()
        if self._waiting:
            # For the others there has to be room.
            at_least = min(at_least, 1) if moved else 1
        self._enter(min(at_least, len(self._sent)), timeout_ns)
        self._absorb()
        return moved or len(self.done) > ended

    def _enter(self, at_least: int, timeout_ns: int) -> None:
        if at_least:
            time_left = self._ffi.NULL
            if timeout_ns:
                time_left = self._ffi.new("struct __kernel_timespec *", divmod(timeout_ns, _NS))
            result = self._uring.io_uring_submit_and_wait_timeout(
                self._ring, self._cqes, at_least, time_left, self._ffi.NULL
            )
        else:
            result = self._uring.io_uring_submit_and_get_events(self._ring)
        if result < 0 and -result not in _NOTHING_YET:
            raise from_errno(-result, "io_uring")

    def _push(self) -> bool:
        """Queue as many as there is room for; returns whether there was for any."""
        queue, before = self._ring.sq, len(self._sent)
        while self._waiting and len(self._sent) < self._most_sent:
            pending = next(iter(self._waiting.values()))
            if not self._is_ready(pending):
                continue
            if self._sent and self._bytes + pending._bytes > self._most_bytes:
                break
            if not self._is_queued(pending):
                # There is a place, as there are more of them than requests under way.
                self._slot(0)[0] = self._command(pending)
                queue.sqe_tail = (queue.sqe_tail + 1) & _UNSIGNED
            self._send(pending)
        return len(self._sent) > before

    def _slot(self, behind: int) -> Any:
        """Return the next place for a request in the ring, or one so many behind it."""
        queue = self._ring.sq
        return queue.sqes + ((queue.sqe_tail - behind) & queue.kring_mask[0])

    def _is_queued(self, pending: Pending) -> bool:
        """Whether a request is in the ring already: then it is the last one there."""
        queued: bool = self._slot(1).user_data == pending._number
        return queued

    def _command(self, pending: Pending) -> dict[str, int]:
        fields = self.prepare(pending).fields
        fields["user_data"] = pending._number
        pending._structure = abi.new("struct devcrypto_request *", fields)
        return {
            "opcode": _URING_CMD,
            "fd": self._context.fileno(),
            "cmd_op": _ioctl.URING_REQUEST,
            "cmd_flags": _COMMAND_FIXED if self._is_fixed(fields) else 0,
            "user_data": pending._number,
            "request": _structs.address(pending._structure),
            "request_bytes": _structs.REQUEST_BYTES,
            "segment_bytes": _structs.SEGMENT_BYTES,
        }

    def _is_fixed(self, fields: dict[str, int]) -> bool:
        """Whether the text of a request is in the registered buffer."""
        if self._buffer is None or not fields.get("src"):
            return False
        start = _structs.address(self._buffer)
        end = start + len(self._buffer)
        sides = ["src"] if self._context.algorithm.alg_class == AlgClass.HASH else ["src", "dst"]
        return all(
            f"{side}_segments" not in fields
            and start <= fields.get(side, 0)
            and fields.get(side, 0) + fields[f"{side}_bytes"] <= end
            for side in sides
        )

    def _absorb(self) -> int:
        """Take from the ring what has ended, and from the requests that wait what it has."""
        if not self._open:
            return 0
        first = next(iter(self._waiting.values()), None)
        if first is not None and self._is_queued(first):
            self._send(first)
        count: int = self._uring.io_uring_peek_batch_cqe(self._ring, self._cqes, len(self._cqes))
        for at in range(count):
            ended = self._cqes[at]
            self._take(ended.user_data, ended.res)
        # Now the kernel may write others there.
        head = self._ring.cq.khead
        head[0] = (head[0] + count) & _UNSIGNED
        return count

    def _take(self, number: int, res: int) -> None:
        pending = self._sent.get(number)
        if pending is None or pending.done:
            self._complete(number, 0, 0, 0)
            return
        needed = pending._structure.out_bytes if res == -errno.EMSGSIZE else 0
        written = res if res >= 0 else needed
        self._complete(number, min(res, 0), written, pending._structure.out_flags)

    def _in_use(self) -> list[object]:
        # All of them: the kernel writes to the structure of each.
        held = [(pending._prepared, pending._structure) for pending in self._sent.values()]
        return [self._buffer, *held] if held else []

    def _drain(self) -> None:
        self.check()
        _ioctl.cancel(self._context.fileno(), None)
        while self._sent:
            self.exchange(len(self._sent))

    def _exit(self) -> None:
        if self._open:
            self._open = False
            self._uring.io_uring_queue_exit(self._ring)
            self._buffer = None
        super()._exit()

    def __del__(self) -> None:
        with suppress(Exception):
            self.close()


class Ring(Lane):
    """A ring of io_uring with requests of one algorithm and key.

    >>> with CryptoDevice("ctr(aes)", key=key) as device, Ring(device, buffer=mapped) as ring:
    ...     ring.submit(Request(Op.ENCRYPT, part, part, iv=iv) for part, iv in parts)
    ...     while ring:
    ...         for pending in ring.reap(1):
    ...             pending.get()

    It is used as a queue is, but takes no chains. Requests are the same as those of
    CryptoDevice.run(), and end in any order. What a request reads and writes has to stay as it is
    until its result has been taken; the ring keeps the objects alive. Outputs are written by the
    calls that submit requests and take results, or without a copy as they are made.

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
        self._context = device._context.share()
        try:
            self._flight: RingFlight = RingFlight(self._context, depth, buffer)
        except BaseException:
            self._context.close()
            raise

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
        return self._submit(batch)

    def run(self, batch: Iterable[Request]) -> list[Result]:
        """Run requests and wait for them; like CryptoDevice.run(), but they run side by side.

        Returns:
            A result for each request.

        Raises:
            Others: see :meth:`submit`.
        """
        return self._run(batch)

    def fileno(self) -> int:
        """Return the descriptor of the ring for poll(): readable when there is a result to take.

        Raises:
            DeviceClosed: the ring was closed.
        """
        return self._flight.fileno()

    def close(self) -> None:
        """Close the ring; a second time does nothing.

        Requests that the algorithm has not been given are cancelled. The others are waited for, as
        they write to memory of the caller's.
        """
        super().close()
