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

# Debian 12's shtab takes the first of the choices alone, and joins with blanks what it then takes
# apart at newlines. A newer one writes neither of these.
CORRECTIONS = {
    '="${current_action}_choices"': '="${current_action}_choices[@]"',
    '-W "${current_action_choices}"': '-W "${current_action_choices// /$IFS}"',
}


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
        if action.choices and not isinstance(action, argparse._SubParsersAction):
            # Debian 12's shtab indexes them.
            action.choices = list(action.choices)
    script = shtab.complete(parser, sys.argv[1])
    for wrong, right in CORRECTIONS.items():
        script = script.replace(wrong, right)
    print(script)


main()
