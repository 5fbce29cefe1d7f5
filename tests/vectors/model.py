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
    RNG = 4
    AKCIPHER = 6
    SIG = 7
    KPP = 8


class Expect(enum.IntEnum):
    """``enum vec_expect`` of packed.h."""

    SAME = 0
    DIFFERENT = 1
    REFUSED = 2
    NOT_CONFIGURED = 3
    CONFIGURED = 4


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
    # Of the classes with pairs of keys.
    SIGN = 1
    VERIFY = 2
    PUBLIC_KEY = 1
    SHARED_SECRET = 2


@dataclass(frozen=True, slots=True)
class Record:
    """One operation that the device has to do, in both directions if it has two.

    What the fields are to the classes that came later stands in packed.h.

    Args:
        alg_class: class of the context.
        name: generic name of the CryptoAPI; the newest, where kernels differ.
        key: key in the CryptoAPI's encoding; empty = none.
        iv: IV as the device takes it.
        assoc: associated data.
        plain: plaintext, message, digest that is signed, public key of the other side, or seed of
            a round.
        cipher: ciphertext without the tag, or shared secret.
        tag: tag, (a prefix of) the digest, signature, own public key, or random output.
        tag_bytes: length of the tag to configure; 0 for classes without.
        expect: what is to happen.
        error: errno if it is to fail.
        form: how the result comes about.
        directions: in which directions to run it.
        private: the key is a private one where there are public ones too.
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
    private: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the algorithm on all kernels.

        From 6.13 on signatures are a type of their own, whose templates name the encoding.
        """
        if self.alg_class is AlgClass.SIG:
            if self.name.startswith("pkcs1("):
                return self.name, self.name.replace("pkcs1(", "pkcs1pad(", 1)
            if self.name.startswith("x962("):
                return self.name, self.name[len("x962(") : -1]
        return (self.name,)


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
