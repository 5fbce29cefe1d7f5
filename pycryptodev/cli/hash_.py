# SPDX-License-Identifier: MIT
"""`cryptodev hash`: checksums, in the format and with the checks of coreutils' sha256sum."""

from __future__ import annotations

import argparse
import os
import sys

from .. import AlgClass, CryptoDevError, Hash, InvalidRequest, query
from . import digests, keys
from .check import Check, Options, Report
from .checksums import line, tag_of
from .exit_codes import ExitCode, UsageError
from .files import STDIO
from .messages import complain, describe
from .verbs import Verbs, algorithm_name


def add_parser(verbs: Verbs) -> None:
    """Add the verb to the command line."""
    parser = verbs.add(
        "hash",
        run,
        help="checksums of files, as sha256sum has them",
        description="Prints checksums or, with -c, reads them from the files and checks them.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="- or nothing: standard input")
    parser.add_argument(
        "-a",
        "--algorithm",
        metavar="NAME",
        type=algorithm_name,
        default="sha256",
        help="hash or keyed hash (default: %(default)s)",
    )
    parser.add_argument("--tag", action="store_true", help="print lines that name the algorithm")
    parser.add_argument(
        "-z", "--zero", action="store_true", help="end lines with NUL and escape no file names"
    )
    parser.add_argument("-c", "--check", action="store_true", help="check the sums in the files")
    checks = parser.add_argument_group("only with -c")
    checks.add_argument(
        "--ignore-missing", action="store_true", help="say nothing of files that do not exist"
    )
    checks.add_argument("--strict", action="store_true", help="fail on lines that are no checksum")
    for report, flags, text in (
        (Report.QUIET, ["--quiet"], "print no OK"),
        (Report.STATUS, ["--status"], "print nothing: see the exit status"),
        (Report.WARN, ["-w", "--warn"], "point out lines that are no checksum"),
    ):
        checks.add_argument(
            *flags,
            action="store_const",
            dest="report",
            default=Report.ALL,
            const=report,
            help=text,
        )
    keys.add_arguments(parser, required=False)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Print or check."""
    _refuse_contradictions(arguments)
    hasher = _Hasher(arguments.algorithm, keys.read_key(arguments), arguments.device)
    files: list[str] = arguments.files or [STDIO]
    if not arguments.check:
        return _print(hasher, files, arguments)
    options = Options(
        report=arguments.report, strict=arguments.strict, ignore_missing=arguments.ignore_missing
    )
    check = Check(hasher.digest, tag_of(hasher.name), hasher.digest_bytes, options)
    good = [check.run(name) for name in files]
    return ExitCode.OK if all(good) else ExitCode.MISMATCH


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    if arguments.check and (arguments.tag or arguments.zero):
        raise UsageError("--tag and --zero are for printing checksums, not for checking them")
    checking = arguments.strict or arguments.ignore_missing or arguments.report is not Report.ALL
    if checking and not arguments.check:
        raise UsageError("--strict, --ignore-missing, --quiet, --status and --warn go with --check")


class _Hasher:
    """Hashes files with one algorithm and key."""

    def __init__(self, name: str, key: bytes, path: str) -> None:
        algorithm = query(name, AlgClass.HASH, path=path)
        self.name = algorithm.name
        self.digest_bytes = algorithm.digest_bytes
        self._asked_for = name
        self._key = key
        self._path = path
        # Tells before the first file whether the key fits.
        self._start().close()

    def digest(self, file: str) -> bytes:
        """The digest of a file, or of standard input for `-`."""
        with self._start() as stream:
            return digests.feed(file, stream)

    def _start(self) -> Hash:
        try:
            return Hash(self._asked_for, key=self._key, path=self._path)
        except InvalidRequest:
            raise UsageError(f"{self.name} takes no key of {len(self._key)} bytes") from None


def _print(hasher: _Hasher, files: list[str], arguments: argparse.Namespace) -> ExitCode:
    tag = tag_of(hasher.name) if arguments.tag else None
    code = ExitCode.OK
    for file in files:
        try:
            digest = hasher.digest(file)
        except CryptoDevError:
            raise
        except OSError as error:
            complain(describe(error))
            code = ExitCode.IO
            continue
        name = os.fsencode(file)
        sys.stdout.buffer.write(line(digest, name, tag=tag, zero=arguments.zero))
    return code
