# SPDX-License-Identifier: MIT
"""What the machine has: the algorithms that are registered, and those that it could load."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from ._context import NODE, Context
from .algorithms import PROC_CRYPTO, RegisteredAlgorithm, parse_proc_crypto, policy
from .enums import AlgClass
from .errors import CryptoDevError, DeviceForbidden, DeviceMissing
from .info import Algorithm

__all__ = ["LoadableAlgorithm", "algorithms", "loadable", "parse_modules_alias"]

MODULES = Path("/lib/modules")
LOADED = Path("/sys/module")

_ALIAS = re.compile(r"^alias crypto-(\S+) (\S+)$", re.MULTILINE)


def algorithms(
    *, ask_device: bool = True, path: str | os.PathLike[str] = NODE
) -> list[RegisteredAlgorithm]:
    """Return the algorithms that are registered with the kernel now, in the order of /proc/crypto.

    Others may be loaded when they are asked for by name (see :func:`loadable`), and templates such
    as "hmac" make new ones: an algorithm that is not in the list is not thereby missing.

    Args:
        ask_device: ask the device for what /proc/crypto does not have, as far as the caller may;
            the kernel may have to load what an implementation is made of. Without a device, or
            without permission to open it, the list has what /proc/crypto tells.
        path: the node.
    """
    entries = parse_proc_crypto(PROC_CRYPTO.read_text(encoding="ascii"), policy())
    if not ask_device:
        return entries
    try:
        context = Context(path)
    except (DeviceMissing, DeviceForbidden):
        return entries
    with closing(context):
        classes = context.driver_info().classes
        return [
            replace(
                entry,
                offered=entry.alg_class in classes,
                info=_ask(context, entry, classes),
            )
            for entry in entries
        ]


def _ask(
    context: Context, entry: RegisteredAlgorithm, classes: Collection[AlgClass]
) -> Algorithm | None:
    # Of one that is internal or has not passed its test the kernel looks for another by that name.
    if entry.alg_class not in classes or entry.internal or not entry.selftest:
        return None
    # One that only its generic name allows is to be had by that name alone.
    for name in (entry.driver, entry.name):
        try:
            found = context.query(name, entry.alg_class)
        except CryptoDevError:
            continue
        if found.driver == entry.driver:
            return found
    return None


@dataclass(frozen=True, slots=True)
class LoadableAlgorithm:
    """A name of the crypto API that a module would register, or a template such as "cbc"."""

    name: str
    """Generic name, driver name, or template."""
    modules: tuple[str, ...]
    """The modules that have it and are not loaded."""
    allowed: bool | None
    """The policy lists it, or a name that is made with it; None where no driver is loaded."""


def parse_modules_alias(
    text: str,
    *,
    registered: Collection[str] = (),
    loaded: Collection[str] = (),
    allowed: frozenset[str] | None = None,
) -> list[LoadableAlgorithm]:
    """Return what a text in the format of modules.alias has for the crypto API, by name.

    Args:
        text: lines "alias crypto-NAME MODULE"; others are passed over.
        registered: names that need not be loaded.
        loaded: modules that are there: what they have not registered they do not have here.
        allowed: names that the policy allows; None if that is not known.
    """
    found: dict[str, set[str]] = {}
    for name, module in _ALIAS.findall(text):
        if name not in registered and module not in loaded:
            found.setdefault(name, set()).add(module)
    parts = None
    if allowed is not None:
        parts = allowed | {part for name in allowed for part in re.split(r"[(),]", name)}
    return [
        LoadableAlgorithm(
            name, tuple(sorted(modules)), allowed=None if parts is None else name in parts
        )
        for name, modules in sorted(found.items())
    ]


def loadable() -> list[LoadableAlgorithm]:
    """Return the names for which the running kernel has modules that are not loaded, sorted.

    They are the aliases of the modules, which tell nothing of class or sizes. Most are loaded when
    they are asked for by name.
    """
    file = MODULES / os.uname().release / "modules.alias"
    try:
        text = file.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return []
    registered = parse_proc_crypto(PROC_CRYPTO.read_text(encoding="ascii"))
    return parse_modules_alias(
        text,
        registered={name for each in registered for name in (each.name, each.driver)},
        loaded={module.name for module in LOADED.iterdir()},
        allowed=policy(),
    )
