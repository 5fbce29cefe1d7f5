# SPDX-License-Identifier: MIT
"""Who does the work of submitted requests, by the tracepoints, and who waits for engines."""

from __future__ import annotations

import re
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from pycryptodev import CryptoDevice, Op, Request
from tests.admin.test_observe import TRACING, tracing
from tests.simulator import Simulator

EVENT = re.compile(r"^\s*(.+)-(\d+)\s+\[(\d+)\].*: (devcrypto_\w+): context=(\d+) user_data=(\w+)")

LARGE = bytes(256 << 10)
COUNT = 96
# Of two CPUs, each one's share at least.
SHARE = 0.4
# The host may run one of the guest's CPUs and not the other for a while.
TRIES = 5
THOUSANDS = 4096


class Event(NamedTuple):
    """A line of the trace.

    Args:
        thread: name of the thread that did it.
        number: its number.
        cpu: where.
        name: of the event.
        user_data: of the request.
    """

    thread: str
    number: int
    cpu: int
    name: str
    user_data: str


def events() -> list[Event]:
    """The requests' events in the trace."""
    lines = (TRACING / "trace").read_text(encoding="ascii").splitlines()
    found = (match.groups() for line in lines if (match := EVENT.match(line)))
    return [
        Event(thread, int(number), int(cpu), name, user_data)
        for thread, number, cpu, name, _, user_data in found
    ]


def events_of_many(name: str, key: bytes, request: Request) -> list[Event]:
    """What is seen of so many requests of one context."""
    with CryptoDevice(name, key=key) as device, device.queue() as queue:
        # It may announce to be an engine, and is known not to be one once it has answered.
        assert queue.run([request])[0].error is None
        with tracing():
            assert all(result.error is None for result in queue.run([request] * COUNT))
            return events()


# The kernel's cbc(aes) for one request is one thread's work, as sha256 is.
SOFTWARE = {
    "sha256": (b"", Request(Op.DIGEST, LARGE)),
    "cbc(aes)": (bytes(16), Request(Op.ENCRYPT, LARGE, iv=bytes(16))),
}


@pytest.mark.parametrize("name", SOFTWARE)
def test_who_submits_does_not_work(name: str) -> None:
    seen = events_of_many(name, *SOFTWARE[name])
    submitted = [event for event in seen if event.name == "devcrypto_submit"]
    started = [event for event in seen if event.name == "devcrypto_start"]
    assert len(submitted) == len(started) == COUNT
    assert {event.number for event in submitted} == {threading.get_native_id()}
    assert all(event.thread.startswith("kworker/") for event in started)


# Of cbc(aes) copying in and out is a third of a CPU's work, which the submitter has to itself.
def test_one_context_works_on_both_cpus() -> None:
    shares = []
    for _ in range(TRIES):
        seen = events_of_many("sha256", *SOFTWARE["sha256"])
        cpus = Counter(event.cpu for event in seen if event.name == "devcrypto_start")
        assert sum(cpus.values()) == COUNT
        shares.append({cpu: number / COUNT for cpu, number in cpus.items()})
        if len(cpus) == 2 and min(cpus.values()) >= SHARE * COUNT:
            return
    pytest.fail(f"shares of the CPUs: {shares}")


def waiting_workers() -> list[str]:
    """Threads of the kernel that wait inside of the driver."""
    stacks = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text(encoding="utf-8").startswith("kworker"):
                stacks.append((path.parent / "stack").read_text(encoding="ascii"))
        except (FileNotFoundError, ProcessLookupError):
            pass
    assert stacks, "no worker was seen: the test is blind"
    return [stack for stack in stacks if "[devcrypto]" in stack]


def test_no_worker_waits_for_an_engine() -> None:
    request = Request(Op.ENCRYPT, bytes(64), iv=bytes(16))
    with (
        Simulator(depth=THOUSANDS) as simulator,
        CryptoDevice("sim-cbc-aes", key=bytes(16)) as device,
        CryptoDevice("sha256") as other,
        device.queue() as queue,
        other.queue() as others,
    ):
        simulator.set(paused=1)
        queue.submit([request] * THOUSANDS)
        assert simulator.get("in_engine") == THOUSANDS
        assert simulator.get("high_water") == THOUSANDS
        assert waiting_workers() == []
        # Nor is one missing for the work of others.
        done = others.run([Request(Op.DIGEST, LARGE)] * 8)
        assert all(result.error is None for result in done)
        assert simulator.get("in_engine") == THOUSANDS
        simulator.set(paused=0)
        ended = queue.reap(THOUSANDS)
        assert len(ended) == THOUSANDS
        assert all(pending.get().error is None for pending in ended)
