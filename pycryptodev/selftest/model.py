# SPDX-License-Identifier: MIT
"""What a vector becomes on its way from its file to a driver, and what comes of it."""

from __future__ import annotations

import enum
import errno
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..enums import AlgClass

T = TypeVar("T")


class Expect(enum.Enum):
    """What is to happen."""

    SAME = "same"
    """The result is the published one."""
    DIFFERENT = "different"
    """The result is another one: the kernel computes a forged MAC anew and compares nothing."""
    REFUSED = "refused"
    """The request fails."""
    NOT_CONFIGURED = "not configured"
    """The configuration fails."""


class Direction(enum.Flag):
    """The directions in which a cipher has to do a case; of compression, to compress and back."""

    ENCRYPT = enum.auto()
    DECRYPT = enum.auto()
    BOTH = ENCRYPT | DECRYPT


@dataclass(frozen=True, slots=True)
class Judge:
    """Who says whether a text was compressed well: there are many right ways to do that."""

    name: str
    """For the report."""
    compress: Callable[[bytes], bytes]
    """Makes what an implementation has to expand."""
    expand: Callable[[bytes, int], bytes]
    """Expands what it made, which has so many bytes; ValueError if that is nothing to expand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operation that an implementation has to do.

    Of SIG it is to verify `tag` over the digest `plain`; of AKCIPHER to decrypt `cipher`, which
    gives `plain`; of KPP to agree with the public key `plain` on the secret `cipher`, with the own
    public key `tag`, of which one may be empty; of COMP to expand `cipher` to `plain`, and to
    compress that to what `judge` expands; of RNG to give `tag` when it has had all `inputs`.
    """

    ident: str
    """File and line or number in it."""
    alg_class: AlgClass
    """Class of the context."""
    name: str
    """Generic name of the crypto API."""
    key: bytes = b""
    """Key in the encoding of the crypto API; empty = none."""
    auth_key: bytes = b""
    """Key of the authentication half of "authenc(…)"."""
    iv: bytes = b""
    """IV as the device takes it."""
    assoc: bytes = b""
    """Associated data."""
    plain: bytes = b""
    """Plaintext, or message."""
    cipher: bytes = b""
    """Ciphertext without the tag."""
    tag: bytes = b""
    """Tag; digest or its beginning."""
    tag_bytes: int = 0
    """Length of the tag to configure; 0 for classes without."""
    dh_p: bytes = b""
    """Of "dh", the prime."""
    dh_g: bytes = b""
    """Of "dh", the generator."""
    inputs: tuple[tuple[bytes, bytes], ...] = ()
    """Of RNG, for each request the entropy and what is mixed in: instantiation, perhaps a reseed,
    and two that generate."""
    judge: Judge | None = None
    """Of COMP, who judges."""
    expect: Expect = Expect.SAME
    """What is to happen."""
    error: int = 0
    """The errno if it is to fail."""
    directions: Direction = Direction.BOTH
    """In which directions to run it."""

    @property
    def content(self) -> tuple[object, ...]:
        """What tells it from others, which its place in a file does not."""
        return (
            self.name,
            self.key,
            self.auth_key,
            self.iv,
            self.assoc,
            self.plain,
            self.cipher,
            self.tag,
            self.dh_p,
            self.dh_g,
            self.inputs,
            self.expect,
            self.error,
        )

    @property
    def setup(self) -> tuple[object, ...]:
        """What it has in common with those that can share its context: not with what is random."""
        own = self.ident if self.alg_class is AlgClass.RNG else ""
        return self.key, self.auth_key, self.tag_bytes, self.dh_p, self.dh_g, own


def refused_only(case: Case) -> Case:
    """Return the case of a text that nobody sealed: all there is to it is that it is refused."""
    return replace(
        case,
        expect=Expect.REFUSED,
        error=errno.EBADMSG,
        directions=Direction.DECRYPT,
    )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A vector that becomes no case."""

    ident: str
    """File and line or number in it."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that an implementation got wrong in one layout."""

    driver: str
    """Driver name of the implementation."""
    vector: str
    """Ident of the case."""
    layout: str
    """Layout, and direction if the class has two."""
    expected: str
    """What it should have given, in hexadecimal or in words."""
    got: str
    """What it gave."""


@dataclass(slots=True)
class Outcome:
    """What came of the cases on one implementation."""

    name: str
    """Generic name."""
    driver: str
    """Driver name."""
    alg_class: AlgClass
    """Class."""
    passed: int = 0
    """Cases that were right in every layout."""
    failed: int = 0
    """Cases that were wrong in at least one."""
    skipped: int = 0
    """Cases that the implementation does not take."""
    requests: int = 0
    """Requests that were run."""
    judge: str = ""
    """Who judged; empty = published vectors, or another implementation's answers."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Why cases were skipped, and how many."""
    failures: list[Failure] = field(default_factory=list)
    """The first layout in which each failed case was wrong."""

    def skip(self, reason: str, count: int = 1) -> None:
        """Count cases that are not run."""
        self.skipped += count
        self.reasons[reason] = self.reasons.get(reason, 0) + count


def spread(entries: Sequence[T], limit: int) -> Sequence[T]:
    """Return at most so many of the entries, evenly spread; 0 = all."""
    if not limit or len(entries) <= limit:
        return entries
    return [entries[index * len(entries) // limit] for index in range(limit)]
