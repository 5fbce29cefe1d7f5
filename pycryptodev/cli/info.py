# SPDX-License-Identifier: MIT
"""`cryptodev info`: what the driver is and allows, and what it tells of an algorithm."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json

from .. import Algorithm, AmbiguousName, DriverInfo, driver_info, query
from .exit_codes import AlgorithmError, ExitCode
from .messages import describe
from .verbs import Verbs, algorithm_name, class_names


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "info",
        run,
        help="the driver, and an algorithm",
        description="Shows what the driver is and allows and, with a name, the algorithm that the "
        "kernel takes for it. Sizes that do not apply are left out.",
    )
    named = parser.add_mutually_exclusive_group()
    named.add_argument(
        "name",
        nargs="?",
        type=algorithm_name,
        help="generic or driver name of an algorithm",
    )
    named.add_argument("-a", "--algorithm", metavar="NAME", type=algorithm_name, help="the same")
    parser.add_argument(
        "-c", "--class", dest="alg_class", choices=class_names(), help="for a name in two classes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print what is known."""
    shown: dict[str, dict[str, object]] = {}
    if name := arguments.name or arguments.algorithm:
        alg_class = class_names().get(arguments.alg_class)
        try:
            shown["algorithm"] = _plain(query(name, alg_class, path=arguments.device))
        except AmbiguousName as error:
            hint = " or ".join(f"--class {choice.name.lower()}" for choice in error.choices)
            raise AlgorithmError(describe(error), hint=hint) from None
    shown["device"] = _plain(driver_info(path=arguments.device))
    if arguments.json:
        print(json.dumps(shown, indent=2))
    else:
        _print(shown)
    return ExitCode.OK


def _plain(facts: Algorithm | DriverInfo) -> dict[str, object]:
    return {field.name: _words(getattr(facts, field.name)) for field in dataclasses.fields(facts)}


def _words(value: object) -> object:
    if isinstance(value, enum.IntFlag):
        return [str(member.name).lower() for member in type(value) if member in value]
    if isinstance(value, enum.IntEnum):
        return value.name.lower()
    if isinstance(value, tuple):
        return [_words(each) for each in value]
    return value


def _print(shown: dict[str, dict[str, object]]) -> None:
    width = max(len(name) for facts in shown.values() for name in facts)
    for title, facts in shown.items():
        print(title)
        for name, value in facts.items():
            if value == 0 and not isinstance(value, bool) and name.endswith("_bytes"):
                continue
            print(f"  {name:<{width}}  {_text(value)}")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "-"
    return str(value)
