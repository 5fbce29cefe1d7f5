# SPDX-License-Identifier: MIT
"""`cryptodev prefer`: choose the implementation that a generic name takes."""

from __future__ import annotations

import argparse
import json

from .. import RegisteredAlgorithm, algorithms, set_priority
from ..priority import MAX_PRIORITY
from .exit_codes import AlgorithmError, ExitCode
from .verbs import Verbs, algorithm_name


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "prefer",
        run,
        help="choose the implementation that a generic name takes",
        description="Gives an implementation another priority among those of its name, by default "
        "one more than the others have. Contexts that are open keep theirs. Takes CAP_NET_ADMIN.",
    )
    parser.add_argument(
        "driver", metavar="DRIVER", type=algorithm_name, help="driver name of an implementation"
    )
    parser.add_argument(
        "priority", metavar="PRIORITY", nargs="?", type=_priority, help="0 to 2147483647"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> ExitCode:
    """Change the priority and print the old and the new one."""
    driver: str = arguments.driver
    entry, others = _find(driver)
    wanted: int | None = arguments.priority
    if wanted is None:
        wanted = max((other.priority for other in others), default=entry.priority - 1) + 1
        # The best already, and by more than one: as it is.
        wanted = max(wanted, entry.priority)
        if wanted > MAX_PRIORITY:
            raise AlgorithmError(f"another implementation of {entry.name} has {MAX_PRIORITY}")
    before = entry.priority
    if wanted != before:
        before = set_priority(driver, wanted)
    _, others = _find(driver)
    best = max([(wanted, driver), *((other.priority, other.driver) for other in others)])[1]
    if arguments.json:
        shown = {
            "name": entry.name,
            "driver": driver,
            "old_priority": before,
            "priority": wanted,
            "taken": best,
        }
        print(json.dumps(shown, indent=2))
    else:
        print(f"{driver}: priority {before} -> {wanted}")
        print(f"{entry.name}: takes {best}")
    return ExitCode.OK


def _find(driver: str) -> tuple[RegisteredAlgorithm, list[RegisteredAlgorithm]]:
    """The implementation, and the others that its name could take."""
    registered = algorithms(ask_device=False)
    entry = next((each for each in registered if each.driver == driver), None)
    if entry is None:
        raise AlgorithmError(
            f"{driver}: no implementation of that name is registered",
            hint=f"cryptodev info '{driver}' (the kernel loads what it can)",
        )
    return entry, [
        each
        for each in registered
        if each.name == entry.name
        and (each.alg_class or each.kind) == (entry.alg_class or entry.kind)
        and each.driver != driver
        and each.selftest
        and not each.internal
    ]


def _priority(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MAX_PRIORITY:
        raise argparse.ArgumentTypeError(f"{text!r} is not a priority, 0 to {MAX_PRIORITY}")
    return int(text)
