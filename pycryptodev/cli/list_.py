# SPDX-License-Identifier: MIT
"""`cryptodev list`: the algorithms that are registered with the kernel."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterable

from .. import RegisteredAlgorithm, algorithms
from .exit_codes import ExitCode
from .verbs import Verbs, algorithm_name, class_names

_HEADINGS = ("NAME", "CLASS", "DRIVER", "PRIORITY", "FLAGS", "ALLOWED")
_ALLOWED = {True: "yes", False: "no", None: "?"}


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "list",
        run,
        help="the algorithms that the kernel has",
        description="Lists the algorithms that are registered now, and whether policy allows them. "
        "The kernel loads more when they are asked for by name.",
    )
    parser.add_argument("text", nargs="?", default="", help="only names and drivers with it")
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        help="only what has this name, as generic or driver name",
    )
    parser.add_argument("-c", "--class", dest="alg_class", choices=class_names(), help="only these")
    parser.add_argument("--allowed", action="store_true", help="only those that policy allows")
    parser.add_argument("--json", action="store_true", help="everything that is known, as JSON")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print the list."""
    chosen = [
        algorithm
        for algorithm in algorithms()
        if arguments.text in algorithm.name or arguments.text in algorithm.driver
        if arguments.algorithm in (None, algorithm.name, algorithm.driver)
        if arguments.alg_class is None or algorithm.alg_class is class_names()[arguments.alg_class]
        if algorithm.allowed or not arguments.allowed
    ]
    chosen.sort(key=lambda each: (_class_name(each), each.name, -each.priority))
    if arguments.json:
        print(json.dumps([_as_json(algorithm) for algorithm in chosen], indent=2))
    else:
        _print_table([_HEADINGS, *map(_row, chosen)])
    return ExitCode.OK


def _class_name(algorithm: RegisteredAlgorithm) -> str:
    return algorithm.kind if algorithm.alg_class is None else algorithm.alg_class.name.lower()


def _as_json(algorithm: RegisteredAlgorithm) -> dict[str, object]:
    return dataclasses.asdict(algorithm) | {"alg_class": _class_name(algorithm)}


def _row(algorithm: RegisteredAlgorithm) -> tuple[str, ...]:
    flags = {
        "async": algorithm.is_async,
        "internal": algorithm.internal,
        "untested": not algorithm.selftest,
    }
    return (
        algorithm.name,
        _class_name(algorithm),
        algorithm.driver,
        str(algorithm.priority),
        ",".join(flag for flag, is_set in flags.items() if is_set) or "-",
        _ALLOWED[algorithm.allowed],
    )


def _print_table(rows: Iterable[tuple[str, ...]]) -> None:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
