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


def read_rsa(path: Path, last: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """RSA's own lists: ``# Name:`` and below it the value, of keys and of the vectors behind them.

    Args:
        path: the file.
        last: name of the value that ends a vector, in lower case.

    Yields:
        identification, and all values so far by their names in lower case. The private key stands
        behind the public one, so ``exponent`` is that of the private key.
    """
    values: dict[str, bytes] = {}
    name = ident = ""
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), "#"], 1):
        if line.startswith("#"):
            if name == last:
                yield ident, dict(values)
            name, ident = line.strip("#: ").lower(), f"{path.name}:{number}"
            values[name] = b""
        elif name and line.strip():
            values[name] += bytes.fromhex(line)


def read_evp(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """OpenSSL's stanzas ``Name = value`` with empty lines between, and keys in PEM among them.

    Yields:
        identification and the values of a stanza; a key's name is in the first of them, and the
        text of the key under ``pem``.
    """
    values: dict[str, str] = {}
    ident = ""
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        name, equals, value = line.partition("=")
        if line.startswith("#"):
            continue
        if not line:
            if values:
                yield ident, values
            values = {}
        elif "pem" in values or line.startswith("-----BEGIN"):
            values["pem"] = values.get("pem", "") + line + "\n"
        elif equals:
            ident = ident if values else f"{path.name}:{number}"
            values[name.strip()] = value.strip()
