# SPDX-License-Identifier: MIT
"""Keys of the asymmetric algorithms: PEM or DER, from a file or a descriptor."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

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


def load(arguments: argparse.Namespace, take: Callable[[bytes], Key]) -> Key:
    """Load the key that the options name; see load_file()."""
    if arguments.key_fd is not None:
        return _take(arguments.key_fd, f"descriptor {arguments.key_fd}", take)
    return load_file(arguments.key_file, take)


def load_file(name: str, take: Callable[[bytes], Key]) -> Key:
    """Load a key.

    Args:
        name: of the file.
        take: makes the key of what is in it: a function of library().

    Raises:
        UsageError: it is no such key.
        OSError: it cannot be read.
    """
    return _take(name, name, take)


def _take(source: str | int, where: str, take: Callable[[bytes], Key]) -> Key:
    keys = library()
    data = read_source(source, where)
    try:
        return take(data)
    except keys.EncryptedKey as error:
        raise UsageError(f"{where}: {error}", hint="openssl pkey, which decrypts it") from None
    except keys.KeyFileError as error:
        raise UsageError(f"{where}: {error}") from None
