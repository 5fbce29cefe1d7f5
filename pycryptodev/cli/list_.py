# SPDX-License-Identifier: MIT
"""`cryptodev list`: the algorithms that are registered with the kernel, or that it could load."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from .. import AlgClass, LoadableAlgorithm, RegisteredAlgorithm, algorithms, loadable
from .exit_codes import ExitCode, UsageError
from .verbs import Verbs, algorithm_name, class_names

_HEADINGS = ("NAME", "CLASS", "DRIVER", "PRIORITY", "FLAGS", "ALLOWED")
_LOADABLE_HEADINGS = ("NAME", "MODULES", "ALLOWED")
_ALLOWED = {True: "yes", False: "no", None: "?"}
_NOT_OFFERED = "-"
_OTHER = "other"

_FILTERS: dict[str, tuple[Callable[[RegisteredAlgorithm], object], str]] = {
    "hardware": (lambda each: each.hardware, "engines"),
    "async": (lambda each: each.is_async, "those that may complete requests asynchronously"),
    "internal": (lambda each: each.internal, "building blocks that are not for use of their own"),
    "untested": (lambda each: not each.selftest, "those that have not passed their self-test"),
}
"""Options that only entries with a property pass."""


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "list",
        run,
        help="the algorithms that the kernel has",
        description="Lists the algorithms that are registered now, and whether policy allows them. "
        "The kernel loads more when they are asked for by name: see --loadable.",
    )
    parser.add_argument(
        "text",
        nargs="?",
        default="",
        help="only names and drivers with it, or, with * ? or [, that match it as a whole",
    )
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        help="only what has this name, as generic or driver name",
    )
    parser.add_argument(
        "-c",
        "--class",
        dest="alg_class",
        choices=[*class_names(), _OTHER],
        help=f"only these; {_OTHER}: those that the device has no class for",
    )
    parser.add_argument("--allowed", action="store_true", help="only those that policy allows")
    for option, (_, text) in _FILTERS.items():
        parser.add_argument(f"--{option}", action="store_true", help=f"only {text}")
    parser.add_argument(
        "--loadable",
        action="store_true",
        help="instead, the names and templates in modules that are not loaded",
    )
    parser.add_argument("--json", action="store_true", help="everything that is known, as JSON")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the list."""
    if arguments.loadable:
        _list_loadable(arguments)
    else:
        _list_registered(arguments)
    return ExitCode.OK


def _list_registered(arguments: argparse.Namespace) -> None:
    chosen = [
        each
        for each in algorithms(path=arguments.device)
        if _matches(arguments, each.name, each.driver)
        if arguments.alg_class in (None, _class_name(each) if each.alg_class else _OTHER)
        if each.allowed or not arguments.allowed
        if all(passes(each) for option, (passes, _) in _FILTERS.items() if vars(arguments)[option])
    ]
    chosen.sort(key=lambda each: (_class_name(each), each.name, -each.priority))
    if arguments.json:
        print(json.dumps([_as_json(each) for each in chosen], indent=2))
    else:
        _print_table([_HEADINGS, *map(_row, chosen)])


def _list_loadable(arguments: argparse.Namespace) -> None:
    asked = [option for option in _FILTERS if vars(arguments)[option]]
    if asked or arguments.alg_class:
        raise UsageError(f"--loadable: a module's aliases do not tell --{(*asked, 'class')[0]}")
    chosen = [
        each
        for each in loadable()
        if _matches(arguments, each.name, each.name)
        if each.allowed or not arguments.allowed
    ]
    if arguments.json:
        print(json.dumps([dataclasses.asdict(each) for each in chosen], indent=2))
    else:
        _print_table([_LOADABLE_HEADINGS, *map(_loadable_row, chosen)])


def _matches(arguments: argparse.Namespace, name: str, driver: str) -> bool:
    text: str = arguments.text
    if arguments.algorithm not in (None, name, driver):
        return False
    if any(wildcard in text for wildcard in "*?["):
        return fnmatchcase(name, text) or fnmatchcase(driver, text)
    return text in name or text in driver


def _class_name(algorithm: RegisteredAlgorithm) -> str:
    return algorithm.kind if algorithm.alg_class is None else algorithm.alg_class.name.lower()


def _as_json(algorithm: RegisteredAlgorithm) -> dict[str, object]:
    def plain(pairs: list[tuple[str, Any]]) -> dict[str, object]:
        return {
            key: value.name.lower() if isinstance(value, AlgClass) else value
            for key, value in pairs
        }

    return {
        **dataclasses.asdict(algorithm, dict_factory=plain),
        "alg_class": _class_name(algorithm),
        "hardware": algorithm.hardware,
    }


def _row(algorithm: RegisteredAlgorithm) -> tuple[str, ...]:
    flags = {
        "async": algorithm.is_async,
        "hardware": algorithm.hardware,
        "internal": algorithm.internal,
        "testing": algorithm.selftest_running,
        "untested": not algorithm.selftest and not algorithm.selftest_running,
        "no-fips": algorithm.fips is False,
    }
    return (
        algorithm.name,
        _class_name(algorithm),
        algorithm.driver,
        str(algorithm.priority),
        ",".join(flag for flag, is_set in flags.items() if is_set) or "-",
        _NOT_OFFERED if _is_not_offered(algorithm) else _ALLOWED[algorithm.allowed],
    )


def _is_not_offered(algorithm: RegisteredAlgorithm) -> bool:
    return algorithm.alg_class is None or algorithm.offered is False


def _loadable_row(each: LoadableAlgorithm) -> tuple[str, ...]:
    return each.name, ",".join(each.modules), _ALLOWED[each.allowed]


def _print_table(rows: Iterable[tuple[str, ...]]) -> None:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
