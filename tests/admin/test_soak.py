# SPDX-License-Identifier: MIT
"""Everything at once for a while, and at the end nothing is left: tests/soak/soak.c.

`make soak` asks for ten times as much, a kernel that finds faults is asked for as much less as it
is slower. Other numbers and the seed come from the environment (SOAK_REQUESTS, SOAK_CANCELS,
SOAK_KILLS, SOAK_SEED).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.admin import driver
from tests.simulator import Simulator

PROGRAM = Path(__file__).parents[2] / "build/tests/soak/soak"
SLOWER = int(os.environ["DEVCRYPTO_SLOWER"])
NUMBERS = {"requests": 100_000 // SLOWER, "cancels": 1_000 // SLOWER, "kills": 100 // SLOWER}
# Far more than a busy host needs for a request, with its share of all else.
SECONDS_EACH = 0.004
LEAST_S = 180


def arguments() -> dict[str, int]:
    """What is asked for."""
    asked = {name: int(os.environ.get(f"SOAK_{name.upper()}", n)) for name, n in NUMBERS.items()}
    if seed := os.environ.get("SOAK_SEED"):
        asked["seed"] = int(seed)
    return asked


ASKED = arguments()
LIMIT_S = LEAST_S + SECONDS_EACH * ASKED["requests"]


@pytest.mark.time_limit(LIMIT_S)
@pytest.mark.usefixtures("reloadable")
def test_soak(capfd: pytest.CaptureFixture[str]) -> None:
    assert PROGRAM.exists(), "run make -C tests/soak first"
    words = [f"--{name}={number}" for name, number in ASKED.items()]
    # KASAN keeps for a while what is freed; what is lost kmemleak finds.
    words.append(f"--slab={4 * SLOWER}")
    with Simulator(), capfd.disabled():
        print()
        status = subprocess.run([PROGRAM, *words], check=False).returncode
    assert status == 0
    driver.unload()
