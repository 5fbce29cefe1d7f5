# SPDX-License-Identifier: MIT
"""CAVP's vectors of the generators of SP 800-90A, which take the entropy of the test.

Source: NIST's DRBGVS, with prediction resistance, with a reseed and without.
"""

from __future__ import annotations

import re

from ..enums import AlgClass
from .cavp_model import Entry
from .model import Case, LeftOut

NO_ALGORITHM = "a generator that the kernel does not have"

_HASH = re.compile(r"(HMAC )?SHA-(1|256|384|512)")
_CIPHER = re.compile(r"AES-(128|192|256) use df")


def named(entry: Entry, name: str) -> Case | LeftOut:
    """A generator whose section names it in full."""
    return _case(entry, entry.text("section"))


def hmac(entry: Entry, name: str) -> Case | LeftOut:
    """One with HMAC, which the name of the file tells."""
    return _case(entry, f"HMAC {entry.text('section')}")


def _driver(section: str) -> str:
    """The kernel's name of a generator, less its beginning; empty if it has none."""
    if match := _HASH.fullmatch(section):
        return f"{'hmac_' if match[1] else ''}sha{match[2]}"
    if match := _CIPHER.fullmatch(section):
        return f"ctr_aes{match[1]}"
    return ""


def _case(entry: Entry, section: str) -> Case | LeftOut:
    driver = _driver(section)
    if not driver:
        return LeftOut(entry.ident, NO_ALGORITHM)
    resists = entry.text("predictionresistance") == "True"
    mixed = entry.all_octets("additionalinput")
    inputs = [
        (
            entry.octets("entropyinput") + entry.octets("nonce"),
            entry.octets("personalizationstring"),
        )
    ]
    if "entropyinputreseed" in entry:
        inputs.append((entry.octets("entropyinputreseed"), entry.octets("additionalinputreseed")))
    entropy = entry.all_octets("entropyinputpr") if resists else [b""] * len(mixed)
    inputs += zip(entropy, mixed, strict=True)
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.RNG,
        name=f"drbg_{'pr' if resists else 'nopr'}_{driver}",
        inputs=tuple(inputs),
        tag=entry.octets("returnedbits"),
    )
