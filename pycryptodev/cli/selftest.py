# SPDX-License-Identifier: MIT
"""`cryptodev selftest`: published vectors, and one driver against another."""

from __future__ import annotations

import argparse
import itertools
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from .. import AlgClass, Algorithm, AlgorithmNotFound, PolicyError, query
from ..algorithms import PROC_CRYPTO, parse_proc_crypto
from ..selftest import compression, differential, vectors
from ..selftest.model import Case, LeftOut, Outcome
from ..selftest.report import Json, Report, Tap, Text, Totals
from ..selftest.runner import COMPARED, Runner
from ..selftest.targets import Target, target, targets
from .exit_codes import AlgorithmError, DataError, ExitCode, FileError, UsageError
from .progress import progress
from .verbs import Verbs, algorithm_name

_LIMIT = 10
_COUNT = 200

NEEDS_ADMIN = "to give a generator its entropy takes CAP_SYS_ADMIN"
UNPUBLISHED = "generators whose vectors (NIST's drbgvectors) are in no package: --vectors"
UNKNOWABLE = (
    "generators of which nobody can know the output beforehand, so that there are no vectors"
)


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "selftest",
        run,
        help="validate the kernel's implementations with published vectors",
        description="Runs published vectors on every implementation that the machine has of their "
        "algorithms, each in every layout of its buffers, or compares implementations. There "
        "are no vectors of compression: zlib judges it, or what comes back.",
    )
    parser.add_argument(
        "--driver", metavar="DRIVER", type=algorithm_name, help="only this implementation"
    )
    parser.add_argument(
        "-a", "--algorithm", metavar="NAME", type=algorithm_name, help="only this generic name"
    )
    parser.add_argument(
        "--vectors",
        metavar="PATH",
        action="append",
        help="file or folder in the form of Wycheproof, CAVP or ACVP; may be given again "
        "(default: the packages of the extra pycryptodev[vectors])",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=_number,
        default=_LIMIT,
        help="at most N vectors of a file, evenly spread; 0: all (default: %(default)s)",
    )
    parser.add_argument(
        "--against",
        metavar="DRIVER",
        type=algorithm_name,
        help="random cases, for which this implementation's answers count as right",
    )
    parser.add_argument(
        "--count",
        metavar="N",
        type=_number,
        default=_COUNT,
        help="how many random cases (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=_number, help="of the random cases (default: another each time)"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--tap", action="store_true", help="print the Test Anything Protocol, version 13"
    )


def run(arguments: argparse.Namespace) -> ExitCode:
    """Run the cases and report."""
    driver = _find(arguments.driver, arguments) if arguments.driver else None
    if driver is not None and arguments.algorithm not in (None, driver.name):
        raise UsageError(f"{driver.driver} is an implementation of {driver.name}")
    totals = Totals()
    work: list[tuple[Target, list[Case]]] = []
    if arguments.against:
        work += _against(arguments, driver, totals)
    named = driver.name if driver else arguments.algorithm
    if arguments.vectors or not (arguments.against or named in compression.names()):
        work += _published(arguments, driver, totals)
    if not arguments.against and not arguments.vectors:
        work += _compression(arguments, driver)
        if named is None:
            _generators(totals)
    if not any(cases for _, cases in work):
        raise AlgorithmError(_nothing_for(driver, arguments))
    _run(arguments, work, totals)
    if not totals.drivers:
        raise AlgorithmError("no implementation could be given a vector")
    return ExitCode.MISMATCH if totals.failed else ExitCode.OK


def _nothing_for(driver: Algorithm | None, arguments: argparse.Namespace) -> str:
    """Why there is nothing to do."""
    what = driver.driver if driver else arguments.algorithm
    if driver is not None and driver.alg_class is AlgClass.RNG:
        reason = UNPUBLISHED if driver.driver.startswith("drbg_") else UNKNOWABLE
        return f"{what} is one of the {reason}"
    return f"there are no vectors for {what}" if what else "there are no vectors"


def _find(name: str, arguments: argparse.Namespace) -> Algorithm:
    """The implementation of a driver name that the command line gives."""
    found = query(name, path=arguments.device)
    if found.driver != name:
        raise UsageError(f"{name} is no driver name; it takes {found.driver}")
    return found


def _published(
    arguments: argparse.Namespace, driver: Algorithm | None, totals: Totals
) -> list[tuple[Target, list[Case]]]:
    """The published cases, with the implementations that have to do them."""
    only = _name_of(driver) if driver else arguments.algorithm
    groups: dict[str, list[Case]] = {}
    for each in _read(arguments, only):
        if isinstance(each, LeftOut):
            totals.left_out[each.reason] = totals.left_out.get(each.reason, 0) + 1
        elif only in (None, each.name):
            groups.setdefault(each.name, []).append(each)
    work = []
    for name, cases in sorted(groups.items()):
        if driver is not None:
            found: Iterable[Target] = [_target_of(driver, arguments)]
        else:
            found = targets(name, cases[0].alg_class, path=arguments.device)
        work += [(each, cases) for each in found]
    return work


def _name_of(driver: Algorithm) -> str:
    """What the vectors of an implementation name."""
    return driver.driver if driver.alg_class is AlgClass.RNG else driver.name


def _compression(
    arguments: argparse.Namespace, driver: Algorithm | None
) -> list[tuple[Target, list[Case]]]:
    """The cases of compression, with the implementations that have to do them."""
    work = []
    for name in compression.names():
        if (driver.name if driver else arguments.algorithm) not in (None, name):
            continue
        if driver is not None:
            found: Iterable[Target] = [_target_of(driver, arguments)]
        else:
            found = targets(name, AlgClass.COMP, path=arguments.device)
        work += [
            (each, list(compression.cases(name, each.asked, path=arguments.device)))
            for each in found
        ]
    return work


def _generators(totals: Totals) -> None:
    """Say which generators of random numbers go without a test."""
    for entry in parse_proc_crypto(PROC_CRYPTO.read_text(encoding="ascii")):
        if entry.alg_class is AlgClass.RNG:
            reason = UNPUBLISHED if entry.driver.startswith("drbg_") else UNKNOWABLE
            totals.left_out[reason] = totals.left_out.get(reason, 0) + 1


def _target_of(algorithm: Algorithm, arguments: argparse.Namespace) -> Target:
    return target(
        algorithm.name, algorithm.driver, algorithm.alg_class, None, path=arguments.device
    )


def _read(arguments: argparse.Namespace, only: str | None) -> Iterator[Case | LeftOut]:
    """The vectors of all files, each once."""
    places = [Path(place) for place in arguments.vectors or ()] or vectors.installed()
    if not places:
        raise FileError(
            "no vectors are installed",
            hint="pip install 'pycryptodev[vectors]', or give some with --vectors",
        )
    files = itertools.chain.from_iterable(map(vectors.files, places))
    asked = arguments.algorithm or ""

    def read() -> Iterator[Case | LeftOut]:
        for file in files:
            if only is not None and not vectors.may_have(file, only):
                continue
            try:
                yield from vectors.read(file, limit=arguments.limit, algorithm=only or asked)
            except ValueError as error:
                raise DataError(str(error)) from None

    return vectors.once(read())


def _against(
    arguments: argparse.Namespace, driver: Algorithm | None, totals: Totals
) -> list[tuple[Target, list[Case]]]:
    """Random cases with a reference's answers, for one implementation or for all others."""
    reference = _find(arguments.against, arguments)
    if reference.alg_class not in COMPARED:
        raise AlgorithmError("--against compares ciphers, AEADs, hashes and compression")
    if driver is None:
        found = [
            each
            for each in targets(reference.name, reference.alg_class, path=arguments.device)
            if each.driver != reference.driver
        ]
    elif (driver.name, driver.alg_class) != (reference.name, reference.alg_class):
        raise UsageError(
            f"{driver.driver} is of {driver.name}, and {reference.driver} of {reference.name}"
        )
    else:
        found = [_target_of(driver, arguments)]
    if not found:
        raise AlgorithmError(f"{reference.driver} is the only implementation of {reference.name}")
    totals.seed = secrets.randbits(32) if arguments.seed is None else arguments.seed
    make = compression.against if reference.alg_class is AlgClass.COMP else differential.cases
    cases = list(make(reference, count=arguments.count, seed=totals.seed, path=arguments.device))
    return [(each, cases) for each in found]


def _run(
    arguments: argparse.Namespace, work: list[tuple[Target, list[Case]]], totals: Totals
) -> None:
    forms: dict[str, type[Report]] = {"json": Json, "tap": Tap}
    chosen = next((form for name, form in forms.items() if vars(arguments)[name]), Text)
    report = chosen(print)
    total = sum(len(cases) for each, cases in work if each.algorithm)
    with progress(total, "self-test", unit=" vectors") as advance:
        runner = Runner(path=arguments.device, advance=advance)
        for each, cases in work:
            outcome = _outcome(runner, each, cases)
            totals.add(outcome)
            report.outcome(outcome)
    report.end(totals)


def _outcome(runner: Runner, each: Target, cases: list[Case]) -> Outcome:
    reason = each.reason
    if each.algorithm is not None:
        try:
            return runner.run(each.algorithm, cases, each.asked)
        except PolicyError as error:
            reason = NEEDS_ADMIN if each.alg_class is AlgClass.RNG else error.strerror or ""
        except AlgorithmNotFound as error:
            reason = error.strerror or ""
    outcome = Outcome(each.name, each.driver, each.alg_class)
    outcome.skip(reason, len(cases))
    return outcome


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)
