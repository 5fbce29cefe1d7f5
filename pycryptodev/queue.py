# SPDX-License-Identifier: MIT
"""Queues: requests that are submitted, and whose results are taken later."""

from __future__ import annotations

import errno
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from . import _ioctl
from ._closing import Closing
from ._context import Context
from ._flight import Flight, Pending, SubmitFlight
from ._ioctl import FDLike
from .errors import CryptoDevError, from_errno
from .requests import Request, Result

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Pending", "Queue"]

_NS = 1_000_000_000
# A century, to which the kernel can still add what its clock says.
_MOST_NS = 1 << 62


class Lane(Closing):
    """Requests of one algorithm and key that are under way at the same time.

    Synchronization: see :class:`Queue` and :class:`~pycryptodev.uring.Ring`.
    """

    _context: Context
    _flight: Flight

    def _submit(self, batch: Iterable[Request], chain: bool = False) -> list[Pending]:
        submitted = self._put(batch, chain)
        while self._flight.waiting:
            self._flight.exchange()
        return submitted

    def _run(self, batch: Iterable[Request], chain: bool = False) -> list[Result]:
        submitted = self._put(batch, chain)
        while left := sum(not pending.done for pending in submitted):
            self._flight.exchange(left)
        for pending in submitted:
            self._flight.take(pending)
        return [pending.get() for pending in submitted]

    def _put(self, batch: Iterable[Request], chain: bool = False) -> list[Pending]:
        """Let requests wait for the next exchanges, if none is wrong in itself."""
        self._flight.check()
        submitted = [Pending(request) for request in batch]
        for pending in submitted:
            # What cannot be expressed is the result of the request.
            with suppress(CryptoDevError):
                self._flight.prepare(pending)
        self._flight.put(submitted, chain=chain)
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
            Cancelled: another process made this object.
            DeviceClosed: it was closed.
            RuntimeError: of a ring: another thread made it.
        """
        flight, until = self._flight, _deadline(timeout)
        flight.exchange()
        while len(flight.done) < at_least and flight:
            left = until - time.monotonic()
            if left <= 0:
                break
            flight.exchange(at_least - len(flight.done), _nanoseconds(left))
        ended = list(flight.done.values())
        flight.done.clear()
        return ended

    def wait(self, pending: Pending, timeout: float | None = None) -> Result:
        """Wait for one request, which reap() then does not return.

        Raises:
            TimedOut: the time ran out.
            ValueError: the request was not submitted here.
            Others: see :meth:`reap`.
        """
        flight, until = self._flight, _deadline(timeout)
        while not pending.done:
            if not flight:
                raise ValueError("the request was not submitted here")
            left = until - time.monotonic()
            if left <= 0:
                raise from_errno(errno.ETIME)
            flight.exchange(1, _nanoseconds(left))
        flight.take(pending)
        return pending.get()

    def stream(self, batch: Iterable[Request], *, depth: int = 64) -> Iterator[Result]:
        """Run any number of requests, many of them at the same time; see CryptoDevice.stream()."""
        if depth < 1:
            raise ValueError("depth is less than 1")
        source, order = iter(batch), deque[Pending]()
        while True:
            order.extend(self._put(islice(source, depth - len(order))))
            if not order:
                return
            self._flight.exchange(at_least=0 if order[0].done else 1)
            # The other half goes on while the caller has these.
            for _ in range((depth + 1) // 2):
                if not order or not order[0].done:
                    break
                self._flight.take(order[0])
                yield order.popleft().get()

    def cancel(self, pending: Pending) -> bool:
        """Cancel a request that the algorithm has not been given, and those chained behind it.

        Its result is the error Cancelled; it is taken as any other.

        Returns:
            Whether it was cancelled; if not, it runs to its end, or has ended.

        Raises:
            Others: see :meth:`reap`.
        """
        return self._flight.cancel(pending)

    def cancel_all(self) -> int:
        """Cancel all requests that the algorithm has not been given; returns their number.

        Raises:
            Others: see :meth:`reap`.
        """
        return self._flight.cancel_all()

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._flight.close()

    def __enter__(self) -> Self:
        self._flight.check()
        return self

    def __len__(self) -> int:
        """Return the number of requests whose results have not been taken."""
        return len(self._flight) + len(self._flight.done)

    def __repr__(self) -> str:
        state = "" if self._context.fd >= 0 else ", closed"
        return f"<{type(self).__name__} {self._context.algorithm.driver}, {len(self)}{state}>"


class Queue(Lane):
    """Requests of one algorithm and key that are under way at the same time.

    >>> with CryptoDevice("sha256") as device, device.queue() as queue:
    ...     queue.submit(Request(Op.DIGEST, file) for file in files)
    ...     while queue:
    ...         for pending in queue.reap(1):
    ...             print(pending.result.get().hex())

    CryptoDevice.queue() makes it. Requests end in any order. What a request reads and writes has to
    stay as it is until its result has been taken; the queue keeps the objects alive. Outputs are
    written by the calls that submit requests and take results, or without a copy as they are made.

    Synchronization: one thread at a time, and only in the process that made it: after fork() the
    other one gets Cancelled, and makes a queue of its own.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        try:
            self._flight = SubmitFlight(context)
        except BaseException:
            context.close()
            raise

    def submit(self, batch: Iterable[Request], *, chain: bool = False) -> list[Pending]:
        """Submit requests, in as few system calls as the driver allows.

        Waits while there is no room for one of them.

        Args:
            batch: the requests.
            chain: each begins when the one in front of it has succeeded; when one fails or is
                cancelled, those behind it get Cancelled. What they read is read before the first
                begins: no output is another one's input. At most as many as the driver takes in one
                call and at the same time.

        Returns:
            One object for each request, which has its result when that has been taken.

        Raises:
            LimitReached: the chain is longer; none has been submitted.
            ValueError, TypeError: a request is wrong in itself; none has been submitted.
            Cancelled: another process made the queue.
            DeviceClosed: the queue was closed.
        """
        return self._submit(batch, chain)

    def run(self, batch: Iterable[Request], *, chain: bool = False) -> list[Result]:
        """Run requests and wait for them; like CryptoDevice.run(), but they run side by side.

        Args:
            batch: the requests.
            chain: see :meth:`submit`.

        Returns:
            A result for each request.

        Raises:
            Others: see :meth:`submit`.
        """
        return self._run(batch, chain)

    def fileno(self) -> int:
        """Return the descriptor for poll(): readable when there is a result to take.

        Results that submit() took with it are to be had from reap() at once.

        Raises:
            DeviceClosed: the queue was closed.
        """
        return self._context.fileno()

    def set_eventfd(self, eventfd: FDLike | None) -> None:
        """Have the driver add 1 to an eventfd whenever a request ends.

        Args:
            eventfd: a descriptor of os.eventfd(), which takes the place of an earlier one; None =
                none any more. It may be closed after the call.

        Raises:
            InvalidRequest: it is no eventfd.
            DeviceClosed: the queue was closed.
        """
        _ioctl.eventfd(self._context.fileno(), eventfd)

    def close(self) -> None:
        """Close the queue; a second time does nothing.

        Requests that are under way are given up, nothing is written for them, and their result is
        DeviceClosed. But where the algorithm encrypts or decrypts in the caller's buffers, as zero
        copy lets it, those that have not begun are cancelled, and what is running is waited for.
        """
        super().close()


def _deadline(timeout: float | None) -> float:
    return math.inf if timeout is None else time.monotonic() + timeout


def _nanoseconds(left: float) -> int:
    """What the driver takes for a time to wait; 0 = as long as it takes."""
    return 0 if left == math.inf else int(min(max(left * _NS, 1), _MOST_NS))
