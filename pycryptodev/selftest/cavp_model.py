# SPDX-License-Identifier: MIT
"""A vector as CAVP's files have it, and the reader of their form.

Lines ``name = value``, sections ``[name = value, …]`` or ``[ENCRYPT]``, comments with ``#``. A
vector begins with its number or length; what stands between a section and the first vector behind
it belongs to all vectors of the section.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .model import Case, LeftOut


@dataclass(slots=True)
class Entry:
    """One vector as it stands in the file, names in lower case."""

    ident: str
    common: dict[str, str]
    fields: dict[str, list[str]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.fields or name in self.common

    def text(self, name: str) -> str:
        """Value of a field, or else of what the vectors of the section have in common."""
        values = self.fields.get(name)
        return self.common[name] if values is None else values[-1]

    def number(self, name: str) -> int:
        """Value of a field as a decimal number."""
        return int(self.text(name))

    def octets(self, name: str) -> bytes:
        """Value of a field, from hexadecimal."""
        return bytes.fromhex(self.text(name))

    def all_octets(self, name: str) -> list[bytes]:
        """Values of a field that a vector has more than once, from hexadecimal."""
        return [bytes.fromhex(value) for value in self.fields.get(name, ())]


def read(path: Path) -> Iterator[Entry]:
    """Read the vectors of a file, each with file and line as its ident."""
    common: dict[str, str] = {}
    entry: Entry | None = None
    text = path.read_text(encoding="utf-8", errors="replace")
    begins = ("count", "len") if re.search(r"^count\s*=", text, re.I | re.M) is None else ("count",)
    for number, line in enumerate(text.split("\n"), 1):
        name, equals, value = line.partition("=")
        name = name.strip().lower()
        if not name or name[0] == "#":
            continue
        if name[0] == "[":
            if entry is not None:
                yield entry
            entry = None
            common = dict(common)
            for item in line.strip().strip("[]").split(","):
                key, equals, value = item.partition("=")
                if equals:
                    common[key.strip().lower()] = value.strip()
                else:
                    common["section"] = key.strip()
            continue
        if name in begins:
            if entry is not None:
                yield entry
            entry = Entry(f"{path.name}:{number}", common)
        if entry is None:
            common[name] = value.strip()
        else:
            entry.fields.setdefault(name, []).append(value.strip())
    if entry is not None:
        yield entry


Mapping = Callable[[Entry, str], "Case | LeftOut"]
"""Makes a case of a vector, for a generic name."""
