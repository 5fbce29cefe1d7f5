# SPDX-License-Identifier: MIT
"""`cryptodev enc`: encrypt a file or a pipe."""

from __future__ import annotations

import argparse

from .. import Op, container
from . import ciphers
from .exit_codes import ExitCode
from .verbs import Verbs


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "enc",
        run,
        help="encrypt a file or a pipe",
        description="Encrypts into a container in which every change is found, or with --raw by a "
        "cipher alone.",
    )
    ciphers.add_arguments(
        parser,
        algorithm_help=f"one of {', '.join(container.SUITES)}, or a driver of it "
        f"(default: {container.DEFAULT_ALGORITHM})",
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Do it."""
    return ciphers.crypt(Op.ENCRYPT, arguments)
