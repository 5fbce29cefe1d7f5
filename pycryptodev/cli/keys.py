# SPDX-License-Identifier: MIT
"""Keys: from a file, a descriptor or the environment, never from the command line."""

from __future__ import annotations

import argparse
import binascii
import os
import re

from ..info import Algorithm
from .exit_codes import UsageError
from .files import named

MAX_SOURCE_BYTES = 65536
"""More than any key: what is longer is no key, and may have no end."""


def add_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add the options that say where the key is."""
    group = parser.add_argument_group(
        "key", "A key is never an argument: every user of the machine could read it there."
    )
    source = group.add_mutually_exclusive_group(required=required)
    source.add_argument("--key-file", metavar="FILE", help="read the key from a file")
    source.add_argument(
        "--key-fd", metavar="N", type=descriptor, help="read the key from an open descriptor"
    )
    source.add_argument(
        "--key-env", metavar="VAR", help="take the key, in hexadecimal, from the environment"
    )
    group.add_argument(
        "--key-format",
        choices=("raw", "hex"),
        default="raw",
        help="how --key-file and --key-fd hold the key: the bytes themselves, all of them "
        "(default), or hexadecimal digits with any white space",
    )


def read_key(arguments: argparse.Namespace) -> bytes:
    """Read the key that the options name.

    Returns:
        the key's bytes; empty if no option names one.

    Raises:
        UsageError: there is no key there, or none in the format that was given.
        OSError: it cannot be read.
    """
    form = arguments.key_format
    if arguments.key_file is not None:
        where = arguments.key_file
        data = read_source(where, where)
    elif arguments.key_fd is not None:
        where = f"descriptor {arguments.key_fd}"
        data = read_source(arguments.key_fd, where)
    elif arguments.key_env is not None:
        where, form = f"variable {arguments.key_env}", "hex"
        data = os.environb.get(os.fsencode(arguments.key_env), b"")
    else:
        return b""
    key = data if form == "raw" else _from_hex(data, where)
    if not key:
        raise UsageError(f"{where}: there is no key")
    return key


def check_length(algorithm: Algorithm, key: bytes) -> None:
    """Refuse a key that a cipher does not take, and say which it does.

    Raises:
        UsageError: the key has another length.
    """
    least, most = algorithm.key_min_bytes, algorithm.key_max_bytes
    if not most:
        return
    step = 1
    if re.search(r"\baes\b", algorithm.name):
        # The crypto API tells no more than the ends of the range, and AES has three keys in it.
        step = 16 if algorithm.name.startswith("xts(") else 8
    lengths = range(least, most + 1, step)
    if len(key) not in lengths:
        raise UsageError(
            f"{algorithm.name} takes a key of {_lengths(lengths)} bytes, not {len(key)}"
        )


def _lengths(lengths: range) -> str:
    if lengths.step == 1 and len(lengths) > 1:
        return f"{lengths[0]} to {lengths[-1]}"
    return " or ".join(map(str, lengths))


def descriptor(text: str) -> int:
    """Take the number of an open file from the command line."""
    if not text.isascii() or not text.isdigit() or int(text) >= 1 << 31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a file descriptor")
    return int(text)


def read_source(file: str | int, name: str) -> bytes:
    """Read a key, or what is as short.

    Args:
        file: a path or a descriptor.
        name: what the user knows it by.

    Raises:
        UsageError: it is longer than any key.
        OSError: it cannot be read.
    """
    data = read_some(file, name)
    if len(data) > MAX_SOURCE_BYTES:
        raise UsageError(f"{name}: more than {MAX_SOURCE_BYTES} bytes are no key")
    return data


def read_some(file: str | int, name: str) -> bytes:
    """Read no more than tells that it is longer than any key; see read_source()."""
    with named(name), open(file, "rb", closefd=isinstance(file, str)) as source:
        return source.read(MAX_SOURCE_BYTES + 1)


def _from_hex(digits: bytes, where: str) -> bytes:
    try:
        return binascii.unhexlify(b"".join(digits.split()))
    except binascii.Error:
        # Says nothing about the digits: they are the key.
        raise UsageError(f"{where}: not hexadecimal, or an odd number of digits") from None
