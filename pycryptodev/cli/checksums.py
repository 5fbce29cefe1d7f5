# SPDX-License-Identifier: MIT
"""Lists of checksums as coreutils' sha256sum writes and reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_UNESCAPES = {escape: plain for plain, escape in _ESCAPES.items()}


def escaped(name: bytes) -> bytes:
    """A file name on one line: backslash, newline and carriage return as `\\\\`, `\\n`, `\\r`."""
    return re.sub(rb"[\\\n\r]", lambda found: _ESCAPES[found.group()], name)


def unescaped(name: bytes) -> bytes | None:
    """Undo `escaped`; None for what it does not write."""
    if not re.fullmatch(rb"(?:[^\\]|\\[\\nr])*", name, re.DOTALL):
        return None
    return re.sub(rb"\\.", lambda found: _UNESCAPES[found.group()], name, flags=re.DOTALL)


def tag_of(algorithm: str) -> bytes:
    """What stands for an algorithm in a `--tag` line, e.g. SHA256 for `sha256`."""
    return algorithm.upper().encode()


def line(digest: bytes, name: bytes, *, tag: bytes | None = None, zero: bool = False) -> bytes:
    """One line of a list, with its end.

    Args:
        digest: the digest itself.
        name: the file's name as the system has it.
        tag: of the algorithm, for a line that names it.
        zero: end the line with NUL and leave the name as it is.
    """
    shown = name if zero else escaped(name)
    mark = b"\\" if shown != name else b""
    digits = digest.hex().encode()
    end = b"\0" if zero else b"\n"
    if tag is not None:
        return b"%s%s (%s) = %s%s" % (mark, tag, shown, digits, end)
    return b"%s%s  %s%s" % (mark, digits, shown, end)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file and the digest that it should have."""

    digest: bytes
    name: bytes


class ListReader:
    """Takes lists apart.

    Args:
        tag: of the algorithm; lines that name another are not understood.
        digest_bytes: length of the digest.
    """

    def __init__(self, tag: bytes, digest_bytes: int) -> None:
        digits = b"(?P<digits>[0-9a-fA-F]{%d})" % (2 * digest_bytes)
        self._plain = re.compile(digits + rb"[ \t](?P<rest>.+)", re.DOTALL)
        self._tagged = re.compile(
            re.escape(tag) + rb" ?\((?P<name>.*)\)[ \t]*=[ \t]*" + digits, re.DOTALL
        )
        # A list without the character that tells text from binary. A name may begin with that
        # character, so the first line decides, and none may differ from it.
        self._reversed: bool | None = None

    def read(self, text: bytes) -> Entry | None:
        """Understand a line.

        Args:
            text: the line without its end.

        Returns:
            the entry; None if the line has not the format of a list.
        """
        if b"\0" in text:
            return None
        text = text.lstrip(b" \t")
        marked = text.startswith(b"\\")
        text = text[marked:]
        if found := self._tagged.fullmatch(text):
            name = found["name"]
        elif found := self._plain.fullmatch(text):
            name = self._plain_name(found["rest"])
        else:
            return None
        if name is not None and marked:
            name = unescaped(name)
        return Entry(bytes.fromhex(found["digits"].decode()), name) if name else None

    def _plain_name(self, rest: bytes) -> bytes | None:
        if len(rest) == 1 or rest[:1] not in (b" ", b"*"):
            if self._reversed is False:
                return None
            self._reversed = True
        elif not self._reversed:
            self._reversed = False
            return rest[1:]
        return rest
