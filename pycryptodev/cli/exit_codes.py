# SPDX-License-Identifier: MIT
"""What the exit status of `cryptodev` means, and the errors that carry one."""

from __future__ import annotations

import enum


class ExitCode(enum.IntEnum):
    """Exit status of the command; a signal N that ended it gives 128 + N, as in a shell."""

    meaning: str
    """One line for the help and the manual."""

    def __new__(cls, code: int, meaning: str) -> ExitCode:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "done"
    MISMATCH = (
        1,
        "wrong tag, key, padding, checksum or signature; damaged data; a failed self-test",
    )
    USAGE = 2, "the command line or the key cannot be used as given"
    DEVICE = 3, "no device, no permission to use it, or it failed"
    ALGORITHM = 4, "no such algorithm, refused by policy, or not able to do this"
    IO = 5, "a file cannot be read or written, or exists already"
    HANGUP = 129, "ended by SIGHUP"
    INTERRUPTED = 130, "ended by SIGINT"
    BROKEN_PIPE = 141, "the reader of the output went away"
    TERMINATED = 143, "ended by SIGTERM"


class CommandError(Exception):
    """Ends the command with one line on standard error.

    Args:
        message: what is wrong, without a full stop.
        hint: the command or option that helps, if there is one.
    """

    code: ExitCode

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(CommandError):
    """The command line asks for something that cannot be done."""

    code = ExitCode.USAGE


class DataError(CommandError):
    """The input is not what it should be: padding, length."""

    code = ExitCode.MISMATCH


class AlgorithmError(CommandError):
    """The algorithm cannot do what was asked."""

    code = ExitCode.ALGORITHM


class FileError(CommandError):
    """A file stands in the way."""

    code = ExitCode.IO


class Ended(BaseException):
    """A signal asked the command to end.

    Not an `Exception`, so that nothing but the clean-up comes in its way.
    """

    def __init__(self, code: ExitCode) -> None:
        super().__init__(code)
        self.code = code
