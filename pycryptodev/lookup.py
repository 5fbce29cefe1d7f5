# SPDX-License-Identifier: MIT
"""Questions to the driver that need no configured context."""

from __future__ import annotations

import os

from ._context import NODE, Context
from .enums import AlgClass
from .errors import AlgorithmNotFound
from .info import Algorithm, DriverInfo

__all__ = ["default_generator", "driver_info", "query"]


def query(
    name: str, alg_class: AlgClass | None = None, *, path: str | os.PathLike[str] = NODE
) -> Algorithm:
    """Look an algorithm up as a context would take it, without a key.

    Args:
        name: generic or driver name of the crypto API. The kernel may load a module or instantiate
            a template for it.
        alg_class: its class; None = the one class that has the name, among the algorithms that are
            registered, or else among all that the kernel can load.
        path: the node.

    Returns:
        The implementation that the kernel chooses now.

    Raises:
        AlgorithmNotFound: there is none.
        AmbiguousName: more than one class has the name; lists them.
        PolicyError: the policy does not list the name.
        DeviceMissing, DeviceForbidden: the node cannot be opened.
    """
    context = Context(path)
    try:
        return context.query(name, alg_class)
    finally:
        context.close()


def default_generator(*, path: str | os.PathLike[str] = NODE) -> str:
    """Return the name of the generator to take where any will do.

    Args:
        path: the node.

    Returns:
        "stdrng", the best of the kernel's generators; "jitterentropy_rng" where the kernel has
        none of that name.

    Raises:
        PolicyError: the policy does not list "stdrng".
        DeviceMissing, DeviceForbidden: the node cannot be opened.
    """
    try:
        query("stdrng", AlgClass.RNG, path=path)
    except AlgorithmNotFound:
        return "jitterentropy_rng"
    return "stdrng"


def driver_info(*, path: str | os.PathLike[str] = NODE) -> DriverInfo:
    """Return version, features and limits of the running driver.

    Raises:
        DeviceMissing, DeviceForbidden: the node cannot be opened.
        NotSupported: it belongs to another driver.
    """
    context = Context(path)
    try:
        return context.driver_info()
    finally:
        context.close()
