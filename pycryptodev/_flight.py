# SPDX-License-Identifier: MIT
"""Requests on their way through the driver, and all that they read and write.

What a request reads and writes is held until the call that takes its completion, which also writes
what the driver copies. With zero copy a cipher writes to the caller's memory itself, even when the
node has been closed. So that it is not somebody else's memory then, such requests are waited for.

An exception of a signal's handler may come between any two steps. Each step can be done again, and
what tells that it has to be is the last to go.
"""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from itertools import count, islice, takewhile
from typing import Any

from . import _ioctl, _structs
from ._abi import lib
from ._context import Context
from .errors import CryptoDevError, DeviceClosed, from_errno
from .requests import Prepared, Request, Result, failed

_ROOM = 256
"""Requests that go to the driver in one call, and completions that it takes."""

_PART_OF_MEMORY = 4
"""Requests under way have a part of the user's driver memory: one is refused where it ends."""

_abandoned: list[object] = []
"""What may still be written to by requests that could not be waited for; never freed."""


class Pending:
    """A request that was submitted.

    Attributes:
        request: the request.
        result: what became of it; None as long as that has not been taken from the driver.
    """

    __slots__ = (
        "_bytes",
        "_chain",
        "_number",
        "_prepared",
        "_structure",
        "_wrong",
        "request",
        "result",
    )

    def __init__(self, request: Request) -> None:
        self.request = request
        self.result: Result | None = None
        self._number = 0
        # Number of the first request of its chain; 0 = is in none.
        self._chain = 0
        self._prepared: Prepared | None = None
        # What the driver has memory for.
        self._bytes = 0
        # Of a ring: the struct devcrypto_request, which the driver writes to.
        self._structure: Any = None
        self._wrong: Exception | None = None

    @property
    def done(self) -> bool:
        """Whether there is a result, or will never be one as the request is wrong in itself."""
        return self.result is not None or self._wrong is not None

    def get(self) -> Result:
        """Return the result of a request that is done.

        Raises:
            ValueError, TypeError: the request is wrong in itself.
            MemoryError: there is no memory for it or for its output.
        """
        if self._wrong is not None:
            raise self._wrong
        assert self.result is not None
        return self.result

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.request.op.name}{', done' if self.done else ''}>"


class Flight(ABC):
    """The requests of one context that are waiting for the driver, or that it has.

    It belongs to the process that made it: what another one took from the driver would be lost.

    Attributes:
        done: those that have ended and that nobody has asked for, by their numbers.

    Synchronization: one thread at a time.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._process = os.getpid()
        self._numbers = count(1)
        self._waiting: OrderedDict[int, Pending] = OrderedDict()
        self._sent: dict[int, Pending] = {}
        info = context.driver_info()
        self._most_bytes = info.max_memory_per_user // _PART_OF_MEMORY
        self._most_sent = info.max_in_flight
        # Of those that were sent. An interrupted step may leave it too high, never too low.
        self._bytes = 0
        self.done: dict[int, Pending] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)

    @property
    def waiting(self) -> int:
        """Requests that the driver has not been given."""
        return len(self._waiting)

    @property
    def sent(self) -> int:
        """Requests that the driver has."""
        return len(self._sent)

    @property
    def is_own(self) -> bool:
        """Whether this process made it."""
        return os.getpid() == self._process

    def put(self, submitted: Sequence[Pending], *, chain: bool = False) -> None:
        """Let requests wait for the next calls.

        Raises:
            LimitReached: a chain of more than the driver takes at the same time.
        """
        self.check()
        most = min(self._context.max_batch, self._most_sent)
        if chain and len(submitted) > most:
            raise from_errno(errno.EDQUOT, f"a chain of more than {most} requests")
        for pending in submitted:
            pending._number = next(self._numbers)
            pending._chain = submitted[0]._number if chain else 0
        # All or none: a part of a chain would be another one.
        self._waiting.update({pending._number: pending for pending in submitted})

    def prepare(self, pending: Pending) -> Prepared:
        """Return a request in the terms of the header.

        Raises:
            ValueError, TypeError: it is wrong in itself.
            CryptoDevError: it is one that cannot be expressed.
        """
        if pending._prepared is None:
            prepared = Prepared(pending.request, self._context)
            pending._bytes = prepared.size()
            pending._prepared = prepared
        return pending._prepared

    @abstractmethod
    def exchange(self, at_least: int = 0, timeout_ns: int = 0) -> bool:
        """Call the kernel once: give it requests that wait, and take those out that have ended.

        Args:
            at_least: wait for so many to end, if the descriptor is a blocking one.
            timeout_ns: how long; 0 = as long as it takes.

        Returns:
            Whether anything happened.

        Raises:
            CryptoDevError: the kernel refused, and there was nothing to give it; else that may be
                what became of those that it was to be given.
        """

    @abstractmethod
    def _absorb(self) -> int:
        """Take over what happened in the last call, once; returns how many the kernel accepted."""

    @abstractmethod
    def _in_use(self) -> list[object]:
        """Return the memory that requests may write to when the node has been closed."""

    @abstractmethod
    def _drain(self) -> None:
        """Cancel all, and wait for those that write to such memory."""

    def _exit(self) -> None:
        """Close the node."""
        self._context.close()

    def _is_ready(self, pending: Pending) -> bool:
        """Whether a request can be given to the driver; if not, it has ended."""
        if pending._number not in self._waiting:
            return False
        if pending.done:
            self._cut(pending, pending.result)
            return False
        if pending._prepared is not None:
            return True
        try:
            self.prepare(pending)
        except CryptoDevError as error:
            self._cut(pending, failed(error))
        except Exception as error:
            self._cut(pending, None, error)
        return not pending.done

    def _cut(self, pending: Pending, result: Result | None, wrong: Exception | None = None) -> None:
        """End a request that waits, and with it what is chained behind it.

        From the last one on, so that none is ever left that runs behind one that has failed.
        """
        if pending._chain:
            cancelled = failed(from_errno(errno.ECANCELED))
            for other in reversed(list(self._waiting.values())):
                if other._chain == pending._chain and other._number > pending._number:
                    self._finish(other, cancelled)
        pending._wrong = wrong or pending._wrong
        self._finish(pending, result)

    def _finish(self, pending: Pending, result: Result | None) -> None:
        pending.result = result
        self.done[pending._number] = pending
        pending._prepared = pending._structure = None
        self._waiting.pop(pending._number, None)
        self._sent.pop(pending._number, None)

    def _send(self, pending: Pending) -> None:
        """Count a request as one that the driver has."""
        self._bytes += pending._bytes
        self._sent[pending._number] = pending
        self._waiting.pop(pending._number, None)

    def _complete(self, number: int, error: int, written: int, flags: int) -> None:
        """End a request that the driver has completed; one that has ended is left as it is."""
        pending = self._sent.get(number)
        if pending is None:
            return
        if not pending.done:
            try:
                pending.result = self.prepare(pending).result(error, written, flags)
            except MemoryError as missing:
                # Or it would be in front of all that have ended behind it, for ever.
                pending._wrong = missing.with_traceback(None)
        self._finish(pending, pending.result)
        self._bytes = self._bytes - pending._bytes if self._sent else 0

    def take(self, pending: Pending) -> None:
        """Drop a request from the ones that nobody has asked for."""
        self.done.pop(pending._number, None)

    def cancel(self, pending: Pending) -> bool:
        """Cancel a request; returns whether it will end, or has ended, by that."""
        self.check()
        self._absorb()
        if self._waiting.get(pending._number) is pending:
            self._cut(pending, failed(from_errno(errno.ECANCELED)))
            return True
        if self._sent.get(pending._number) is not pending:
            return False
        cancelled, _ = _ioctl.cancel(self._context.fileno(), pending._number)
        return cancelled > 0

    def cancel_all(self) -> int:
        """Cancel all that can be; returns their number."""
        self.check()
        self._absorb()
        waiting = list(self._waiting.values())
        for pending in reversed(waiting):
            self._finish(pending, failed(from_errno(errno.ECANCELED)))
        cancelled, _ = _ioctl.cancel(self._context.fileno(), None)
        return len(waiting) + cancelled

    def close(self, error: CryptoDevError | None = None) -> None:
        """Close the node, and end all requests with an error; a second time does nothing.

        Args:
            error: the error; None = DeviceClosed.
        """
        told = error or DeviceClosed()
        memory = self._hold(told)
        try:
            self._land(memory)
        finally:
            self._exit()
            for pending in [*self._waiting.values(), *self._sent.values()]:
                self._finish(pending, failed(told))

    def __del__(self) -> None:
        with suppress(Exception):
            self._land(self._hold(DeviceClosed()))

    def _hold(self, told: CryptoDevError) -> list[object]:
        """End those that wait with an error; return the memory that the others may write to.

        It is never freed, unless _land() has seen that they do no more: an exception of a signal's
        handler may end the wait before they do.
        """
        if not self.is_own:
            return []
        self._absorb()
        for pending in list(self._waiting.values()):
            self._finish(pending, failed(told))
        memory = self._in_use()
        if memory:
            _abandoned.append(memory)
        return memory

    def _land(self, memory: list[object]) -> None:
        """Wait for those that write to the caller's memory."""
        if not memory or self._context.closed:
            return
        with suppress(CryptoDevError):
            self._drain()
            _abandoned.remove(memory)

    def check(self) -> None:
        """Raise DeviceClosed of a node that is closed, Cancelled in another process."""
        self._context.fileno()
        if not self.is_own:
            raise from_errno(errno.ECANCELED, f"made by process {self._process}, before a fork")


class SubmitFlight(Flight):
    """Requests that are submitted by DEVCRYPTO_IOC_SUBMIT, in chains too."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._call = _structs.Submission(_ROOM)
        self._offered: list[Pending] = []

    def exchange(self, at_least: int = 0, timeout_ns: int = 0) -> bool:
        """See Flight."""
        self.check()
        self._absorb()
        ended = len(self.done)
        self._offer()
        if len(self._waiting) > len(self._offered):
            # For the others there has to be room, or only another call.
            at_least = 0 if self._offered else 1
        try:
            fields = [self.prepare(pending).fields for pending in self._offered]
            self._call.prepare(fields, at_least, timeout_ns)
            _ioctl.submit(self._context.fileno(), self._call)
        except (CryptoDevError, MemoryError) as error:
            # With any accepted it is of a signal's handler, and the next call absorbs them.
            if not self._offered or self._call.accepted():
                raise
            self._refuse(error)
        return self._absorb() > 0 or len(self.done) > ended

    def _refuse(self, error: CryptoDevError | MemoryError) -> None:
        """End those that were to be given to the driver, as the call has failed."""
        for pending in reversed(self._offered):
            if isinstance(error, CryptoDevError):
                self._finish(pending, failed(error))
            else:
                pending._wrong = error.with_traceback(None)
                self._finish(pending, None)
        self._offered = []

    def _next(self) -> list[Pending]:
        """Those that may go in one call: a chain, or others in front of the next one."""
        chain = next((pending._chain for pending in self._waiting.values()), 0)
        same = takewhile(lambda pending: pending._chain == chain, self._waiting.values())
        return list(same if chain else islice(same, _ROOM))

    def _offer(self) -> None:
        """Choose those that wait of which the driver is to be given the next."""
        size = self._bytes
        for pending in self._next():
            if not self._is_ready(pending):
                continue
            fields = self.prepare(pending).fields
            size += pending._bytes
            fields["user_data"] = pending._number
            if pending._chain:
                fields["flags"] |= lib.DEVCRYPTO_REQUEST_CHAIN
            elif size > self._most_bytes and (self._sent or self._offered):
                return
            self._offered.append(pending)
        # A chain goes as a whole, when the call need not wait for its places.
        is_chain = self._offered and self._offered[0]._chain
        room = self._most_sent - len(self._offered)
        if is_chain and self._sent and (size > self._most_bytes or len(self._sent) > room):
            self._offered = []

    def _absorb(self) -> int:
        """Take from the structure of the last call what happened in it."""
        accepted = self._offered[: self._call.accepted()]
        for pending in accepted:
            if pending._number in self._waiting:
                self._send(pending)
        for completion in self._call.completions():
            self._complete(*completion)
        if accepted and accepted[0]._chain and len(accepted) < len(self._offered):
            # The driver ran out of memory, and what is left can no more be bound to the others.
            self._cut(self._offered[len(accepted)], failed(from_errno(errno.ECANCELED)))
        self._offered = []
        self._call.forget()
        return len(accepted)

    def _in_use(self) -> list[object]:
        sent = [self.prepare(pending) for pending in self._sent.values()]
        return [prepared for prepared in sent if prepared.writes_early]

    def _drain(self) -> None:
        descriptor = self._context.fileno()
        os.set_blocking(descriptor, True)
        while _ioctl.cancel(descriptor, None)[1]:
            self._call.prepare([], 1, 0)
            _ioctl.submit(descriptor, self._call)
            self._absorb()
