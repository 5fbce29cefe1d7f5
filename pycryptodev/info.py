# SPDX-License-Identifier: MIT
"""What the driver tells of an algorithm and of itself."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from . import _ioctl
from ._abi import lib
from .enums import AlgClass, Feature

__all__ = ["Algorithm", "DriverInfo"]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm as the kernel chose it for a name. A size that does not apply is 0."""

    name: str
    """Generic name, such as "cbc(aes)"."""
    driver: str
    """Name of the implementation, such as "cbc-aes-aesni"."""
    alg_class: AlgClass
    """Its class."""
    priority: int
    """Its priority among the implementations of the name."""
    is_async: bool
    """It may complete requests asynchronously."""
    hardware: bool
    """It is an engine that only a kernel driver reaches, not instructions of the CPU."""
    tested: bool
    """It passed the kernel's self-test, or the kernel has none for it."""
    chains: bool
    """A long message may be split between requests, each with the IV that the last returned."""
    needs_key: bool
    """It cannot be configured without a key."""
    block_bytes: int
    """Block size in bytes; 1 for stream ciphers."""
    chunk_bytes: int
    """Ciphers: a message may be split at multiples of this many bytes."""
    iv_bytes: int
    """Length of the IV of a request in bytes; 0 = takes none."""
    tag_bytes: int
    """AEAD: length of the tag in bytes."""
    tag_max_bytes: int
    """AEAD: longest tag in bytes."""
    digest_bytes: int
    """Hash: length of the digest in bytes. Signatures: that of the digest which is signed or
    verified; 0 = any."""
    state_bytes: int
    """Hash: length of the exported state of a stream in bytes."""
    key_min_bytes: int
    """Ciphers: shortest key in bytes; 0 where the crypto API cannot tell."""
    key_max_bytes: int
    """Ciphers: longest key in bytes; 0 where the crypto API cannot tell."""
    seed_bytes: int
    """Rng: length of the caller's seed in bytes; 0 = any."""
    output_bytes: int
    """Asymmetric algorithms: longest output with this key in bytes: ciphertext, signature, public
    key. 0 without a key."""
    saved_bytes: int
    """Hash: length of a saved state of a stream in bytes; 0 = it cannot be saved."""

    @classmethod
    def from_config(cls, alg_class: int, raw: dict[str, Any]) -> Algorithm:
        """Return the algorithm that the configuring ioctl described."""
        properties = raw["properties"]
        told = {
            **raw,
            "alg_class": AlgClass(alg_class),
            "is_async": bool(properties & lib.DEVCRYPTO_ALG_ASYNC),
            "hardware": bool(properties & lib.DEVCRYPTO_ALG_HARDWARE),
            "tested": bool(properties & lib.DEVCRYPTO_ALG_TESTED),
            "chains": bool(properties & lib.DEVCRYPTO_ALG_CHAINS),
            "needs_key": bool(properties & lib.DEVCRYPTO_ALG_NEEDS_KEY),
        }
        return cls(**{field.name: told[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class DriverInfo:
    """What the running driver is and allows."""

    abi_version: int
    """Version of the interface."""
    fips_enabled: bool
    """The kernel runs in FIPS mode."""
    features: Feature
    """What the driver knows beyond the first version."""
    classes: tuple[AlgClass, ...]
    """Classes that the driver offers and this client knows."""
    max_batch: int
    """Most requests in one system call."""
    max_request_bytes: int
    """Most bytes of source and of random output in one request."""
    max_segments: int
    """Most pieces of a scattered buffer."""
    max_key_bytes: int
    """Most bytes of a key."""
    max_layout_bytes: int
    """Most bytes of a request in a context that keeps the layout of the buffers."""
    max_assoc_bytes: int
    """Most bytes of associated data in one request."""
    max_contexts_per_user: int
    """Most configured contexts of one user."""
    contexts_of_user: int
    """Configured contexts that the caller's user has now."""
    max_memory_per_user: int
    """Most bytes of driver memory for the payload of one user's requests."""
    memory_of_user: int
    """Bytes of it that the caller's user has now."""
    max_layout_entries: int
    """Most segments of a request in a context that keeps the layout of the buffers."""
    version: str
    """Version of the driver."""
    max_comp_bytes: int
    """Compression: most bytes of source in one request, and most that its output is given."""
    max_in_flight: int
    """Most submitted requests of one context whose completions have not been taken."""
    inline_bytes: int
    """A submitted request of a cipher, AEAD or hash is executed at once up to this many bytes."""

    @classmethod
    def read(cls, fd: _ioctl.FDLike) -> DriverInfo:
        """Ask the driver behind an open node."""
        raw = _ioctl.info(fd)
        raw["fips_enabled"] = bool(raw["fips_enabled"])
        raw["features"] = Feature(raw["features"])
        raw["classes"] = tuple(kind for kind in AlgClass if raw["classes"] & 1 << kind)
        return cls(**{field.name: raw[field.name] for field in fields(cls)})
