# SPDX-License-Identifier: MIT
"""The parameters with which the simulated engine is loaded."""

from __future__ import annotations

import subprocess

import pytest

from pycryptodev import CryptoDevice
from tests import simulator as sim
from tests.admin import driver
from tests.simulator import Simulator


@pytest.mark.parametrize("parameter", ["paused=1", "never=1", "fail_every=2", "accepted=1"])
def test_what_it_does_not_load_with(parameter: str) -> None:
    done = subprocess.run(["modprobe", sim.MODULE, parameter], capture_output=True, check=False)
    assert done.returncode != 0
    assert sim.MODULE not in driver.loaded_modules()
    assert not driver.registered_drivers().intersection(sim.DRIVERS)


def test_it_loads_with_others() -> None:
    with Simulator(depth=3, context=sim.THREAD, order=sim.ANY) as simulator:
        assert simulator.get("depth") == 3
        with CryptoDevice("sim-cbc-aes", key=bytes(16)) as device:
            assert (
                device.decrypt(device.encrypt(b"x" * 16, iv=bytes(16)), iv=bytes(16)) == b"x" * 16
            )
