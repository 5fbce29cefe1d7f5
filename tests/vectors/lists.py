# SPDX-License-Identifier: MIT
"""Readers of vectors in a form that only one publisher uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Block:
    """One block through a block cipher."""

    ident: str
    key: bytes
    plain: bytes
    cipher: bytes


def read_camellia(path: Path) -> Iterator[Block]:
    """NTT's list: a key ``K No.001 : …`` and behind it pairs ``P No.001 : …``, ``C No.001 : …``."""
    key = plain = b""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r"([KPC]) No\.\d+ : (.*)", line)
        if not match:
            continue
        value = bytes.fromhex(match[2])
        if match[1] == "K":
            key = value
        elif match[1] == "P":
            plain = value
        else:
            yield Block(f"{path.name}:{number}", key, plain, value)


@dataclass(frozen=True, slots=True)
class Digest:
    """One message and its (keyed) digest."""

    ident: str
    key: bytes
    message: bytes
    digest: bytes


def read_blake2(path: Path) -> Iterator[Digest]:
    """The list of blake2.net: ``in:``, ``key:`` and ``hash:`` for each message.

    The list ends with ``ok``, without a line of its own.
    """
    fields: dict[str, bytes] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        name, colon, value = line.partition(":")
        if not colon or name not in ("in", "key", "hash"):
            continue
        fields[name] = bytes.fromhex(value.removesuffix("ok"))
        if name == "hash":
            yield Digest(f"{path.name}:{number}", fields["key"], fields["in"], fields["hash"])


def read_blake2_final(path: Path) -> Iterator[tuple[str, int, bytes]]:
    """Lists of the last of a hundred digests, each of all those before it.

    Yields:
        identification, number of the line among those with a digest from 1 (the length of the
        digest or of the key), digest.
    """
    count = 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r"digest(?:\(\d+\))?: ([0-9a-f]+)", line)
        if match:
            count += 1
            yield f"{path.name}:{number}", count, bytes.fromhex(match[1])
