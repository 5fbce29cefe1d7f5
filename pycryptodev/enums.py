# SPDX-License-Identifier: MIT
"""Numbers of the ABI header that programs use by name."""

from __future__ import annotations

from enum import IntEnum, IntFlag

from ._abi import lib

__all__ = ["AlgClass", "Feature", "Op"]


class AlgClass(IntEnum):
    """Class of an algorithm; a context has one."""

    SKCIPHER = lib.DEVCRYPTO_CLASS_SKCIPHER
    """Symmetric ciphers such as "cbc(aes)"."""
    AEAD = lib.DEVCRYPTO_CLASS_AEAD
    """Authenticated encryption with associated data, such as "gcm(aes)"."""
    HASH = lib.DEVCRYPTO_CLASS_HASH
    """Hashes and keyed hashes, such as "sha256" and "hmac(sha256)"."""
    RNG = lib.DEVCRYPTO_CLASS_RNG
    """Random number generators, such as "jitterentropy_rng"."""


class Op(IntEnum):
    """Operation of a request."""

    ENCRYPT = lib.DEVCRYPTO_OP_ENCRYPT
    """Encrypt; skcipher and AEAD."""
    DECRYPT = lib.DEVCRYPTO_OP_DECRYPT
    """Decrypt; skcipher and AEAD."""
    DIGEST = lib.DEVCRYPTO_OP_DIGEST
    """Digest of one message; hash."""
    STREAM_INIT = lib.DEVCRYPTO_OP_STREAM_INIT
    """Begin the context's stream anew; hash."""
    STREAM_UPDATE = lib.DEVCRYPTO_OP_STREAM_UPDATE
    """Append to the stream; hash."""
    STREAM_FINAL = lib.DEVCRYPTO_OP_STREAM_FINAL
    """Append to the stream, take its digest and begin anew; hash."""
    GENERATE = lib.DEVCRYPTO_OP_GENERATE
    """Random bytes; rng."""
    RESEED = lib.DEVCRYPTO_OP_RESEED
    """Seed the generator; rng."""


class Feature(IntFlag):
    """Features of the running driver; bits of a newer one are kept."""

    QUERY = lib.DEVCRYPTO_FEATURE_QUERY
    """An algorithm can be looked up without configuring a context."""
    LAYOUT = lib.DEVCRYPTO_FEATURE_LAYOUT
    """A context can keep the layout of the caller's buffers."""
    IV_OUT = lib.DEVCRYPTO_FEATURE_IV_OUT
    """A request can return the IV with which the message goes on."""
