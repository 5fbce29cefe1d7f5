# SPDX-License-Identifier: MIT
"""What a published vector becomes on its way from its file to the device."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class AlgClass(enum.IntEnum):
    """DEVCRYPTO_CLASS_* of the ABI header."""

    SKCIPHER = 1
    AEAD = 2
    HASH = 3


class Expect(enum.IntEnum):
    """``enum vec_expect`` of packed.h."""

    SAME = 0
    DIFFERENT = 1
    REFUSED = 2
    NOT_CONFIGURED = 3


class Form(enum.IntEnum):
    """``enum vec_form`` of packed.h."""

    PLAIN = 0
    ROUND_OF_THREE = 1
    ROUND_OF_ONE = 2
    ROUND_OF_CIPHER = 3


class Direction(enum.IntFlag):
    """``enum vec_direction`` of packed.h."""

    ENCRYPT = 1
    DECRYPT = 2
    BOTH = 3


@dataclass(frozen=True, slots=True)
class Record:
    """One operation that the device has to do, in both directions if it has two.

    Args:
        alg_class: class of the context.
        name: generic name of the CryptoAPI.
        key: key in the CryptoAPI's encoding; empty = none.
        iv: IV as the device takes it.
        assoc: associated data.
        plain: plaintext, message, or seed of a round.
        cipher: ciphertext without the tag.
        tag: tag, or (a prefix of) the digest.
        tag_bytes: length of the tag to configure; 0 for classes without.
        expect: what is to happen.
        error: errno if it is to fail.
        form: how the result comes about.
        directions: in which directions to run it.
    """

    alg_class: AlgClass
    name: str
    key: bytes = b""
    iv: bytes = b""
    assoc: bytes = b""
    plain: bytes = b""
    cipher: bytes = b""
    tag: bytes = b""
    tag_bytes: int = 0
    expect: Expect = Expect.SAME
    error: int = 0
    form: Form = Form.PLAIN
    directions: Direction = Direction.BOTH


@dataclass(frozen=True, slots=True)
class Vector:
    """One published vector: the records it becomes, or why it becomes none.

    Args:
        ident: file name, and line or number in it.
        records: at least one, the first of which counts as the case.
        left_out: the reason if there are no records.
        direction: the direction for which it was published.
    """

    ident: str
    records: tuple[Record, ...] = ()
    left_out: str = ""
    direction: Direction = Direction.BOTH
