# SPDX-License-Identifier: MIT
"""Reader of the JSON files of Project Wycheproof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One test of a file.

    Args:
        ident: file name and number of the test.
        group: values that the tests of a group have in common.
        test: values of the test.
    """

    ident: str
    group: dict[str, Any]
    test: dict[str, Any]

    @property
    def valid(self) -> bool:
        """Whether an implementation must accept it."""
        return bool(self.test["result"] == "valid")

    def octets(self, name: str) -> bytes:
        """Value of a field, from hexadecimal."""
        return bytes.fromhex(self.test[name])

    def has_flag(self, flag: str) -> bool:
        """Whether the test is of a certain kind."""
        return flag in self.test.get("flags", ())


def read(path: Path) -> Iterator[Entry]:
    """Read the tests of a file.

    Raises:
        ValueError: the file holds another number of tests than it says.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    count = 0
    for group in content["testGroups"]:
        common = {name: value for name, value in group.items() if name != "tests"}
        for test in group["tests"]:
            count += 1
            yield Entry(f"{path.name}:{test['tcId']}", common, test)
    if count != content["numberOfTests"]:
        raise ValueError(f"{path.name}: {count} tests, not {content['numberOfTests']}")
