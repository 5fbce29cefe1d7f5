# SPDX-License-Identifier: MIT
"""Digests of files: what `hash` prints, and `sign` and `verify` work on."""

from __future__ import annotations

import argparse

from .. import Hash, new
from .files import open_input
from .verbs import algorithm_name

_PIECE_BYTES = 256 << 10


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the hash of a signature."""
    parser.add_argument(
        "--hash",
        metavar="NAME",
        type=algorithm_name,
        help="hash of the signature (default: sha256; for ECDSA and EC-RDSA the one of the key)",
    )


def digest(file: str, name: str, path: str) -> bytes:
    """Return the digest of a file, or of standard input for `-`.

    Args:
        file: its name.
        name: of the hash.
        path: node of the device.
    """
    with new(name, path=path) as stream:
        return feed(file, stream)


def feed(file: str, stream: Hash) -> bytes:
    """Hash a file, or standard input for `-`, with a hash object; return the digest."""
    buffer = memoryview(bytearray(_PIECE_BYTES))
    with open_input(file) as source:
        while got := source.readinto(buffer):
            stream.update(buffer[:got])
    return stream.digest()
