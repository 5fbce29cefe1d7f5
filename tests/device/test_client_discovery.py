# SPDX-License-Identifier: MIT
"""The node as udev knows it."""

from __future__ import annotations

import select
import time

import pytest

from pycryptodev import NODE, DeviceClosed, discovery


def test_the_node_is_found() -> None:
    assert discovery.find() == NODE


def test_waiting_for_what_is_there_takes_no_time() -> None:
    begin = time.monotonic()
    assert discovery.wait(30) == NODE
    assert discovery.wait() == NODE
    assert time.monotonic() - begin < 10


def test_no_event_in_time() -> None:
    with discovery.watch() as events:
        assert events.poll(0) is None
        assert events.poll(0.05) is None
        assert select.select([events], [], [], 0)[0] == []


def test_a_closed_watch_says_so() -> None:
    events = discovery.watch()
    assert events
    events.close()
    events.close()
    assert not events
    for use in (events.poll, events.fileno, events.__next__):
        with pytest.raises(DeviceClosed):
            use()
