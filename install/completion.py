# SPDX-License-Identifier: MIT
"""Prints the completion of `cryptodev` for a shell: `completion.py bash|zsh`.

It is made from the parser of the installed client, and therefore never behind it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import shtab

from pycryptodev.cli import build_parser

FILES = ("FILE", "PATH")
"""What stands for a file in the help."""


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every argument of a parser and of the verbs below it."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from actions(verb)


def main() -> None:
    """Print it."""
    parser = build_parser()
    for action in actions(parser):
        if action.metavar in FILES or action.dest == "file":
            setattr(action, "complete", shtab.FILE)  # noqa: B010
    print(shtab.complete(parser, sys.argv[1]))


main()
