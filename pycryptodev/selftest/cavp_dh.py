# SPDX-License-Identifier: MIT
"""CAVP's vectors of Diffie-Hellman, and RFC 5114's in the same form.

Source: NIST's KASVS; what is derived from the secret is not looked at.
"""

from __future__ import annotations

import errno

from ..enums import AlgClass
from .cavp_model import Entry
from .model import Case, Expect, LeftOut

SUBGROUP = "a public key outside the subgroup, which the kernel tells in FIPS mode only"

_LEAST_BYTES = 192
_WORD_BYTES = 8


def _octets(number: int, size: int = 0) -> bytes:
    return number.to_bytes(size or (number.bit_length() + 7) // 8, "big")


def agreement(entry: Entry, name: str) -> Case | LeftOut:
    """An agreement in which one thing may be wrong; a prime that is too short is refused."""
    fields = ("p", "g", "xstatiut", "ystatcavs", "ystatiut", "z")
    p, g, private, peer, own, secret = (int(entry.text(field), 16) for field in fields)
    result = entry.text("result")
    prime = _octets(p)
    size = len(prime)
    expect, error = Expect.SAME, 0
    if size < _LEAST_BYTES or size % _WORD_BYTES:
        expect, error = Expect.NOT_CONFIGURED, errno.EINVAL
    elif not 1 < peer < p - 1:
        expect, error = Expect.REFUSED, errno.EINVAL
    elif "CAVS's Static public key" in result:
        return LeftOut(entry.ident, SUBGROUP)
    elif result.startswith("F"):
        expect = Expect.DIFFERENT
    # What is published of the other half is right, or comes of what is wrong.
    own_is_wrong = expect is Expect.DIFFERENT and "IUT's Static" in result
    only_secret = expect is Expect.REFUSED or (expect is Expect.DIFFERENT and not own_is_wrong)
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.KPP,
        name=name,
        key=_octets(private),
        dh_p=prime,
        dh_g=_octets(g),
        plain=_octets(peer),
        cipher=b"" if own_is_wrong else _octets(secret, size),
        tag=b"" if only_secret else _octets(own, size),
        expect=expect,
        error=error,
    )
