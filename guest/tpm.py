# SPDX-License-Identifier: MIT
"""A TPM for a guest: QEMU's, with Debian's swtpm behind it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from guest.errors import GuestError


@dataclass(frozen=True)
class Tpm:
    """What QEMU needs to be told of it.

    Args:
        arguments: of QEMU.
        descriptors: that QEMU inherits.
    """

    arguments: tuple[str, ...] = ()
    descriptors: tuple[int, ...] = ()


@contextlib.contextmanager
def emulated(wanted: bool) -> Iterator[Tpm]:
    """Run an empty TPM 2.0 for as long as its guest runs, if one is wanted."""
    if not wanted:
        yield Tpm()
        return
    with contextlib.ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory(prefix="guest-tpm-"))
        of_qemu, of_swtpm = socket.socketpair()
        stack.enter_context(of_qemu)
        with of_swtpm:
            process = _start(state, of_swtpm.fileno())
        stack.callback(process.wait)
        stack.callback(process.kill)
        chardev = f"socket,id=tpm,fd={of_qemu.fileno()}"
        yield Tpm(
            (
                *("-chardev", chardev, "-tpmdev", "emulator,id=tpm,chardev=tpm"),
                *("-device", "tpm-tis,tpmdev=tpm"),
            ),
            (of_qemu.fileno(),),
        )


def _start(state: str, control: int) -> subprocess.Popen[bytes]:
    # It must not outlive a runner that is killed.
    command = ["setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2"]
    command += ["--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,clientfd={control}"]
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[control],
            # An interrupt from the terminal is for the runner, which then ends it itself.
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise GuestError(f"{error.filename} is missing: run make deps") from error
