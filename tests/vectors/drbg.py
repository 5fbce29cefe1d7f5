# SPDX-License-Identifier: MIT
"""NIST's vectors of random bit generators, which take the entropy of the test.

They are in this repository, as no package has them, and in a packed file of their own, as they take
CAP_SYS_ADMIN.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.vectors import cavp
from tests.vectors.model import AlgClass, Record, Vector

PATH = Path(__file__).parent / "nist" / "drbg.rsp"

_NAMES = {
    "SHA-256": "sha256",
    "HMAC SHA-256": "hmac_sha256",
    "AES-128 use df": "ctr_aes128",
    "AES-192 use df": "ctr_aes192",
    "AES-256 use df": "ctr_aes256",
}


def vectors(path: Path = PATH) -> Iterator[Vector]:
    """The vectors: instantiation, two requests, of which the second is published."""
    for entry in cavp.read(path):
        resists = entry.text("predictionresistance") == "True"
        record = Record(
            AlgClass.RNG,
            f"drbg_{'pr' if resists else 'nopr'}_{_NAMES[entry.text('section')]}",
            key=entry.octets("entropyinput") + entry.octets("nonce"),
            iv=entry.octets("personalizationstring"),
            assoc=b"".join(entry.all_octets("additionalinput")),
            cipher=b"".join(entry.all_octets("entropyinputpr")) if resists else b"",
            tag=entry.octets("returnedbits"),
        )
        yield Vector(entry.ident, (record,))
