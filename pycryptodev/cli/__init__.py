# SPDX-License-Identifier: MIT
"""The command `cryptodev`; docs/command.md is its manual."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

from .. import errors
from ..container import ContainerError, UnsupportedAlgorithm, WrongKeyLength
from ..framing import FramingError, Unsupported
from . import (
    compress,
    dec,
    decompress,
    derive,
    enc,
    hash_,
    info,
    list_,
    prefer,
    rand,
    selftest,
    sign,
    verify,
)
from .exit_codes import CommandError, Ended, ExitCode
from .messages import PROGRAM, complain, describe, drop
from .verbs import Verbs

__all__ = ["build_parser", "main"]

_CODES: dict[type[Exception], ExitCode] = {
    errors.InvalidTag: ExitCode.MISMATCH,
    errors.InvalidSignature: ExitCode.MISMATCH,
    errors.CorruptInput: ExitCode.MISMATCH,
    errors.NoKey: ExitCode.USAGE,
    errors.KeyExpired: ExitCode.USAGE,
    errors.KeyRevoked: ExitCode.USAGE,
    errors.KeyRejected: ExitCode.USAGE,
    errors.KeyForbidden: ExitCode.USAGE,
    errors.PolicyError: ExitCode.ALGORITHM,
    errors.AlgorithmNotFound: ExitCode.ALGORITHM,
    errors.AmbiguousName: ExitCode.ALGORITHM,
    errors.NotSupported: ExitCode.ALGORITHM,
    errors.InvalidRequest: ExitCode.ALGORITHM,
    errors.CryptoDevError: ExitCode.DEVICE,
    WrongKeyLength: ExitCode.USAGE,
    UnsupportedAlgorithm: ExitCode.ALGORITHM,
    ContainerError: ExitCode.MISMATCH,
    Unsupported: ExitCode.ALGORITHM,
    FramingError: ExitCode.MISMATCH,
    OSError: ExitCode.IO,
}
"""The first base class of an error that is in the table decides."""

_VERBS = (
    list_,
    info,
    prefer,
    enc,
    dec,
    hash_,
    compress,
    decompress,
    sign,
    verify,
    derive,
    rand,
    selftest,
)

_ENDING_SIGNALS = {
    signal.SIGHUP: ExitCode.HANGUP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}


class _Version(argparse.Action):
    """`--version`; what it says is looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **kwargs)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(PROGRAM, version("pycryptodev"))
        parser.exit()


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="The kernel's crypto API, through /dev/crypto.",
        epilog="exit status:\n"
        + "".join(f"  {int(code):>3}  {code.meaning}\n" for code in ExitCode),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action=_Version, default=argparse.SUPPRESS, help="print the version and exit"
    )
    verbs = Verbs(parser)
    for verb in _VERBS:
        verb.add_parser(verbs)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: arguments without the program's name; None = those of the process.

    Returns:
        The exit status, an :class:`ExitCode`.
    """
    _occupy_standard_descriptors()
    try:
        with _signals_end_the_command():
            code = _run(argv)
            sys.stdout.flush()
            return code
    except Ended as ended:
        return ended.code
    except BrokenPipeError:
        drop(sys.stdout)
        return ExitCode.BROKEN_PIPE
    except OSError as error:
        error.filename = "standard output"
        complain(describe(error))
        drop(sys.stdout)
        return ExitCode.IO


def _run(argv: Sequence[str] | None) -> ExitCode:
    try:
        arguments = build_parser().parse_args(argv)
        code: ExitCode = arguments.run(arguments)
        return code
    except SystemExit as done:
        # How argparse ends after the help, or a wrong command line.
        return ExitCode.USAGE if done.code else ExitCode.OK
    except BrokenPipeError:
        raise
    except CommandError as error:
        complain(str(error), error.hint)
        return error.code
    except (OSError, ValueError) as error:
        return _failure(error)


def _failure(error: OSError | ValueError) -> ExitCode:
    code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), None)
    if code is None:
        raise error
    complain(describe(error), getattr(error, "hint", ""))
    return code


@contextmanager
def _signals_end_the_command() -> Iterator[None]:
    """Turn the signals that ask for an end into an exception, so that nothing is left behind."""

    def end(number: int, frame: FrameType | None) -> None:
        for each in previous:
            signal.signal(each, signal.SIG_IGN)
        raise Ended(_ENDING_SIGNALS[signal.Signals(number)])

    previous = {
        number: signal.getsignal(number)
        for number in _ENDING_SIGNALS
        # Whoever started the command may have asked it to go on, as nohup does.
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        for number in previous:
            signal.signal(number, end)
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _occupy_standard_descriptors() -> None:
    """Keep a file from getting the number of a standard stream that was closed.

    What stands there instead fails, as the closed one would have.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", closefd=False)
    if sys.stderr is None:
        # Messages must not go to the output instead, and may be lost.
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
