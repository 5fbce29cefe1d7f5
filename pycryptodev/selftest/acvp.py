# SPDX-License-Identifier: MIT
"""Vectors of NIST's ACVP, in the form that holds questions and answers together.

That is an ``internalProjection.json``; what a laboratory's server sends (``prompt.json``) has no
answers.

Source: https://pages.nist.gov/ACVP/.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..enums import AlgClass
from ..nonces import ccm_iv
from .model import Case, Expect, LeftOut, refused_only, spread

NO_ALGORITHM = "the kernel does not have the algorithm"
NOT_BYTES = "length is not a number of whole bytes"
NOT_FUNCTIONAL = "Monte Carlo or large-data test"
NO_ANSWER = "a question without an answer"
NONCE = "the kernel's gcm takes nonces of 12 bytes"


@dataclass(frozen=True, slots=True)
class Entry:
    """One test of a vector set."""

    ident: str
    group: dict[str, Any]
    test: dict[str, Any]

    def value(self, name: str, default: Any = None) -> Any:
        """Value of a field of the test, or of its group."""
        return self.test.get(name, self.group.get(name, default))

    def octets(self, name: str) -> bytes:
        """Value of a field, from hexadecimal; of one that is not there, nothing."""
        return bytes.fromhex(self.value(name, ""))


Mapping = Callable[[Entry, str], "Case | LeftOut"]


def _key(entry: Entry) -> bytes:
    return entry.octets("key") or b"".join(entry.octets(f"key{n}") for n in (1, 2, 3))


def _cipher(entry: Entry, name: str) -> Case | LeftOut:
    if not {"pt", "ct"} <= set(entry.test):
        return LeftOut(entry.ident, NO_ANSWER)
    if entry.value("payloadLen", 0) % 8 or entry.value("dataUnitLen", 0) % 8:
        return LeftOut(entry.ident, NOT_BYTES)
    iv = entry.octets("iv") or entry.octets("tweakValue")
    if "sequenceNumber" in entry.test:
        iv = int(entry.test["sequenceNumber"]).to_bytes(16, "little")
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=_key(entry),
        iv=iv,
        plain=entry.octets("pt"),
        cipher=entry.octets("ct"),
    )


def _key_wrap(entry: Entry, name: str) -> Case | LeftOut:
    """Key wrapping: the kernel has the first 8 bytes of the result apart, as the IV."""
    if entry.value("kwCipher", "cipher") != "cipher":
        return LeftOut(entry.ident, NO_ALGORITHM)
    if "ct" not in entry.test:
        return LeftOut(entry.ident, NO_ANSWER)
    wrapped, forged = entry.octets("ct"), entry.value("testPassed") is False
    if not forged and "pt" not in entry.test:
        return LeftOut(entry.ident, NO_ANSWER)
    case = Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=_key(entry),
        iv=wrapped[:8],
        plain=b"" if forged else entry.octets("pt"),
        cipher=wrapped[8:],
    )
    return refused_only(case) if forged else case


def _aead(entry: Entry, name: str) -> Case | LeftOut:
    forged = entry.value("testPassed") is False
    if "ct" not in entry.test or not (forged or "pt" in entry.test):
        return LeftOut(entry.ident, NO_ANSWER)
    iv, sealed, tag = entry.octets("iv"), entry.octets("ct"), entry.octets("tag")
    if name.startswith("gcm(") and len(iv) != 12:
        return LeftOut(entry.ident, NONCE)
    if name.startswith("ccm("):
        iv = ccm_iv(iv)
        # The tag stands behind the text.
        length = entry.value("tagLen") // 8
        sealed, tag = sealed[:-length], sealed[-length:]
    case = Case(
        ident=entry.ident,
        alg_class=AlgClass.AEAD,
        name=name,
        key=entry.octets("key"),
        iv=iv,
        assoc=entry.octets("aad"),
        plain=b"" if forged else entry.octets("pt"),
        cipher=sealed,
        tag=tag,
        tag_bytes=len(tag),
    )
    return refused_only(case) if forged else case


def _digest(entry: Entry, name: str) -> Case | LeftOut:
    if "md" not in entry.test:
        return LeftOut(entry.ident, NO_ANSWER)
    bits = entry.value("len", 8 * len(entry.octets("msg")))
    if bits % 8:
        return LeftOut(entry.ident, NOT_BYTES)
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.HASH,
        name=name,
        plain=entry.octets("msg")[: bits // 8],
        tag=entry.octets("md"),
    )


def _mac(entry: Entry, name: str) -> Case | LeftOut:
    if "mac" not in entry.test:
        return LeftOut(entry.ident, NO_ANSWER)
    if entry.value("macLen", 0) % 8 or entry.value("keyLen", 0) % 8:
        return LeftOut(entry.ident, NOT_BYTES)
    message = entry.octets("msg") or entry.octets("message")
    forged = entry.value("testPassed") is False
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.HASH,
        name=name,
        key=_key(entry),
        plain=message,
        tag=entry.octets("mac"),
        expect=Expect.DIFFERENT if forged else Expect.SAME,
    )


_RULES: list[tuple[str, str, Mapping]] = [
    (r"ACVP-AES-(CBC|ECB|CTR|OFB)", r"\1(aes)", _cipher),
    (r"ACVP-AES-CFB128", "cfb(aes)", _cipher),
    (r"ACVP-AES-XTS", "xts(aes)", _cipher),
    (r"ACVP-AES-KW", "kw(aes)", _key_wrap),
    (r"ACVP-AES-GCM", "gcm(aes)", _aead),
    (r"ACVP-AES-CCM", "ccm(aes)", _aead),
    (r"ACVP-TDES-(CBC|ECB|OFB)", r"\1(des3_ede)", _cipher),
    (r"ACVP-TDES-CFB64", "cfb(des3_ede)", _cipher),
    (r"SHA-1", "sha1", _digest),
    (r"SHA2-(224|256|384|512)", r"sha\1", _digest),
    (r"SHA3-(224|256|384|512)", r"sha3-\1", _digest),
    (r"HMAC-SHA-1", "hmac(sha1)", _mac),
    (r"HMAC-SHA2-(224|256|384|512)", r"hmac(sha\1)", _mac),
    (r"HMAC-SHA3-(224|256|384|512)", r"hmac(sha3-\1)", _mac),
    (r"CMAC-AES", "cmac(aes)", _mac),
    (r"CMAC-TDES", "cmac(des3_ede)", _mac),
]


def _find(algorithm: str) -> tuple[str, Mapping] | None:
    """The generic name for what a file calls the algorithm, and how its vectors are read."""
    for expression, name, mapping in _RULES:
        if match := re.fullmatch(expression, algorithm, re.IGNORECASE):
            return match.expand(name).lower(), mapping
    return None


def vector_set(content: Any) -> dict[str, Any] | None:
    """Return the vector set of a file's content; None if it is in another form."""
    # What goes over the network has the version of the protocol in front.
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, dict) and {"vsId", "algorithm", "testGroups"} <= set(part):
            return part
    return None


def cases(path: Path, content: dict[str, Any], *, limit: int = 0) -> Iterator[Case | LeftOut]:
    """Make cases of a vector set.

    Args:
        path: the file, for the idents.
        content: the vector set.
        limit: at most so many tests, evenly spread; 0 = all.

    Raises:
        ValueError: a test lacks something.
    """
    entries = [
        Entry(f"{path.name}:{group['tgId']}/{test['tcId']}", group, test)
        for group in content["testGroups"]
        for test in group["tests"]
    ]
    found = _find(str(content["algorithm"]))
    if found is None:
        yield from (LeftOut(entry.ident, NO_ALGORITHM) for entry in spread(entries, limit))
        return
    name, mapping = found
    for entry in spread(entries, limit):
        if entry.group.get("testType", "AFT") not in ("AFT", "VAL", "CTR"):
            yield LeftOut(entry.ident, NOT_FUNCTIONAL)
            continue
        try:
            yield mapping(entry, name)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: {entry.ident}: {error!r}") from None
