# SPDX-License-Identifier: MIT
"""A test as Project Wycheproof's files have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .model import Case, LeftOut

NO_ALGORITHM = "the kernel does not have the algorithm"
ACCEPTABLE = "implementations may differ"


@dataclass(frozen=True, slots=True)
class Entry:
    """One test of a file."""

    ident: str
    group: dict[str, Any]
    test: dict[str, Any]

    @property
    def valid(self) -> bool:
        """An implementation must accept it."""
        return bool(self.test["result"] == "valid")

    def octets(self, name: str) -> bytes:
        """Value of a field, from hexadecimal."""
        return bytes.fromhex(self.test[name])

    def has_flag(self, *flags: str) -> bool:
        """It is of one of these kinds."""
        return not set(flags).isdisjoint(self.test.get("flags", ()))


Mapping = Callable[[Entry, str], "Case | LeftOut"]
"""Makes a case of a test, for a generic name."""
