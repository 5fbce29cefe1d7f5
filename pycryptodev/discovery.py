# SPDX-License-Identifier: MIT
"""The node as udev knows it: find it, wait for it, watch it come and go.

The udev rule of the installation marks the driver's node with a tag, and a node with the tag has
its group and mode: it is ready to be opened.
"""

from __future__ import annotations

import errno
import time
from dataclasses import dataclass
from typing import Any

import pyudev

from ._closing import Closing
from .errors import DeviceClosed, DeviceMissing

__all__ = ["TAG", "Event", "Watch", "find", "wait", "watch"]

TAG = "devcrypto"
"""The tag that the udev rule gives the node."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to the node."""

    action: str
    """What: "add", "remove", or another action of udev such as "change"."""
    path: str
    """The node."""


def find() -> str | None:
    """Return the path of the driver's node.

    Returns:
        The path; None if the module is not loaded, or its udev rule has not been applied (yet).
    """
    devices = pyudev.Context().list_devices(subsystem="misc", tag=TAG)
    return next((device.device_node for device in devices), None)


def wait(timeout: float | None = None) -> str:
    """Wait until the driver's node is there and has its group and mode.

    Args:
        timeout: seconds to wait at most; None = for ever.

    Returns:
        Its path.

    Raises:
        DeviceMissing: it did not come in time.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with watch() as events:
        path = find()
        while path is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            event = events.poll(left)
            if event is not None:
                path = find()
            elif deadline is not None and time.monotonic() >= deadline:
                raise DeviceMissing(
                    errno.ENOENT, f"no node within {timeout} s", "/dev/crypto", "modprobe devcrypto"
                )
    return path


class Watch(Closing):
    """What happens to the driver's node from now on, one :class:`Event` after the other.

    Iteration waits for each event and never ends by itself. :meth:`fileno` is readable when
    :meth:`poll` has something, for programs with an event loop.

    Synchronization: one thread at a time.
    """

    def __init__(self) -> None:
        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        monitor.filter_by("misc")
        monitor.filter_by_tag(TAG)
        monitor.start()
        self._monitor: Any = monitor

    def poll(self, timeout: float | None = None) -> Event | None:
        """Wait for the next event.

        Args:
            timeout: seconds to wait at most; None = for ever.

        Returns:
            The event; None if there was none in time.

        Raises:
            DeviceClosed: the watch was closed.
        """
        device = self._open().poll(timeout)
        return None if device is None else Event(device.action, device.device_node)

    def fileno(self) -> int:
        """Return the descriptor on which events arrive.

        Raises:
            DeviceClosed: the watch was closed.
        """
        descriptor: int = self._open().fileno()
        return descriptor

    def close(self) -> None:
        """Stop watching; a second time does nothing."""
        self._monitor = None

    def _open(self) -> Any:
        if self._monitor is None:
            raise DeviceClosed("the watch is closed")
        return self._monitor

    def __bool__(self) -> bool:
        """Return whether the watch is open."""
        return self._monitor is not None

    def __iter__(self) -> Watch:
        return self

    def __next__(self) -> Event:
        event = None
        while event is None:
            event = self.poll()
        return event

    def __enter__(self) -> Watch:
        return self


def watch() -> Watch:
    """Begin to watch the node; see :class:`Watch`."""
    return Watch()
