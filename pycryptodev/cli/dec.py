# SPDX-License-Identifier: MIT
"""`cryptodev dec`: decrypt what `cryptodev enc` made."""

from __future__ import annotations

import argparse

from .. import Op
from . import ciphers
from .exit_codes import ExitCode
from .verbs import Verbs


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "dec",
        run,
        help="decrypt a file or a pipe",
        description="Decrypts a container, or with --raw by a cipher alone. Only what has been "
        "verified is written; a pipe may have got the beginning before the rest turns out to be "
        "damaged, which the exit status tells.",
    )
    ciphers.add_arguments(
        parser, algorithm_help="the driver to use (default: the best one of what the header names)"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    return ciphers.crypt(Op.DECRYPT, arguments)
