# SPDX-License-Identifier: MIT
"""What kmemleak, the kernel's search for memory that nobody can free any more, has found."""

from __future__ import annotations

import os
import re
import time
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from guest.console import MARK

CONTROL = Path("/sys/kernel/debug/kmemleak")

# It does not look at what is younger than five seconds: a pointer to that may be on its way.
YOUNG_S = 6

_OBJECT = re.compile(
    r"^unreferenced object 0x[0-9a-f]+ \(size (\d+)\):\n"
    r'  comm "(.*)", pid \d+, jiffies (\d+)(?: \(age [\d.]+s\))?\n'
)
_RECORD = re.compile(r"^\d+,\d+,\d+,[^;]*;(.*)$", re.MULTILINE)
_TICK = re.compile(r"test tick: (\d+)")


@dataclass(frozen=True)
class Leak:
    """One piece of memory.

    Args:
        size: in bytes.
        command: of the process that allocated it.
        test: `in TEST` or `after TEST`, by the time at which it was allocated; empty if that was
            ahead of the first.
        text: what kmemleak says of it.
    """

    size: int
    command: str
    test: str
    text: str


class Marks:
    """The marks that the tests leave in the kernel log, each with the tick that it was made in.

    Ticks, because no clock tells at which time a tick was: a guest on a busy machine loses some.

    Args:
        log: records of /dev/kmsg.
    """

    def __init__(self, log: str) -> None:
        self._ticks: list[int] = []
        self._places: list[str] = []
        place = ""
        for text in _RECORD.findall(log):
            if mark := MARK.search(text):
                place = f"{'in' if mark[1] == 'begins' else 'after'} {mark[2]}"
            elif tick := _TICK.fullmatch(text):
                self._ticks.append(int(tick[1]))
                self._places.append(place)

    def place(self, tick: int) -> str:
        """Where the tests were in a tick; empty = ahead of them."""
        index = bisect(self._ticks, tick)
        return self._places[index - 1] if index else ""


def parse(text: str, marks: Marks) -> Iterator[Leak]:
    """Read what kmemleak found.

    Args:
        text: of its file.
        marks: of the tests.

    Raises:
        ValueError: it has another form.
    """
    for block in re.split(r"^(?=unreferenced object )", text, flags=re.MULTILINE):
        if not block:
            continue
        match = _OBJECT.match(block)
        if not match:
            raise ValueError(f"not of kmemleak's form: {block}")
        size, command, jiffies = match.groups()
        place = marks.place(int(jiffies))
        yield Leak(int(size), command, place, block.strip())


def _log() -> str:
    """The kernel log from its beginning."""
    descriptor = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    records = []
    try:
        while True:
            try:
                records.append(os.read(descriptor, 8192).decode(errors="replace"))
            except BrokenPipeError:
                continue
    except BlockingIOError:
        return "".join(records)
    finally:
        os.close(descriptor)


def forget() -> None:
    """Let it leave out what it has found so far."""
    CONTROL.write_text("clear", encoding="ascii")


def scan() -> list[Leak]:
    """Let it search twice, since a pointer on its way hides or feigns a leak the first time.

    Raises:
        OSError: it is not there, or has given up.
    """
    time.sleep(YOUNG_S)
    for _ in range(2):
        CONTROL.write_text("scan", encoding="ascii")
    return list(parse(CONTROL.read_text(encoding="utf-8"), Marks(_log())))
