# SPDX-License-Identifier: MIT
"""How a verb joins the command line."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from .._context import NODE
from ..enums import AlgClass
from .exit_codes import ExitCode

Run = Callable[[argparse.Namespace], ExitCode]


class Verbs:
    """The verbs of a parser."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._common = argparse.ArgumentParser(add_help=False)
        self._common.add_argument(
            "--device",
            metavar="PATH",
            default=NODE,
            help="node of the device (default: %(default)s)",
        )
        self._verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(self, name: str, run: Run, *, help: str, description: str) -> argparse.ArgumentParser:
        """Add a verb.

        Args:
            name: the verb.
            run: does it.
            help: its line in the list of verbs.
            description: the beginning of its own help.

        Returns:
            the verb's parser, for its arguments.
        """
        parser = self._verbs.add_parser(
            name,
            help=help,
            description=description,
            parents=[self._common],
            allow_abbrev=False,
        )
        parser.set_defaults(run=run)
        return parser


def algorithm_name(text: str) -> str:
    """Take a name from the command line; whether there is such an algorithm is the kernel's say."""
    if not re.fullmatch(r"[!-~]{1,127}", text):
        raise argparse.ArgumentTypeError(f"{text!r} cannot be the name of an algorithm")
    return text


def class_names() -> dict[str, AlgClass]:
    """The classes of algorithms by the names that the command has for them."""
    return {member.name.lower(): member for member in AlgClass}
