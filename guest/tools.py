# SPDX-License-Identifier: MIT
"""Call the tools of the host."""

from __future__ import annotations

import subprocess
from pathlib import Path

from guest.errors import GuestError


def run(command: list[str], cwd: Path | None = None) -> str:
    """Run a tool and return its standard output; its complaints become a GuestError."""
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise GuestError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout
