# SPDX-License-Identifier: MIT
"""What can go wrong before, in and after a guest, and the exit code of each."""

from __future__ import annotations

EXIT_SETUP = 2
"""The kernel could not be fetched or the driver does not build: nothing was booted."""

EXIT_TIMEOUT = 124
"""The time limit ran out and the guest was killed, as timeout(1) says it."""

EXIT_KERNEL_REPORT = 125
"""The command may have succeeded, but the kernel reported a fault while it ran."""

EXIT_LOST = 128
"""The guest died, by panic or otherwise, without delivering a status."""


class GuestError(Exception):
    """Nothing was run; the message says why."""


class LostVMError(Exception):
    """The guest ended without the command's status."""


class DeadAtBootError(LostVMError):
    """The guest's kernel died before it ran its first program."""


class VMTimeoutError(LostVMError):
    """The guest was killed because its time was up."""


class KernelReportError(Exception):
    """The kernel log holds a report of a fault.

    Args:
        reports: the offending lines of the kernel log.
        status: the command's own status.
    """

    def __init__(self, reports: list[str], status: int) -> None:
        super().__init__(f"{len(reports)} report(s) in the kernel log")
        self.reports = reports
        self.status = status
