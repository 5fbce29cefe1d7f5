# SPDX-License-Identifier: MIT
"""What the command says on standard error."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from ..errors import AmbiguousName

PROGRAM = "cryptodev"


def complain(message: str, hint: str = "") -> None:
    """Print one line, and one for what helps.

    Args:
        message: what is wrong.
        hint: a command or option.
    """
    try:
        print(f"{PROGRAM}: {message}", file=sys.stderr)
        if hint:
            print(f"{PROGRAM}: try: {hint}", file=sys.stderr)
    except OSError:
        # Who cannot be told has the exit status.
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Keep Python from flushing, at its end, what nobody takes."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def describe(error: OSError | ValueError) -> str:
    """What went wrong, with the file's name but without the number."""
    if isinstance(error, AmbiguousName):
        classes = ", ".join(choice.name.lower() for choice in error.choices)
        return f"{error.name!r} is the name of more than one algorithm ({classes})"
    if isinstance(error, ValueError):
        return str(error)
    text = error.strerror or str(error)
    return text if error.filename is None else f"{error.filename}: {text}"
