# SPDX-License-Identifier: MIT
"""The algorithms that are registered with the kernel, and the administrator's policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .enums import AlgClass

if TYPE_CHECKING:
    from .info import Algorithm

__all__ = ["RegisteredAlgorithm", "parse_proc_crypto", "policy", "registered_classes"]

PROC_CRYPTO = Path("/proc/crypto")
POLICY = Path("/sys/class/misc/crypto/policy")


@dataclass(frozen=True, slots=True)
class RegisteredAlgorithm:
    """An entry of /proc/crypto. A size that does not apply is 0."""

    name: str
    """Generic name."""
    driver: str
    """Name of the implementation."""
    module: str
    """Module that it is in; "kernel" if built in."""
    priority: int
    """Its priority among the implementations of the name."""
    refcount: int
    """Uses of the entry, its own included."""
    selftest: bool
    """It passed its self-test, or there is none for it."""
    internal: bool
    """A building block of other algorithms, not for use of its own."""
    kind: str
    """Type of the crypto API, such as "skcipher" or "shash"."""
    alg_class: AlgClass | None
    """The class under which the device offers the type; None if it does not."""
    is_async: bool
    """It may complete requests asynchronously."""
    block_bytes: int
    """Block size in bytes."""
    chunk_bytes: int
    """Ciphers: a message may be split at multiples of this many bytes."""
    iv_bytes: int
    """Length of the IV in bytes."""
    tag_max_bytes: int
    """AEAD: longest tag in bytes."""
    digest_bytes: int
    """Hash: length of the digest in bytes."""
    key_min_bytes: int
    """Ciphers: shortest key in bytes."""
    key_max_bytes: int
    """Ciphers: longest key in bytes."""
    seed_bytes: int
    """Rng: length of a seed in bytes."""
    allowed: bool | None
    """The policy lists its generic name or its driver name; None where no driver is loaded."""
    selftest_running: bool = False
    """Its self-test is under way."""
    fips: bool | None = None
    """The kernel's FIPS mode lets it be used; None where that mode is off."""
    offered: bool | None = None
    """The device offers its class; None where the device was not asked."""
    info: Algorithm | None = None
    """What the device tells of it; None where it was not asked, or does not tell: of what it does
    not offer, policy refuses, or is internal or untested."""

    @property
    def hardware(self) -> bool | None:
        """It is an engine, not instructions of the CPU; None where the device does not tell."""
        return None if self.info is None else self.info.hardware


# Types of /proc/crypto by the class under which the device offers them.
_CLASSES = {
    "skcipher": AlgClass.SKCIPHER,
    "lskcipher": AlgClass.SKCIPHER,
    "aead": AlgClass.AEAD,
    "shash": AlgClass.HASH,
    "ahash": AlgClass.HASH,
    "rng": AlgClass.RNG,
    "acomp": AlgClass.COMP,
    "scomp": AlgClass.COMP,
    "akcipher": AlgClass.AKCIPHER,
    "sig": AlgClass.SIG,
    "kpp": AlgClass.KPP,
}

# What signs is of type "akcipher" on kernels without the type "sig": of the templates those with a
# hash, and what nobody can encrypt with.
_SIGNS = re.compile(r"pkcs1pad\(.+,.+\)|ecr?dsa\b.*")


def _entries(text: str) -> Iterator[dict[str, str]]:
    for paragraph in text.split("\n\n"):
        pairs = (line.partition(":") for line in paragraph.splitlines())
        entry = {key.strip(): value.strip() for key, _, value in pairs if key.strip()}
        if entry:
            yield entry


def _class_of(kind: str, name: str) -> AlgClass | None:
    if kind == "akcipher" and _SIGNS.fullmatch(name):
        return AlgClass.SIG
    return _CLASSES.get(kind)


def parse_proc_crypto(
    text: str, allowed: frozenset[str] | None = None
) -> list[RegisteredAlgorithm]:
    """Return the entries of a text in the format of /proc/crypto, in its order.

    Args:
        text: paragraphs of "key : value" lines. Those of type "larval", which are self-tests under
            way, are no entries of their own.
        allowed: names that the policy allows; None if that is not known.
    """

    def number(entry: dict[str, str], key: str) -> int:
        value = entry.get(key, "0")
        return int(value) if value.lstrip("-").isdigit() else 0

    entries = list(_entries(text))
    tests = {entry["driver"] for entry in entries if entry.get("type") == "larval"}
    return [
        RegisteredAlgorithm(
            name=entry["name"],
            driver=entry["driver"],
            module=entry["module"],
            priority=number(entry, "priority"),
            refcount=number(entry, "refcnt"),
            selftest=entry["selftest"] == "passed",
            internal=entry["internal"] == "yes",
            kind=entry["type"],
            alg_class=_class_of(entry["type"], entry["name"]),
            is_async=entry.get("async") == "yes",
            block_bytes=number(entry, "blocksize"),
            chunk_bytes=number(entry, "chunksize"),
            iv_bytes=number(entry, "ivsize"),
            tag_max_bytes=number(entry, "maxauthsize"),
            digest_bytes=number(entry, "digestsize"),
            key_min_bytes=number(entry, "min keysize"),
            key_max_bytes=number(entry, "max keysize"),
            seed_bytes=number(entry, "seedsize"),
            allowed=None if allowed is None else bool(allowed & {entry["name"], entry["driver"]}),
            selftest_running=entry["driver"] in tests and entry["selftest"] != "passed",
            fips=entry["fips"] == "yes" if "fips" in entry else None,
        )
        for entry in entries
        if entry.get("type", "larval") != "larval"
    ]


def policy() -> frozenset[str] | None:
    """Return the names that the administrator's policy allows, generic and driver names.

    Returns:
        The names; None if the driver is not loaded.
    """
    try:
        return frozenset(POLICY.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return None


def registered_classes(text: str, name: str) -> list[AlgClass]:
    """Return the classes in which a text in the format of /proc/crypto has a name.

    Args:
        text: as in :func:`parse_proc_crypto`.
        name: generic or driver name.
    """
    paragraphs = (part for part in text.split("\n\n") if f": {name}\n" in part)
    classes = {
        entry.alg_class
        for entry in parse_proc_crypto("\n\n".join(paragraphs))
        if name in (entry.name, entry.driver) and not entry.internal
    }
    return [kind for kind in AlgClass if kind in classes]
