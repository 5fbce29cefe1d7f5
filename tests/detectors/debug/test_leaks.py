# SPDX-License-Identifier: MIT
"""kmemleak finds what nobody can free any more, and it is said which test allocated it."""

from __future__ import annotations

import time

from tests import kmemleak
from tests.conftest import KernelLog
from tests.detectors.conftest import Commit


def test_leak_is_found_and_attributed(commit: Commit, log: KernelLog) -> None:
    kmemleak.forget()
    log.mark("test begins: the one that leaks")
    commit("leak")
    log.mark("test ends: the one that leaks")
    log.mark("test begins: another one")
    time.sleep(0.1)
    log.mark("test ends: another one")
    leaks = [leak for leak in kmemleak.scan() if (leak.size, leak.command) == (512, "modprobe")]
    assert [leak.test for leak in leaks] == ["in the one that leaks"]
