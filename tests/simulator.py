# SPDX-License-Identifier: MIT
"""The simulated engine, tests/kmod/devcrypto_sim.c, for tests that run as root in the guest.

    with Simulator() as simulator:
        simulator.set(depth=1, paused=1)
        ...
        simulator.wait(in_engine=1)

What the parameters and the counters mean stands at the head of the module's source.
"""

from __future__ import annotations

import errno
import time
from pathlib import Path
from types import TracebackType

from tests.admin import driver

MODULE = "devcrypto_sim"
SYSFS = Path("/sys/module") / MODULE
PARAMETERS = SYSFS / "parameters"
DRIVERS = ("sim-cbc-aes", "sim-ctr-aes", "sim-gcm-aes", "sim-sha256", "sim-rsa", "sim-deflate")
COUNTERS = ("accepted", "refused", "completed", "in_engine", "high_water")

# Values of `order` and of `context`.
FIRST, LAST, ANY = range(3)
SOFTIRQ, INTERRUPT, THREAD = range(3)

# An engine that answers all that it has; the depth can be changed only when it has done so.
DEPTH = 16
PROMPT = {
    "inline_answers": 0,
    "fail_every": 0,
    "delay_us": 0,
    "order": FIRST,
    "context": SOFTIRQ,
    "never": 0,
    "paused": 0,
}

# Long enough for a machine that is emulated and busy.
PATIENCE_S = 30
POLL_S = 0.01


def wait_tested() -> None:
    """Wait until the kernel has tested the engines: some kernels load the module before.

    Such a test must not find the engine paused.
    """

    def are_tested() -> bool:
        entries = Path("/proc/crypto").read_text(encoding="ascii").split("\n\n")
        of_engines = [e for e in entries if any(f" {name}\n" in e for name in DRIVERS)]
        return not any(" larval\n" in f"{entry}\n" for entry in of_engines)

    limit = time.monotonic() + PATIENCE_S
    while not are_tested():
        assert time.monotonic() < limit, "the kernel's own tests take too long"
        time.sleep(POLL_S)


class Simulator:
    """The module, loaded as long as the context lasts. At its end nobody may use it any more."""

    def __init__(self, **parameters: int) -> None:
        """Name the parameters to load it with."""
        self._parameters = parameters

    def __enter__(self) -> Simulator:
        """Load it."""
        driver.command("modprobe", MODULE, *(f"{k}={v}" for k, v in self._parameters.items()))
        wait_tested()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let it answer what it still has and unload it."""
        self.reset()
        driver.unload(MODULE)

    def set(self, **parameters: int) -> None:
        """Write parameters, in this order.

        Raises:
            OSError: EINVAL: not such a value; EBUSY: not now.
        """
        for name, value in parameters.items():
            (PARAMETERS / name).write_text(str(value), encoding="ascii")

    def reset(self) -> None:
        """Let it answer all that it has, wait until nobody uses it, set all as at first."""
        self.set(**PROMPT)
        self.wait(in_engine=0)
        self.wait_unused()
        self.set(depth=DEPTH, error=errno.EIO)

    def get(self, name: str) -> int:
        """Value of a parameter or counter."""
        return int((PARAMETERS / name).read_text(encoding="ascii"))

    @property
    def counters(self) -> dict[str, int]:
        """All counters, read one after the other."""
        return {name: self.get(name) for name in COUNTERS}

    @property
    def uses(self) -> int:
        """Who holds the module: one for each algorithm that somebody has allocated."""
        return int((SYSFS / "refcnt").read_text(encoding="ascii"))

    def wait(self, **counters: int) -> None:
        """Wait until counters have these values."""
        limit = time.monotonic() + PATIENCE_S
        while any(self.get(name) != value for name, value in counters.items()):
            assert time.monotonic() < limit, f"waited for {counters}, is {self.counters}"
            time.sleep(POLL_S)

    def wait_unused(self) -> None:
        """Wait until nobody holds the module; a killed process lets go of it a little later."""
        limit = time.monotonic() + PATIENCE_S
        while self.uses:
            assert time.monotonic() < limit, f"{MODULE} is held {self.uses} times"
            time.sleep(POLL_S)
