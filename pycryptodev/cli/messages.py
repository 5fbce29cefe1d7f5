# SPDX-License-Identifier: MIT
"""What the command says on standard error."""

from __future__ import annotations

import sys
from contextlib import suppress

PROGRAM = "cryptodev"


def complain(message: str, hint: str = "") -> None:
    """Print one line, and one for what helps.

    Args:
        message: what is wrong.
        hint: a command or option.
    """
    # A process may have been started without standard error; print() would then take the output.
    if sys.stderr is None:
        return
    # Who cannot be told has the exit status.
    with suppress(OSError):
        print(f"{PROGRAM}: {message}", file=sys.stderr)
        if hint:
            print(f"{PROGRAM}: try: {hint}", file=sys.stderr)


def describe(error: OSError) -> str:
    """What went wrong, with the file's name but without the number."""
    text = error.strerror or str(error)
    return text if error.filename is None else f"{error.filename}: {text}"
