# SPDX-License-Identifier: MIT
"""Keys of the asymmetric algorithms: PEM or DER, from a file or a descriptor."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, TypeVar

from .. import InvalidRequest
from .exit_codes import UsageError
from .keys import descriptor, read_source

Key = TypeVar("Key")


def add_arguments(parser: argparse.ArgumentParser, *, help: str) -> Any:
    """Add the options that say where the key is; returns their group for alternatives."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--key-file", metavar="FILE", help=help)
    source.add_argument(
        "--key-fd", metavar="N", type=descriptor, help="read it from an open descriptor"
    )
    return source


def serial(text: str) -> int:
    """Take the serial number of a key of the keyring from the command line."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 31:
        raise argparse.ArgumentTypeError(f"{text!r} is not the serial number of a key")
    return int(text)


def library() -> ModuleType:
    """Return pycryptodev.keys.

    Raises:
        UsageError: what it needs is not installed.
    """
    try:
        from .. import keys
    except ModuleNotFoundError as error:
        message, _, hint = str(error).partition("; try: ")
        raise UsageError(message, hint=hint) from None
    return keys


def read(arguments: argparse.Namespace) -> tuple[bytes, str]:
    """Read the key that the options name; return it and what the user knows it by.

    Raises:
        UsageError: it is longer than any key.
        OSError: it cannot be read.
    """
    if arguments.key_fd is not None:
        where = f"descriptor {arguments.key_fd}"
        return read_source(arguments.key_fd, where), where
    return read_source(arguments.key_file, arguments.key_file), arguments.key_file


def load(arguments: argparse.Namespace, take: Callable[[bytes], Key]) -> tuple[Key, str]:
    """Load the key that the options name, see load_file(); return it as read() does."""
    data, where = read(arguments)
    return _take(data, where, take), where


@contextmanager
def accepted(where: str, what: str) -> Iterator[None]:
    """Say which key it is that the kernel does not take.

    Args:
        where: what the user knows it by.
        what: what it should be.

    Raises:
        UsageError: the block raised InvalidRequest.
    """
    try:
        yield
    except InvalidRequest:
        raise UsageError(f"{where}: no {what} that the kernel takes") from None


def load_file(name: str, take: Callable[[bytes], Key]) -> Key:
    """Load a key.

    Args:
        name: of the file.
        take: makes the key of what is in it: a function of library().

    Raises:
        UsageError: it is no such key.
        OSError: it cannot be read.
    """
    return _take(read_source(name, name), name, take)


def _take(data: bytes, where: str, take: Callable[[bytes], Key]) -> Key:
    keys = library()
    try:
        return take(data)
    except keys.EncryptedKey as error:
        raise UsageError(f"{where}: {error}", hint="openssl pkey, which decrypts it") from None
    except keys.KeyFileError as error:
        raise UsageError(f"{where}: {error}") from None
