# SPDX-License-Identifier: MIT
"""Writer and reader of the packed file; packed.h is the one description of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cffi import FFI

from tests.vectors.model import AlgClass, Direction, Expect, Form, Record

MAGIC = b"devcrypt"
VERSION = 3

_HEADER = Path(__file__).with_name("packed.h")


def _layout() -> FFI:
    text = _HEADER.read_text(encoding="utf-8")
    ffi = FFI()
    ffi.cdef("\n".join(line for line in text.splitlines() if not line.startswith("#")))
    return ffi


_ffi = _layout()


def _new(kind: str, *initial: int) -> Any:
    """New structures, whose fields no type checker knows."""
    return _ffi.new(kind, *initial)


def _view(kind: str, data: Any, at: int) -> Any:
    """Structures that lie in a buffer."""
    return _ffi.cast(kind, data + at)


@dataclass(slots=True)
class _Bytes:
    """The bytes at the end of the file; what occurs twice stands there once."""

    content: bytearray = field(default_factory=bytearray)
    _offsets: dict[bytes, int] = field(default_factory=dict)

    def put(self, data: bytes) -> tuple[int, int]:
        offset = self._offsets.get(data)
        if offset is None:
            offset = self._offsets[data] = len(self.content)
            self.content += data
        return offset, len(data)


@dataclass(slots=True)
class Packed:
    """A record and what the packed file says beside it.

    Args:
        ident: the first published vector that became this record.
        record: the record.
        cases: number of published vectors that it stands for.
    """

    ident: str
    record: Record
    cases: int


_FIELDS = ("key", "iv", "assoc", "plain", "cipher", "tag")


def write(path: Path, records: list[Packed]) -> None:
    """Write a packed file.

    Args:
        path: the file; it appears whole or not at all.
        records: in any order.
    """
    ordered = sorted(
        records,
        key=lambda p: (
            p.record.alg_class,
            p.record.name,
            p.record.key,
            p.record.private,
            p.record.iv if p.record.alg_class is AlgClass.KPP else b"",
            p.record.assoc if p.record.alg_class is AlgClass.KPP else b"",
            p.record.tag_bytes,
        ),
    )
    names = list(dict.fromkeys((p.record.alg_class, p.record.name) for p in ordered))
    numbers = {name: i for i, name in enumerate(names)}
    store = _Bytes()
    table = _new("struct vec_record[]", len(ordered))
    algorithms = _new("struct vec_algorithm[]", len(names))
    for i, (alg_class, name) in enumerate(names):
        algorithms[i].alg_class = alg_class
        algorithms[i].name = store.put(name.encode() + b"\0")
    for i, packed in enumerate(ordered):
        record, row = packed.record, table[i]
        row.id = store.put(packed.ident.encode() + b"\0")
        for name in _FIELDS:
            setattr(row, name, store.put(getattr(record, name)))
        row.algorithm = numbers[record.alg_class, record.name]
        row.cases = packed.cases
        row.error = record.error
        row.expect = record.expect
        row.form = record.form
        row.directions = record.directions
        row.private_key = record.private
        row.tag_bytes = record.tag_bytes
        algorithm = algorithms[row.algorithm]
        if not algorithm.records:
            algorithm.first_record = i
        algorithm.records += 1
        algorithm.cases += packed.cases
    head = _new("struct vec_file *")
    head.magic = MAGIC
    head.version = VERSION
    head.algorithms = len(names)
    head.records = len(ordered)
    head.bytes = len(store.content)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as out:
        for part in (head, algorithms, table):
            out.write(_ffi.buffer(part))
        out.write(store.content)
    partial.replace(path)


class Reader:
    """A packed file in memory."""

    def __init__(self, content: bytes) -> None:
        """Take a file.

        Args:
            content: the file.

        Raises:
            ValueError: it is not a packed file of this version.
        """
        self.content = content
        # The views stay valid as long as the buffer behind them is referred to.
        self._data = _ffi.from_buffer(content)
        self._head = _view("struct vec_file *", self._data, 0)
        if _ffi.buffer(self._head.magic)[:] != MAGIC or self._head.version != VERSION:
            raise ValueError("no packed file of this version")
        at = _ffi.sizeof("struct vec_file")
        self._algorithms = _view("struct vec_algorithm *", self._data, at)
        at += self._head.algorithms * _ffi.sizeof("struct vec_algorithm")
        self._records = _view("struct vec_record *", self._data, at)
        at += self._head.records * _ffi.sizeof("struct vec_record")
        self._bytes = at
        if at + self._head.bytes != len(content):
            raise ValueError("the packed file is cut off")

    def _octets(self, place: Any) -> bytes:
        first = self._bytes + place.offset
        return self.content[first : first + place.bytes]

    def names(self) -> list[str]:
        """Generic names of the algorithms, in the file's order."""
        return [
            self._octets(self._algorithms[i].name)[:-1].decode()
            for i in range(self._head.algorithms)
        ]

    def records(self, name: str) -> Iterator[Packed]:
        """The records of an algorithm in the file's order.

        Args:
            name: its generic name.

        Raises:
            ValueError: there is none of that name.
        """
        algorithm = self._algorithms[self.names().index(name)]
        for i in range(algorithm.first_record, algorithm.first_record + algorithm.records):
            row = self._records[i]
            record = Record(
                AlgClass(algorithm.alg_class),
                name,
                **{field: self._octets(getattr(row, field)) for field in _FIELDS},
                tag_bytes=row.tag_bytes,
                expect=Expect(row.expect),
                error=row.error,
                form=Form(row.form),
                directions=Direction(row.directions),
                private=bool(row.private_key),
            )
            yield Packed(self._octets(row.id)[:-1].decode(), record, row.cases)
