# SPDX-License-Identifier: MIT
"""A job: what the device did, and what another program says of it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from pycryptodev import AsyncCryptoDevice, CryptoDevError, CryptoDevice

MIB = 1 << 20
OPENSSL = "OpenSSL"
COREUTILS = "coreutils"
GOOD = "ok"
DIFFERS = "differs"


@dataclass(frozen=True)
class Row:
    """What became of one job.

    Args:
        operation: what was done.
        algorithm: name at the crypto API.
        driver: the implementation that the kernel chose.
        by: the language, and how it called the device.
        file: what it was done to.
        size: bytes that went through the device.
        seconds: time in the device.
        judge: what checked the result.
        verdict: "ok", or what is wrong.
    """

    operation: str
    algorithm: str
    driver: str
    by: str
    file: str
    size: int
    seconds: float
    judge: str
    verdict: str

    def show(self) -> None:
        """Print it as a line of the table."""
        rate = self.size / MIB / self.seconds if self.seconds else 0.0
        print(
            f"{self.operation:<8} {self.algorithm:<27} {self.driver:<36} {self.by:<8} "
            f"{self.file:<18.18} {self.size / MIB:>6.1f} {rate:>7.1f}  {self.judge:<9}  "
            f"{self.verdict}",
            flush=True,
        )


def show_head() -> None:
    """Print the names of the columns."""
    head = (
        f"{'job':<8} {'algorithm':<27} {'driver':<36} {'by':<8} {'file':<18} {'MiB':>6} "
        f"{'MiB/s':>7}  {'checked':<9}  result"
    )
    print(f"{head}\n{'-' * len(head)}", flush=True)


def run_tool(*command: str, text: bytes | None = None) -> bytes:
    """Run a program that has to succeed, and return its standard output."""
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, check=True).stdout


def do_job(
    operation: str,
    device: CryptoDevice | AsyncCryptoDevice,
    judge: str,
    about: tuple[str, int],
    work: Callable[[], bytes],
    expected: Callable[[], bytes],
    by: str = "Python",
) -> Row:
    """Do a job, and then have it checked.

    Args:
        operation: what is done.
        device: does it.
        judge: what checks it.
        about: what it is done to, and its bytes.
        work: does it, and returns the result.
        expected: returns the judge's.
        by: how the device is called.
    """
    verdict, seconds = GOOD, 0.0
    try:
        begin = time.monotonic()
        result = work()
        seconds = time.monotonic() - begin
        if result != expected():
            verdict = DIFFERS
    except CryptoDevError as error:
        verdict = str(error)
    info = device.info
    return Row(operation, info.name, info.driver, by, *about, seconds, judge, verdict)
