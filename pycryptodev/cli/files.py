# SPDX-License-Identifier: MIT
"""What the command reads and writes: files, pipes and the standard streams, as bytes."""

from __future__ import annotations

import argparse
import errno
import io
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .exit_codes import FileError
from .progress import progress

STDIO = "-"

Write = Callable[[bytes | memoryview], None]
"""Writes all of it, or raises."""


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a verb that turns one file into another."""
    parser.add_argument("file", nargs="?", default=STDIO, help="input (default: standard input)")
    add_output_arguments(parser)


def add_output_arguments(parser: argparse.ArgumentParser, what: str = "the output") -> None:
    """Add the options that say where a result goes, and whether it may take the place of others.

    Args:
        parser: the verb's.
        what: what may be overwritten.
    """
    parser.add_argument(
        "-o", "--output", metavar="FILE", default=STDIO, help="output (default: standard output)"
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help=f"overwrite {what}; write to a terminal"
    )


class Input:
    """An open file that is read in order, names itself in its errors and shows its progress."""

    def __init__(self, file: io.FileIO, name: str, advance: Callable[[int], object]) -> None:
        self._file = file
        self._name = name
        self._advance = advance

    def readinto(self, buffer: memoryview, /) -> int:
        """Read once; returns the bytes read, 0 at the end."""
        with named(self._name):
            got: int | None = self._file.readinto(buffer)
        if got is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), self._name)
        self._advance(got)
        return got

    def read(self) -> bytes:
        """Read everything, which is to be little."""
        buffer = memoryview(bytearray(65536))
        parts = []
        while got := self.readinto(buffer):
            parts.append(bytes(buffer[:got]))
        return b"".join(parts)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Give the errors of the block the name that the user knows the file by."""
    try:
        yield
    except OSError as error:
        error.filename = name
        raise


@contextmanager
def open_input(name: str) -> Iterator[Input]:
    """Open a file, or standard input for `-`."""
    label = "standard input" if name == STDIO else name
    with _open(0 if name == STDIO else name, "rb", label) as file:
        status = os.fstat(file.fileno())
        total = status.st_size if stat.S_ISREG(status.st_mode) else None
        with progress(total, label) as advance:
            yield Input(file, label, advance)


@contextmanager
def open_output(name: str, *, force: bool, binary: bool) -> Iterator[Write]:
    """Open the place of a result.

    A regular file appears under its name when the block ends without an exception, and not at all
    otherwise. Standard output, pipes and devices are written to as the data come.

    Args:
        name: a path, or `-` for standard output.
        force: overwrite a file; write to a terminal.
        binary: the data are nothing for a terminal.

    Raises:
        FileError: the file exists, or standard output is a terminal, and `force` is not set.
    """
    if name == STDIO:
        with _open(1, "wb", "standard output") as file:
            if binary and not force and file.isatty():
                raise FileError(
                    "binary data would go to the terminal", hint="use -o FILE, a pipe, or -f"
                )
            yield _writer(file, "standard output")
        return
    # By its name: what /dev/fd/N leads to may have no path.
    if Path(name).exists() and not Path(name).is_file():
        with _open(name, "wb", name) as file:
            yield _writer(file, name)
        return
    # What a symbolic link leads to is replaced, and not the link.
    target = Path(os.path.realpath(name))
    _refuse_existing(target, name, force)
    temporary = target.with_name(f".cryptodev-{secrets.token_hex(8)}.part")
    replaced = _permissions(target)
    try:
        with _open(str(temporary), "xb", name, replaced) as file:
            if replaced is not None:
                # With what the umask took.
                os.fchmod(file.fileno(), replaced)
            yield _writer(file, name)
            with named(name):
                os.fsync(file.fileno())
        _refuse_existing(target, name, force)
        with named(name):
            temporary.replace(target)
    finally:
        # Gone by now, unless something went wrong, which is then what is reported.
        with suppress(OSError):
            temporary.unlink()
    # The rename is atomic without it, and not every directory can be opened or synced.
    with suppress(OSError):
        _sync_directory(target.parent)


def _open(file: str | int, mode: str, label: str, permissions: int | None = None) -> io.FileIO:
    """Open a file; one that is made has these permissions, less those that the umask takes."""

    def opener(path: str, flags: int) -> int:
        return os.open(path, flags, 0o666 if permissions is None else permissions)

    with named(label):
        return io.FileIO(file, mode, closefd=isinstance(file, str), opener=opener)


def _permissions(target: Path) -> int | None:
    """Return those of a file that is replaced, which stays as private as it was."""
    try:
        return target.stat().st_mode & 0o777
    except FileNotFoundError:
        return None


def _refuse_existing(target: Path, name: str, force: bool) -> None:
    if not force and target.exists():
        raise FileError(f"{name} exists", hint="-f overwrites it")


def _writer(file: io.FileIO, name: str) -> Write:
    def write(data: bytes | memoryview) -> None:
        rest = memoryview(data)
        with named(name):
            while rest:
                rest = rest[os.write(file.fileno(), rest) :]

    return write


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
