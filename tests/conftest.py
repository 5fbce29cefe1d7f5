# SPDX-License-Identifier: MIT
"""What the tests of the device share.

Tests under ``abi/``, ``device/`` and ``admin/`` need the device. Around each of them the kernel log
is read: a report of the kernel (an oops, a WARN, a checker's finding) fails the test it falls into.
One that falls behind a test fails the next, or the run, and is named with the test it came behind.

    @pytest.mark.requires("cbc(aes)")       skips the test if the kernel has no such algorithm
    def test_x(requires): requires("sm3")   the same inside a test

A test that is skipped for an algorithm that the kernel has to offer (offers.txt) fails.

Options:
    --until SECONDS     begin no test later than that, in seconds since 1970
    --not-run FILE      put the names of the tests there for which that left no time

Environment:
    DEVCRYPTO_GUEST=1   this is the guest: a missing device, or a kernel log that cannot be read, is
                        a failure; elsewhere the tests are skipped, or run without the log.
    DEVCRYPTO_KERNEL    in the guest: the kernel, as KERNEL= names it.
"""

from __future__ import annotations

import faulthandler
import os
import re
import time
from collections.abc import Callable, Generator, Iterator
from functools import cache
from pathlib import Path

import pytest

from guest.console import attribute
from guest.kernels import DEBUG_KERNELS
from pycryptodev import (
    AlgClass,
    AlgorithmNotFound,
    DeviceForbidden,
    DeviceMissing,
    driver_info,
    query,
)
from tests import offers

IN_GUEST = os.environ.get("DEVCRYPTO_GUEST") == "1"
TESTS = Path(__file__).parent
NEED_DEVICE = tuple(TESTS / name for name in ("abi", "device", "admin", "faults", "end"))
KERNEL_LOG = "/dev/kmsg"

# Far beyond the slowest test on a busy host. Those of the host may wait until a kernel is built.
TEST_LIMIT_S = 180
HOST_TEST_LIMIT_S = 1800

# How much longer a kernel takes that finds faults.
FINDS_FAULTS = offers.running() in {kernel.name for kernel in DEBUG_KERNELS}
SLOWER = 6 if FINDS_FAULTS else 1
# For the C tests, which have limits of their own.
os.environ["DEVCRYPTO_SLOWER"] = str(SLOWER)

# Where the kernel says which tick it is; the guest lets every user read it.
TIMERS = Path("/proc/timer_list")
TICK = re.compile(r"^jiffies: (\d+)$", re.MULTILINE)

# A record of /dev/kmsg is at most this long.
RECORD_BYTES = 8192


NOT_RUN = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the options known."""
    parser.addoption("--until", type=float, default=float("inf"), help="begin no test after that")
    parser.addoption("--not-run", type=Path, help="file for the names of what is left then")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Leave a test out for which there is no time."""
    if time.time() < item.config.getoption("--until"):
        return None
    item.config.stash.setdefault(NOT_RUN, []).append(item.nodeid)
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say which tests were left out."""
    path: Path | None = session.config.getoption("--not-run")
    if path is not None:
        names = session.config.stash.get(NOT_RUN, [])
        path.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers", "requires(name, alg_class=None): skip if the kernel has no such algorithm"
    )
    config.addinivalue_line("markers", "time_limit(seconds): another limit for this test")


def needs_device(item: pytest.Item) -> bool:
    """Return whether a test lies where tests of the device do."""
    return any(folder in item.path.parents for folder in NEED_DEVICE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that was skipped for something that the kernel has to offer.

    What failed is told at once: pytest does so at its end, which a guest may not see.
    """
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple):
        _, _, reason = report.longrepr
        if objection := offers.objection(reason):
            report.outcome = "failed"
            report.longrepr = objection
    reporter = item.config.pluginmanager.get_plugin("terminalreporter")
    if report.failed and IN_GUEST and reporter:
        reporter.write_line(f"\n{report.nodeid}: {report.longreprtext}")
    return report


@cache
def missing(name: str, alg_class: AlgClass | None) -> bool:
    """Ask the kernel whether it lacks an algorithm."""
    try:
        query(name, alg_class)
    except AlgorithmNotFound:
        return True
    return False


def require(name: str, alg_class: AlgClass | None = None) -> None:
    """Skip the running test if the kernel has no such algorithm."""
    if missing(name, alg_class or offers.class_of(name)):
        pytest.skip(f"this kernel has no {name}")


@pytest.fixture
def requires() -> Callable[..., None]:
    """The function that skips the test if the kernel has no such algorithm."""
    return require


class KernelLog:
    """The kernel's messages from now on."""

    def __init__(self) -> None:
        self._fd = os.open(KERNEL_LOG, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.lseek(self._fd, 0, os.SEEK_END)

    def mark(self, text: str) -> None:
        """Write a line to it, so that whoever reads the log sees which test a message is of.

        Where kmemleak may look for what was lost, the kernel's tick stands behind it.
        """
        os.write(self._fd, f"<5>{text}\n".encode())
        if FINDS_FAULTS and (tick := TICK.search(TIMERS.read_text(encoding="ascii"))):
            os.write(self._fd, f"<7>test tick: {tick[1]}\n".encode())

    def read(self) -> str:
        """Return the messages since the last call."""
        records = []
        while True:
            try:
                records.append(os.read(self._fd, RECORD_BYTES).decode(errors="replace"))
            except BlockingIOError:
                return "".join(records)
            except BrokenPipeError:
                records.append("(messages were lost)\n")

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)


def open_kernel_log() -> KernelLog | None:
    """Open the log; None where one may not and need not."""
    try:
        return KernelLog()
    except PermissionError:
        if IN_GUEST:
            raise
        return None


@pytest.fixture(scope="session")
def whole_log() -> Iterator[KernelLog | None]:
    """The kernel's messages from the first test of the device to the last."""
    log = open_kernel_log()
    yield log
    if log is None:
        return
    reports = describe(log.read())
    log.close()
    if reports:
        pytest.fail(reports)


def describe(log: str) -> str:
    """What the kernel reported and where; empty = nothing."""
    found = [f"{where or 'ahead of it'}: {line}" for where, line in attribute(log)]
    return f"the kernel reported {'; '.join(found)}" if found else ""


@pytest.fixture(autouse=True)
def kernel_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test of the device into which a report of the kernel falls."""
    item: pytest.Item = request.node
    log: KernelLog | None = request.getfixturevalue("whole_log") if needs_device(item) else None
    if log is None:
        yield
        return
    log.mark(f"test begins: {item.nodeid}")
    yield
    log.mark(f"test ends: {item.nodeid}")
    if reports := describe(log.read()):
        pytest.fail(reports)


@pytest.fixture(autouse=True)
def time_limit(request: pytest.FixtureRequest) -> Iterator[None]:
    """End the run, with every thread's stack, if a test hangs."""
    marker = request.node.get_closest_marker("time_limit")
    usual = TEST_LIMIT_S if needs_device(request.node) else HOST_TEST_LIMIT_S
    seconds: float = marker.args[0] if marker else usual
    faulthandler.dump_traceback_later(SLOWER * seconds, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def device_is_there(request: pytest.FixtureRequest, kernel_log: None) -> None:
    """Skip a test of the device, or in the guest fail it, if there is no device it may open."""
    item: pytest.Item = request.node
    if not needs_device(item):
        return
    try:
        driver_info()
    except (DeviceMissing, DeviceForbidden) as error:
        if IN_GUEST:
            raise
        pytest.skip(str(error))
    for marker in item.iter_markers("requires"):
        require(*marker.args, **marker.kwargs)
