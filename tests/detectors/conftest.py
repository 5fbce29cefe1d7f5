# SPDX-License-Identifier: MIT
"""What the tests of the detectors share.

They provoke reports on purpose, in a guest of their own: run.py demands that the kernel reported
something there.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guest.kernels import DEBUG_KERNELS
from tests.conftest import KernelLog

MODULE = "devcrypto_fault"

Commit = Callable[[str], str]


@pytest.fixture(scope="session", autouse=True)
def kernel_with_detectors() -> None:
    """Skip elsewhere: there a fault is a fault. A BUG ends a thread and not the guest."""
    if os.environ.get("DEVCRYPTO_KERNEL") not in {each.name for each in DEBUG_KERNELS}:
        pytest.skip("provokes reports: make test-debug, make test-kcsan")
    assert os.geteuid() == 0, "has to run as root"
    Path("/proc/sys/kernel/panic_on_oops").write_text("0", encoding="ascii")


@pytest.fixture
def log(request: pytest.FixtureRequest) -> Iterator[KernelLog]:
    """The kernel's messages from here on."""
    messages = KernelLog()
    messages.mark(f"test begins: {request.node.nodeid}")
    yield messages
    messages.mark(f"test ends: {request.node.nodeid}")
    messages.close()


@pytest.fixture
def commit(log: KernelLog) -> Commit:
    """Commits a fault, by its name in the module, and returns what the kernel said."""

    def commit_one(kind: str) -> str:
        # A process that dies of it leaves the module behind, half loaded.
        subprocess.run(["modprobe", MODULE, f"kind={kind}"], check=False)
        subprocess.run(["rmmod", MODULE], capture_output=True, check=False)
        return log.read()

    return commit_one
