# SPDX-License-Identifier: MIT
"""Pack the published vectors of the installed packages into one file for the runner.

    python -m tests.vectors.pack             write build/vectors, check against expected.json
    python -m tests.vectors.pack --update    and make expected.json say what there is

Exit status 1 and the differences, if the numbers are not those of expected.json: fewer cases
would be a loss that nobody notices, more have to be entered.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import importlib.resources
import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.vectors import drbg, packed, sources
from tests.vectors.model import AlgClass, Direction, Expect, Record

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
OUTPUT = HERE.parent.parent / "build" / "vectors"
VECTORS = OUTPUT / "vectors.bin"
# Those that take CAP_SYS_ADMIN.
ROOT_VECTORS = OUTPUT / "root.bin"
COUNTS = OUTPUT / "counts.json"

# An entry of expected.json, or the whole of it.
Counts = dict[str, Any]


@dataclass(slots=True)
class _Source:
    """What became of the vectors of one folder."""

    published: int = 0
    cases: int = 0
    same: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def counts(self) -> Counts:
        return {
            "published": self.published,
            "cases": self.cases,
            "same as another": self.same,
            "left out": dict(sorted(self.left_out.items())),
        }


@dataclass(slots=True)
class _Collection:
    """All records, each once, and the counts of what they came from."""

    records: dict[Record, packed.Packed] = field(default_factory=dict)
    origins: dict[str, _Source] = field(default_factory=dict)
    _seen: dict[tuple[Record, ...], Direction] = field(default_factory=dict)

    def add_file(self, origin: str, path: Path, mapping: sources.Mapping) -> None:
        source = self.origins.setdefault(origin, _Source())
        for vector in mapping(path):
            source.published += 1
            if vector.left_out:
                source.left_out[vector.left_out] += 1
                continue
            # The vector of one direction may be there for the other too: then it is a case of
            # its own, which the record, run in both directions, covers.
            seen = self._seen.get(vector.records, Direction(0))
            if seen & vector.direction:
                source.same += 1
                continue
            self._seen[vector.records] = seen | vector.direction
            source.cases += 1
            for i, record in enumerate(vector.records):
                for name in record.names:
                    named = replace(record, name=name)
                    entry = self.records.setdefault(named, packed.Packed(vector.ident, named, 0))
                    entry.cases += i == 0

    def counts(self, versions: dict[str, str]) -> Counts:
        algorithms: dict[str, Counts] = {}
        for entry in self.records.values():
            record = entry.record
            row = algorithms.setdefault(
                record.name,
                {"class": record.alg_class.name.lower(), "cases": 0, "records": 0, "refused": 0},
            )
            row["cases"] += entry.cases
            row["records"] += 1
            row["refused"] += record.expect is not Expect.SAME
        return {
            "packages": versions,
            "sources": {name: self.origins[name].counts() for name in sorted(self.origins)},
            "algorithms": {name: algorithms[name] for name in sorted(algorithms)},
            "cases": sum(source.cases for source in self.origins.values()),
        }


def collect(versions: dict[str, str]) -> tuple[list[packed.Packed], Counts]:
    """Read the packages.

    Args:
        versions: versions of the installed packages by name.

    Returns:
        the records, and what expected.json has to say about them.
    """
    collection = _Collection()
    for package, (module, _, _) in sources.PACKAGES.items():
        root = Path(str(importlib.resources.files(module)))
        for relative, path, mapping in sources.files(root, package):
            origin = f"{package} {Path(relative).parent.as_posix()}"
            collection.add_file(origin, path, mapping)
    collection.add_file("tests/vectors/nist", drbg.PATH, drbg.vectors)
    return list(collection.records.values()), collection.counts(versions)


def _stamp(versions: dict[str, str]) -> str:
    state = hashlib.sha256(json.dumps(versions, sort_keys=True).encode())
    for path in sorted((*HERE.glob("*.py"), *HERE.glob("*.h"), drbg.PATH)):
        state.update(path.read_bytes())
    return state.hexdigest()


def pack() -> Counts:
    """Bring build/vectors up to date.

    Returns:
        what there is, in the form of expected.json.
    """
    versions = {name: importlib.metadata.version(name) for name in sources.PACKAGES}
    stamp = _stamp(versions)
    if VECTORS.exists() and ROOT_VECTORS.exists() and COUNTS.exists():
        known: Counts = json.loads(COUNTS.read_text(encoding="utf-8"))
        if known["stamp"] == stamp:
            counts: Counts = known["counts"]
            return counts
    print("Packing the published vectors (half a minute, once)", flush=True)
    records, counts = collect(versions)
    for path, root in ((VECTORS, False), (ROOT_VECTORS, True)):
        packed.write(path, [r for r in records if (r.record.alg_class is AlgClass.RNG) == root])
    COUNTS.write_text(json.dumps({"stamp": stamp, "counts": counts}), encoding="utf-8")
    return counts


def differences(wanted: Any, found: Any, where: str = "") -> list[str]:
    """What of the wanted counts is not so, one line each."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        lines = []
        for name in sorted(wanted.keys() | found.keys()):
            place = f"{where}, {name}" if where else str(name)
            lines += differences(wanted.get(name), found.get(name), place)
        return lines
    if wanted == found:
        return []
    return [f"{where}: expected {wanted}, found {found}"]


def expected() -> Counts:
    """The committed expectation, with what it says beside the counts."""
    content: Counts = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return content


def main() -> int:
    """Entry point.

    Returns:
        exit status.
    """
    parser = argparse.ArgumentParser(description="Pack the published test vectors.")
    parser.add_argument("--update", action="store_true", help="rewrite expected.json")
    arguments = parser.parse_args()
    counts = pack()
    if arguments.update:
        EXPECTED.write_text(json.dumps({**expected(), **counts}, indent=1) + "\n", "utf-8")
    wrong = differences(expected(), {**expected(), **counts})
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        print("The vectors are not those of tests/vectors/expected.json.", file=sys.stderr)
        return 1
    algorithms = len(counts["algorithms"])
    print(f"Packed {counts['cases']} published vectors of {algorithms} algorithms.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
