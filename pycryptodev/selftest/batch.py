# SPDX-License-Identifier: MIT
"""The requests that cases become, in the layouts, and the verdict on what comes of them."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .. import _ioctl, _structs
from .._abi import lib
from ..enums import AlgClass, Op
from ..info import Algorithm
from ..operations import compressed_bytes
from .arena import GUARD, PAGE, Arena
from .layouts import CipherLayout, HashLayout, OperandLayout, Piece, Place, Step, cut
from .model import Case, Direction, Expect

_OVERLAP = 24
_SHOWN_BYTES = 64

_OPS = {
    Step.DIGEST: Op.DIGEST,
    Step.INIT: Op.STREAM_INIT,
    Step.UPDATE: Op.STREAM_UPDATE,
    Step.FINAL: Op.STREAM_FINAL,
}
_DIRECTIONS = {Direction.ENCRYPT: Op.ENCRYPT, Direction.DECRYPT: Op.DECRYPT}
_PACKING = {Direction.ENCRYPT: Op.COMPRESS, Direction.DECRYPT: Op.DECOMPRESS}

Range = tuple[int, int]
"""Address and length."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A case that went wrong in a layout."""

    case: Case
    layout: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class _Check:
    """What a request has to do."""

    case: Case
    layout: str
    error: int
    outputs: Sequence[Range]


def error_name(number: int) -> str:
    """The name of an errno; "success" for 0."""
    return errno.errorcode.get(number, str(number)) if number else "success"


class Batch:
    """Requests on one context, run in as few system calls as the device allows.

    Args:
        arena: memory for their buffers; the batch resets it.
        algorithm: what the context has.
        max_batch: most requests in a system call.
    """

    def __init__(self, arena: Arena, algorithm: Algorithm, max_batch: int) -> None:
        arena.reset()
        self._arena = arena
        self._algorithm = algorithm
        self._max_batch = max_batch
        self._fields: list[dict[str, int]] = []
        self._checks: list[_Check] = []
        self._held: list[Any] = []
        # What cannot be known beforehand, and what must not come out.
        self._unknown: list[Range] = []
        self._forbidden: list[tuple[_Check, Range, bytes]] = []
        # Where a text was compressed to, by the number of the request.
        self._packed: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._fields)

    @staticmethod
    def room(case: Case, layouts: int) -> int:
        """Memory that a case may take."""
        text = max(len(case.plain), len(case.cipher))
        one = 2 * (text + 8 * (2 * GUARD + 64)) + 2 * PAGE + len(case.assoc) + 8 * GUARD + 512
        return 2 * layouts * one

    # --- ciphers and AEADs --------------------------------------------------------------------

    def add_cipher(self, case: Case, layout: CipherLayout) -> None:
        """Add a case in a layout, in the directions that it has, if it can be run there."""
        for direction, op in _DIRECTIONS.items():
            if direction not in case.directions:
                continue
            src, dst = case.plain, case.cipher
            if op is Op.DECRYPT:
                src, dst = dst, src
            if case.expect is Expect.REFUSED:
                dst = src
            where = f"{layout.name}, {op.name.lower()}"
            if layout.place is Place.CHAINED:
                self._add_chained(case, where, op, src, dst)
            elif src or layout.place not in (Place.AHEAD, Place.BEHIND):
                self._add_text(case, layout, where, op, src, dst)

    def _add_text(
        self, case: Case, layout: CipherLayout, where: str, op: Op, src: bytes, dst: bytes
    ) -> None:
        refused = case.expect is Expect.REFUSED
        want = None if refused else dst
        fields: dict[str, int] = {"op": op, "src_bytes": len(src), "dst_bytes": len(src)}
        if layout.place in (Place.AHEAD, Place.BEHIND):
            sources, outputs = self._overlap(layout.place, src, want)
            fields["src"], fields["dst"] = sources[0][0], outputs[0][0]
        elif layout.place is Place.OUT_OF_PLACE:
            sources = self._pieces(layout.src, src, None)
            outputs = self._pieces(layout.dst, None, want, len(src))
            self._name(fields, "src", sources)
            self._name(fields, "dst", outputs)
        else:
            sources = outputs = self._pieces(layout.src, src, want)
            twice = layout.place is Place.IN_PLACE_TWICE
            self._name(fields, "src", sources, array=twice)
            if twice:
                self._name(fields, "dst", outputs, array=True)
            else:
                fields["dst"] = fields["src"]
                fields["dst_segments"] = fields.get("src_segments", 0)
        if case.iv:
            fields["iv"] = self._input(case.iv, layout.iv_offset)
            fields["iv_bytes"] = len(case.iv)
        if case.alg_class is AlgClass.AEAD:
            outputs = [*outputs, *self._seal(case, fields, op, layout.src[0].offset)]
        self._append(fields, _Check(case, where, case.error if refused else 0, outputs))

    def _seal(self, case: Case, fields: dict[str, int], op: Op, offset: int) -> list[Range]:
        """Add associated data and tag; returns the tag if it is an output."""
        size = len(case.tag)
        fields["assoc"] = self._input(case.assoc, offset)
        fields["assoc_bytes"] = len(case.assoc)
        fields["tag_bytes"] = size
        if op is Op.DECRYPT:
            fields["tag"] = self._input(case.tag, offset)
            return []
        want = None if case.expect is Expect.REFUSED else case.tag
        fields["tag"] = self._arena.place(None, want, size, offset)
        return [(fields["tag"], size)]

    def _add_chained(self, case: Case, where: str, op: Op, src: bytes, dst: bytes) -> None:
        unit = self._algorithm.chunk_bytes
        first = len(src) // 2 // unit * unit if unit else 0
        if not self._algorithm.chains or case.expect is not Expect.SAME or not first:
            return
        at = self._arena.place(src, dst, len(src))
        iv = self._input(case.iv, 0)
        self._unknown.append((iv, len(case.iv)))
        for start, size, flags in (
            (0, first, lib.DEVCRYPTO_REQUEST_IV_OUT),
            (first, len(src) - first, 0),
        ):
            place = at + start
            fields = {
                "op": op,
                "flags": flags,
                "src": place,
                "src_bytes": size,
                "dst": place,
                "dst_bytes": size,
                "iv": iv,
                "iv_bytes": len(case.iv),
            }
            self._append(fields, _Check(case, where, 0, [(place, size)]))

    def _overlap(
        self, place: Place, src: bytes, want: bytes | None
    ) -> tuple[list[Range], list[Range]]:
        size = len(src)
        start = self._arena.place(None, None, size + _OVERLAP)
        ahead = place is Place.AHEAD
        source, output = (start, start + _OVERLAP) if ahead else (start + _OVERLAP, start)
        self._arena.fill(source, src)
        if want is not None:
            self._arena.expect(output, want)
        return [(source, size)], [(output, size)]

    # --- hashes -------------------------------------------------------------------------------

    def add_hash(self, case: Case, layout: HashLayout) -> None:
        """Add a case in a layout."""
        size = self._algorithm.digest_bytes
        parts = cut(len(case.plain), tuple(share for _, share in layout.steps))
        start = 0
        for (step, _), length in zip(layout.steps, parts, strict=True):
            part = case.plain[start : start + length]
            start += length
            fields: dict[str, int] = {"op": _OPS[step], "src_bytes": len(part)}
            if step is not Step.INIT:
                self._name(fields, "src", self._pieces(layout.src, part, None))
            outputs: list[Range] = []
            if step in (Step.DIGEST, Step.FINAL):
                place = self._arena.place(None, None, size + layout.room, layout.dst_offset)
                fields |= {"dst": place, "dst_bytes": size + layout.room}
                outputs = [(place, min(len(case.tag), size))]
                if case.expect is Expect.SAME:
                    self._arena.expect(place, case.tag[:size])
                    self._unknown.append((place + len(case.tag), max(size - len(case.tag), 0)))
            check = _Check(case, layout.name, 0, outputs)
            if outputs and case.expect is Expect.DIFFERENT:
                self._unknown.append((place, size))
                self._forbidden.append((check, outputs[0], case.tag[:size]))
            self._append(fields, check)

    # --- public keys and key agreement --------------------------------------------------------

    def add_operands(self, case: Case, layout: OperandLayout, output_bytes: int) -> None:
        """Add a case in a layout.

        Args:
            output_bytes: what the context says of the longest output.
        """
        if case.alg_class is AlgClass.SIG:
            fields = {
                "op": Op.VERIFY,
                "tag": self._input(case.tag, layout.offset) if case.tag else 0,
                "tag_bytes": len(case.tag),
            }
            self._add_operand(case, layout, fields, case.plain, None, 0)
        elif case.alg_class is AlgClass.AKCIPHER:
            fields = {"op": Op.DECRYPT}
            self._add_operand(case, layout, fields, case.cipher, case.plain, output_bytes)
        else:
            if case.tag:
                fields = {"op": Op.PUBLIC_KEY}
                self._add_operand(case, layout, fields, b"", case.tag, output_bytes)
            if case.cipher or not case.tag:
                fields = {"op": Op.SHARED_SECRET}
                self._add_operand(case, layout, fields, case.plain, case.cipher, output_bytes)

    def _add_operand(
        self,
        case: Case,
        layout: OperandLayout,
        fields: dict[str, int],
        src: bytes,
        want: bytes | None,
        output_bytes: int,
    ) -> None:
        """Add a request with one input, which may be empty, and one output if one is wanted."""
        outputs: list[Range] = []
        if want is not None:
            size = output_bytes + layout.room
            known = want if case.expect is Expect.SAME else None
            place = self._arena.place(None, known, size, layout.offset)
            fields |= {"dst": place, "dst_bytes": size}
            outputs = [(place, len(want))]
        if src or fields["op"] != Op.PUBLIC_KEY:
            fields["src_bytes"] = len(src)
            self._name(fields, "src", self._pieces(layout.src, src, None))
        where = layout.name
        if case.alg_class is AlgClass.KPP:
            where += f", {Op(fields['op']).name.lower().replace('_', ' ')}"
        refused = case.expect is Expect.REFUSED
        check = _Check(case, where, case.error if refused else 0, outputs)
        if want is not None and case.expect is Expect.DIFFERENT:
            self._unknown.append(outputs[0])
            self._forbidden.append((check, outputs[0], want))
        self._append(fields, check)

    # --- compression --------------------------------------------------------------------------

    def add_block(self, case: Case, layout: OperandLayout, cap: int) -> None:
        """Add a case in a layout, in the directions that it has.

        Args:
            cap: most bytes that a request gives.
        """
        for direction, op in _PACKING.items():
            if direction not in case.directions:
                continue
            refused = case.expect is Expect.REFUSED
            packing = op is Op.COMPRESS
            src, want = (case.plain, None) if packing else (case.cipher, case.plain)
            size = compressed_bytes(len(src), cap) if packing else len(case.plain) + layout.room
            place = self._arena.place(None, None if refused else want, size, layout.offset)
            fields = {"op": op, "src_bytes": len(src), "dst": place, "dst_bytes": size}
            self._name(fields, "src", self._pieces(layout.src, src, None))
            outputs = [] if packing else [(place, len(case.plain))]
            if packing:
                self._packed[len(self)] = place
            where = f"{layout.name}, {op.name.lower()}"
            self._append(fields, _Check(case, where, case.error if refused else 0, outputs))

    # --- random bits --------------------------------------------------------------------------

    def add_random(self, case: Case, layout: OperandLayout) -> None:
        """Add a case in a layout to a context that has had none: all of its requests."""
        size = len(case.tag)
        generating = len(case.inputs) - 2
        for number, (entropy, mixed) in enumerate(case.inputs):
            fields: dict[str, int] = {"op": Op.RESEED, "src_bytes": len(mixed)}
            self._name(fields, "src", self._pieces(layout.src, mixed, None))
            if entropy:
                fields["entropy"] = self._input(entropy, layout.offset)
                fields["entropy_bytes"] = len(entropy)
            outputs: list[Range] = []
            if number >= generating:
                is_last = number == generating + 1
                place = self._arena.place(None, case.tag if is_last else None, size, layout.offset)
                fields |= {"op": Op.GENERATE, "dst": place, "dst_bytes": size}
                outputs = [(place, size)]
                if not is_last:
                    self._unknown += outputs
            self._append(fields, _Check(case, layout.name, 0, outputs))

    # --- memory -------------------------------------------------------------------------------

    def _input(self, data: bytes, offset: int) -> int:
        return self._arena.place(data, None, len(data), offset)

    def _pieces(
        self, pieces: tuple[Piece, ...], work: bytes | None, want: bytes | None, size: int = 0
    ) -> list[Range]:
        """Place a buffer in pieces: what is in it, and what has to be in it afterwards."""
        total = size if work is None else len(work)
        placed = []
        start = 0
        lengths = cut(total, tuple(piece.share for piece in pieces))
        for piece, length in zip(pieces, lengths, strict=True):
            end = start + length
            address = self._arena.place(
                None if work is None else work[start:end],
                None if want is None else want[start:end],
                length,
                piece.offset,
                piece.before_page,
            )
            placed.append((address, length))
            start = end
        return placed

    def _name(
        self, fields: dict[str, int], side: str, pieces: list[Range], *, array: bool = False
    ) -> None:
        """Let a request name a buffer, in pieces by an array."""
        if len(pieces) == 1 and not array:
            fields[side] = pieces[0][0]
            return
        held = _structs.segments_at(pieces)
        self._held.append(held)
        fields[side] = _structs.address(held)
        fields[f"{side}_segments"] = len(pieces)

    def _append(self, fields: dict[str, int], check: _Check) -> None:
        self._fields.append(fields)
        self._checks.append(check)

    # --- the verdict --------------------------------------------------------------------------

    def run(self, fd: int) -> Iterator[Wrong]:
        """Run the requests and yield what went wrong.

        Raises:
            CryptoDevError: the device executed none of them.
        """
        if not self._fields:
            return
        requests = _structs.Requests(self._fields)
        done = 0
        while done < len(self._fields):
            requests.select(done, min(self._max_batch, len(self._fields) - done))
            done += _ioctl.run(fd, requests)
        for place, size in self._unknown:
            self._arena.accept(place, size)
        wrong = False
        for index, check in enumerate(self._checks):
            result, _, _ = requests.result(index)
            if -result != check.error:
                wrong = True
                yield self._wrong(check, error_name(check.error), error_name(-result))
        for judged in self._judge(requests):
            wrong = True
            yield judged
        for check, (place, size), tag in self._forbidden:
            if self._arena.content(place, size) == tag:
                wrong = True
                yield self._wrong(check, f"another one than {tag.hex()}", tag.hex())
        differs = self._arena.difference()
        if differs is None:
            return
        for check in self._checks:
            if found := self._compare(check):
                wrong = True
                yield found
        if not wrong:
            yield self._stray(differs)

    def _judge(self, requests: _structs.Requests) -> Iterator[Wrong]:
        """Let the judges of compressed texts see them."""
        for index, place in self._packed.items():
            result, size, _ = requests.result(index)
            check = self._checks[index]
            judge, text = check.case.judge, check.case.plain
            if result or judge is None:
                continue
            self._arena.accept(place, size)
            try:
                got = judge.expand(self._arena.content(place, size), len(text))
            except ValueError as error:
                yield self._wrong(check, f"what expands to {len(text)} bytes", str(error))
                continue
            if got != text:
                yield self._different(check, text, got)

    def _compare(self, check: _Check) -> Wrong | None:
        got = b"".join(self._arena.content(*place) for place in check.outputs)
        want = b"".join(self._arena.wanted(*place) for place in check.outputs)
        return None if got == want else self._different(check, want, got)

    def _different(self, check: _Check, want: bytes, got: bytes) -> Wrong:
        if len(want) <= _SHOWN_BYTES:
            return self._wrong(check, want.hex(), got.hex())
        both = min(len(want), len(got))
        first = next((at for at in range(both) if got[at] != want[at]), both) // 16 * 16
        shown = slice(first, first + _SHOWN_BYTES)
        where = f"from byte {first} on: "
        return self._wrong(check, where + want[shown].hex(), where + got[shown].hex())

    def _stray(self, address: int) -> Wrong:
        """What was written beside every output, put down to the request whose output is nearest."""
        nearest = min(
            (check for check in self._checks if check.outputs),
            key=lambda check: min(abs(address - place) for place, _ in check.outputs),
            default=self._checks[0],
        )
        at = self._arena.content(address, 1).hex()
        return self._wrong(nearest, "no memory touched beside the output", f"a byte {at} written")

    def _wrong(self, check: _Check, expected: str, got: str) -> Wrong:
        return Wrong(check.case, check.layout, expected, got)
