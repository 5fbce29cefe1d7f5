# SPDX-License-Identifier: MIT
"""Reader of the form in which NIST's CAVP publishes vectors.

Lines ``name = value``, sections ``[name = value, …]`` or ``[ENCRYPT]``, comments with ``#``. A
vector begins with its number or length; what stands between a section and the first vector
behind it belongs to all vectors of the section. Many vectors that are not NIST's are kept in
this form too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Entry:
    """One vector as it stands in the file.

    Names are in lower case. A name that occurs more than once keeps all its values.
    """

    ident: str
    common: dict[str, str]
    fields: dict[str, list[str]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.fields or name in self.common

    def text(self, name: str) -> str:
        """Value of a field, or else of what the vectors of the section have in common.

        Raises:
            KeyError: there is none.
        """
        values = self.fields.get(name)
        return values[-1] if values else self.common[name]

    def number(self, name: str) -> int:
        """Value of a field as a decimal number."""
        return int(self.text(name))

    def octets(self, *names: str) -> bytes:
        """Value of the first of these fields that there is, from hexadecimal."""
        for name in names:
            if name in self:
                return bytes.fromhex(self.text(name))
        raise KeyError(f"{self.ident}: none of {names}")

    def all_octets(self, name: str) -> list[bytes]:
        """All values of a field that may occur more than once."""
        return [bytes.fromhex(value) for value in self.fields[name]]


def read(path: Path, begin: str = "count", common_from: str = "") -> Iterator[Entry]:
    """Read the vectors of a file.

    Args:
        path: the file.
        begin: name of the field that begins a vector, in lower case.
        common_from: name of a field that ends a vector inside a section: from it to the next vector
            fields belong to all that follow.

    Yields:
        the vectors in their order, identified by file name and line number.
    """
    common: dict[str, str] = {}
    entry: Entry | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if entry is not None:
                yield entry
            entry = None
            common = dict(common)
            unnamed = []
            for item in line.strip("[]").split(","):
                name, equals, value = item.partition("=")
                if equals:
                    common[name.strip().lower()] = value.strip()
                else:
                    unnamed.append(item.strip())
            if unnamed:
                common["section"] = ",".join(unnamed)
            continue
        name, _, value = line.partition("=")
        name = name.strip().lower()
        if name == common_from:
            if entry is not None:
                yield entry
            entry = None
            common = dict(common)
        if name == begin:
            if entry is not None:
                yield entry
            entry = Entry(f"{path.name}:{number}", common)
        if entry is None:
            common[name] = value.strip()
        else:
            entry.fields.setdefault(name, []).append(value.strip())
    if entry is not None:
        yield entry
