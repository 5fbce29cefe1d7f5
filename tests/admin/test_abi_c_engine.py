# SPDX-License-Identifier: MIT
"""The C tests of the ABI that need the simulated engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import simulator
from tests.abi import tap
from tests.admin import driver

NAMES = sorted(tap.ENGINE)
MODULE = "devcrypto_sim"
PARAMETERS = Path("/sys/module") / MODULE / "parameters"


@pytest.fixture(scope="module")
def loaded() -> Iterator[None]:
    """Loaded once: the kernel's own tests take a while."""
    driver.command("modprobe", MODULE)
    simulator.wait_tested()
    yield
    # A test that failed may have left it with requests, and then it cannot be unloaded.
    for name in ("never", "paused"):
        (PARAMETERS / name).write_text("0", encoding="ascii")
    driver.unload(MODULE)


def test_all_programs_are_built() -> None:
    assert not tap.missing(NAMES), "run make -C tests/abi first"


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(("program", "test"), tap.cases(NAMES))
def test_abi(program: str, test: str) -> None:
    tap.check(program, test)
