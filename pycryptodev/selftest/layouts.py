# SPDX-License-Identifier: MIT
"""The layouts in which a case is run: how its buffers lie in memory, and how it is cut.

Those that keep their shape (DEVCRYPTO_CONFIG_LAYOUT) are the ones of the kernel's testmgr
(default_cipher_testvec_configs, default_hash_testvec_configs), as the implementation sees them; the
others are what programs do, which the device sorts out.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

WHOLE = 10000
"""Shares of a message are in ten-thousandths of it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a buffer."""

    share: int = WHOLE
    """How much of the message; the last piece takes the rest."""
    offset: int = 0
    """Bytes behind a multiple of 64."""
    before_page: int = 0
    """Bytes before the end of a page, if not 0."""


class Place(enum.Enum):
    """Where the output of a cipher goes."""

    IN_PLACE = enum.auto()
    """Over the input: the same range or array."""
    IN_PLACE_TWICE = enum.auto()
    """Over the input, which two equal arrays name."""
    OUT_OF_PLACE = enum.auto()
    """To memory of its own."""
    AHEAD = enum.auto()
    """Partly over the input, from behind its beginning on."""
    BEHIND = enum.auto()
    """Partly over the input, from before its beginning on."""
    CHAINED = enum.auto()
    """In place in two requests, the second with the IV that the first gave back."""


_ONE = (Piece(),)
_OFF = (Piece(offset=1),)
_ALIGNED = (Piece(offset=16),)
_EVEN = (Piece(5000), Piece(5000))
_UNEVEN = (Piece(1900, 33), Piece(3300, 7), Piece(4800, 18))
_PAGES = (Piece(7500, before_page=32), Piece(2500, before_page=7))
_EMPTY_BETWEEN = (
    Piece(0, 3),
    Piece(3000, 5),
    Piece(0, 0),
    Piece(0, 1),
    Piece(7000, 9),
    Piece(0, 2),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CipherLayout:
    """A layout of ciphers and AEADs."""

    name: str
    """Its name in reports."""
    place: Place
    """Where the output goes."""
    keep: bool = False
    """The implementation sees it as it is."""
    src: tuple[Piece, ...] = _ONE
    """Pieces of the input; more than one makes an array."""
    dst: tuple[Piece, ...] = _ONE
    """Pieces of the output, if it is out of place."""
    iv_offset: int = 0
    """Bytes of the IV behind a multiple of 64."""


CIPHER_LAYOUTS = (
    CipherLayout(name="in place", place=Place.IN_PLACE),
    CipherLayout(name="out of place", place=Place.OUT_OF_PLACE),
    CipherLayout(
        name="unaligned buffers, offset 1",
        place=Place.OUT_OF_PLACE,
        src=_OFF,
        dst=_OFF,
        iv_offset=1,
    ),
    CipherLayout(
        name="segments with empty ones between",
        place=Place.OUT_OF_PLACE,
        src=_EMPTY_BETWEEN,
        dst=_EMPTY_BETWEEN,
        iv_offset=5,
    ),
    CipherLayout(name="overlapping, destination ahead", place=Place.AHEAD),
    CipherLayout(name="overlapping, destination behind", place=Place.BEHIND),
    CipherLayout(name="two chained requests", place=Place.CHAINED),
    CipherLayout(name="layout: in place", keep=True, place=Place.IN_PLACE),
    CipherLayout(name="layout: in place, two arrays", keep=True, place=Place.IN_PLACE_TWICE),
    CipherLayout(name="layout: out of place", keep=True, place=Place.OUT_OF_PLACE),
    CipherLayout(
        name="layout: unaligned buffers, offset 1",
        keep=True,
        place=Place.OUT_OF_PLACE,
        src=_OFF,
        dst=_OFF,
        iv_offset=1,
    ),
    CipherLayout(
        name="layout: aligned to 16 only",
        keep=True,
        place=Place.OUT_OF_PLACE,
        src=_ALIGNED,
        dst=_ALIGNED,
        iv_offset=16,
    ),
    CipherLayout(
        name="layout: two even splits", keep=True, place=Place.OUT_OF_PLACE, src=_EVEN, dst=_EVEN
    ),
    CipherLayout(
        name="layout: uneven misaligned splits",
        keep=True,
        place=Place.OUT_OF_PLACE,
        src=_UNEVEN,
        dst=_UNEVEN,
        iv_offset=3,
    ),
    CipherLayout(
        name="layout: misaligned splits crossing pages, in place",
        keep=True,
        place=Place.IN_PLACE,
        src=_PAGES,
    ),
    CipherLayout(name="layout: split source", keep=True, place=Place.OUT_OF_PLACE, src=_UNEVEN),
    CipherLayout(
        name="layout: split destination", keep=True, place=Place.OUT_OF_PLACE, dst=_UNEVEN
    ),
    CipherLayout(
        name="layout: segments with empty ones between",
        keep=True,
        place=Place.OUT_OF_PLACE,
        src=_EMPTY_BETWEEN,
        dst=_EVEN,
        iv_offset=7,
    ),
)


class Step(enum.Enum):
    """An operation on a hash."""

    DIGEST = enum.auto()
    INIT = enum.auto()
    UPDATE = enum.auto()
    FINAL = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class HashLayout:
    """A layout of hashes."""

    name: str
    """Its name in reports."""
    keep: bool = False
    """The implementation sees it as it is."""
    steps: tuple[tuple[Step, int], ...] = ((Step.DIGEST, WHOLE),)
    """The operations, each with its share of the message; the last one takes the rest."""
    src: tuple[Piece, ...] = _ONE
    """Pieces of the input of each operation; more than one makes an array."""
    dst_offset: int = 0
    """Bytes of the digest behind a multiple of 64."""
    room: int = 0
    """Bytes of the destination behind the digest."""


HASH_LAYOUTS = (
    HashLayout(name="digest"),
    HashLayout(name="digest, unaligned buffers, offset 1", src=_OFF, dst_offset=1, room=7),
    HashLayout(name="digest, segments with empty ones between", src=_EMPTY_BETWEEN, room=3),
    HashLayout(name="stream, final", steps=((Step.FINAL, WHOLE),)),
    HashLayout(
        name="stream, init, update, update, final in even splits",
        steps=((Step.INIT, 0), (Step.UPDATE, 5000), (Step.UPDATE, 5000), (Step.FINAL, 0)),
    ),
    HashLayout(
        name="stream, empty update, update, final",
        steps=((Step.UPDATE, 0), (Step.UPDATE, 1900), (Step.FINAL, 8100)),
    ),
    HashLayout(name="layout: digest", keep=True),
    HashLayout(name="layout: digest, aligned to 16 only", keep=True, src=_ALIGNED, dst_offset=16),
    HashLayout(name="layout: digest, uneven misaligned splits", keep=True, src=_UNEVEN),
    HashLayout(name="layout: digest, misaligned splits crossing pages", keep=True, src=_PAGES),
    HashLayout(
        name="layout: stream, init, update, final",
        keep=True,
        steps=((Step.INIT, 0), (Step.UPDATE, WHOLE), (Step.FINAL, 0)),
    ),
    HashLayout(
        name="layout: stream, update, final, unaligned, offset 1",
        keep=True,
        steps=((Step.UPDATE, WHOLE), (Step.FINAL, 0)),
        src=_OFF,
        dst_offset=1,
    ),
    HashLayout(
        name="layout: stream, updates of uneven misaligned splits",
        keep=True,
        steps=((Step.UPDATE, 6500), (Step.FINAL, 3500)),
        src=_UNEVEN,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperandLayout:
    """A layout of the classes whose implementations get a copy in one run: all but the others'."""

    name: str
    """Its name in reports."""
    src: tuple[Piece, ...] = _ONE
    """Pieces of the input; more than one makes an array."""
    offset: int = 0
    """Bytes of signature and output behind a multiple of 64."""
    room: int = 0
    """Bytes of the destination behind what is needed."""


OPERAND_LAYOUTS = (
    OperandLayout(name="one run"),
    OperandLayout(name="unaligned buffers, offset 1", src=_OFF, offset=1, room=7),
    OperandLayout(name="segments with empty ones between", src=_EMPTY_BETWEEN, room=3),
)


def cut(total: int, shares: tuple[int, ...]) -> list[int]:
    """Return the lengths of pieces of a message; the last one that has a share takes the rest.

    Args:
        total: length of the message.
        shares: of each piece, in ten-thousandths.
    """
    lengths = [total * share // WHOLE for share in shares]
    last = max((index for index, share in enumerate(shares) if share), default=len(shares) - 1)
    lengths[last] += total - sum(lengths)
    return lengths
