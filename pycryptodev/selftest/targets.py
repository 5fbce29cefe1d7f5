# SPDX-License-Identifier: MIT
"""The implementations of an algorithm that the machine has, and the names that give them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ..algorithms import PROC_CRYPTO, parse_proc_crypto, policy
from ..enums import AlgClass
from ..errors import AlgorithmNotFound, CryptoDevError, NotSupported, PolicyError
from ..info import Algorithm
from ..lookup import query

NOT_THERE = "the kernel does not have it"
REFUSED = "policy refuses it"

_RENAMED = ((r"pkcs1pad(\(rsa,.*\))", r"pkcs1\1"), (r"(ecdsa-.*)", r"x962(\1)"))
"""Names of signatures before 6.13, and since."""


@dataclass(frozen=True, slots=True)
class Target:
    """An implementation, or why there is none to test."""

    name: str
    """Generic name."""
    driver: str
    """Driver name; the generic one where the kernel has none."""
    alg_class: AlgClass
    """Class."""
    algorithm: Algorithm | None
    """What the device tells of it; None if it cannot be used."""
    asked: str
    """Name under which it is to be had."""
    reason: str = ""
    """Why it cannot be used."""


def targets(name: str, alg_class: AlgClass, *, path: str | os.PathLike[str]) -> Iterator[Target]:
    """Yield the implementations of a generic name, once the kernel has loaded what it can.

    Args:
        name: generic name; of a random generator that of the implementation.
        alg_class: its class.
        path: node of the device.
    """
    name = _name_here(name, alg_class, path=path)
    try:
        best: Algorithm | None = query(name, alg_class, path=path)
    except AlgorithmNotFound:
        yield Target(name, name, alg_class, None, name, NOT_THERE)
        return
    except NotSupported as error:
        yield Target(name, name, alg_class, None, name, error.strerror or NOT_THERE)
        return
    except PolicyError:
        best = None
    if best is not None and name == best.driver != best.name:
        # Of random generators each has vectors of its own.
        yield Target(best.name, name, alg_class, best, name)
        return
    _instantiate(name, alg_class, path=path)
    drivers = {
        entry.driver: None
        for entry in parse_proc_crypto(PROC_CRYPTO.read_text(encoding="ascii"))
        if entry.name == name and entry.alg_class is alg_class and not entry.internal
    }
    for driver in drivers:
        yield target(name, driver, alg_class, best, path=path)
    if not drivers:
        yield Target(name, name, alg_class, None, name, REFUSED)


def _name_here(name: str, alg_class: AlgClass, *, path: str | os.PathLike[str]) -> str:
    """The name that this kernel has for a signature, which kernels from 6.13 on call otherwise."""
    for expression, other in _RENAMED:
        if alg_class is AlgClass.SIG and (match := re.fullmatch(expression, name)):
            try:
                query(name, alg_class, path=path)
            except AlgorithmNotFound:
                return match.expand(other)
            except PolicyError:
                break
    return name


def _instantiate(name: str, alg_class: AlgClass, *, path: str | os.PathLike[str]) -> None:
    """Let the kernel make the implementations that policy lists and that templates make.

    Such as "gcm_base(ctr-aes-aesni,ghash-generic)" of "gcm(aes)": nobody gets them by the generic
    name where there is a better one, and so they are not registered before they are asked for.
    """
    template, parenthesis, inner = name.partition("(")
    if not parenthesis:
        return
    part = re.escape(inner.split(",")[0].rstrip(")"))
    made = re.compile(rf"{re.escape(template)}(_base)?\(.*{part}")
    for listed in policy() or ():
        if listed != name and made.match(listed):
            with suppress(CryptoDevError):
                query(listed, alg_class, path=path)


def target(
    name: str,
    driver: str,
    alg_class: AlgClass,
    best: Algorithm | None,
    *,
    path: str | os.PathLike[str],
) -> Target:
    """Return one implementation.

    Args:
        name: generic name.
        driver: driver name.
        alg_class: class.
        best: what the generic name takes.
        path: node of the device.
    """
    try:
        found = query(driver, alg_class, path=path)
    except AlgorithmNotFound:
        return Target(name, driver, alg_class, None, driver, "it did not pass the kernel's test")
    except PolicyError:
        # One that only its generic name allows is to be had by that name alone.
        if best is not None and best.driver == driver:
            return Target(name, driver, alg_class, best, name)
        return Target(name, driver, alg_class, None, driver, REFUSED)
    return Target(name, driver, alg_class, found, driver)
