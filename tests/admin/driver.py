# SPDX-License-Identifier: MIT
"""The driver as root sees it: its module, its policy and its parameters."""

from __future__ import annotations

import errno
import subprocess
from pathlib import Path

MODULE = "devcrypto"
POLICY_FILE = Path("/etc/devcrypto/policy")
SYSFS = Path("/sys/class/misc/crypto")
POLICY = SYSFS / "policy"
POLICY_RELOAD = SYSFS / "policy_reload"
PARAMETERS = Path("/sys/module/devcrypto/parameters")


def command(*words: str) -> None:
    """Run a program of the system that has to succeed."""
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.returncode} {done.stderr}"


def unload(module: str = MODULE) -> None:
    """Remove a module; its users have to be gone."""
    command("rmmod", module)


def load(*parameters: str) -> None:
    """Load the driver, if it is not, and wait until udev has set its node up."""
    command("modprobe", MODULE, *parameters)
    settle()


def settle() -> None:
    """Wait until udev has handled every event so far."""
    command("udevadm", "settle", "--timeout=20")


def loaded_modules() -> set[str]:
    """Names of the modules that are loaded."""
    lines = Path("/proc/modules").read_text(encoding="ascii").splitlines()
    return {line.split()[0] for line in lines}


def registered_drivers() -> set[str]:
    """Driver names of all algorithms that are registered, instances of templates included."""
    lines = Path("/proc/crypto").read_text(encoding="ascii").splitlines()
    return {line.split(": ", 1)[1] for line in lines if line.startswith("driver ")}


def reload_error() -> int:
    """Let the driver load its policy again; returns the errno, 0 if it did."""
    try:
        POLICY_RELOAD.write_text("1", encoding="ascii")
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def put_policy(text: str) -> None:
    """Put another policy in force."""
    POLICY_FILE.write_text(text, encoding="ascii")
    assert reload_error() == 0


def policy_in_force() -> list[str]:
    """Names of the policy in force."""
    return POLICY.read_text(encoding="ascii").splitlines()


def policy_names(text: str) -> list[str]:
    """Names that a policy file of this text lists, in their order."""
    names = (line.partition("#")[0].strip() for line in text.splitlines())
    return [name for name in names if name]
