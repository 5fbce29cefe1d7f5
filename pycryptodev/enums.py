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
    COMP = lib.DEVCRYPTO_CLASS_COMP
    """Compression, such as "deflate" and "zstd"."""
    AKCIPHER = lib.DEVCRYPTO_CLASS_AKCIPHER
    """Asymmetric encryption: "rsa" and "pkcs1pad(rsa)"."""
    SIG = lib.DEVCRYPTO_CLASS_SIG
    """Signatures, such as "pkcs1pad(rsa,sha256)" and "ecdsa-nist-p256"."""
    KPP = lib.DEVCRYPTO_CLASS_KPP
    """Key agreement, such as "ecdh-nist-p256" and "ffdhe2048(dh)"."""


class Op(IntEnum):
    """Operation of a request."""

    ENCRYPT = lib.DEVCRYPTO_OP_ENCRYPT
    """Encrypt; skcipher, AEAD and akcipher."""
    DECRYPT = lib.DEVCRYPTO_OP_DECRYPT
    """Decrypt; skcipher, AEAD and akcipher."""
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
    STREAM_SAVE = lib.DEVCRYPTO_OP_STREAM_SAVE
    """The sealed state of the stream; hash."""
    STREAM_RESTORE = lib.DEVCRYPTO_OP_STREAM_RESTORE
    """Go on with a saved state; hash."""
    COMPRESS = lib.DEVCRYPTO_OP_COMPRESS
    """Compress a block; comp."""
    DECOMPRESS = lib.DEVCRYPTO_OP_DECOMPRESS
    """Decompress a block; comp."""
    SIGN = lib.DEVCRYPTO_OP_SIGN
    """Sign a digest; sig."""
    VERIFY = lib.DEVCRYPTO_OP_VERIFY
    """Hold a signature against a digest; sig."""
    PUBLIC_KEY = lib.DEVCRYPTO_OP_PUBLIC_KEY
    """The public key of the private value; kpp."""
    SHARED_SECRET = lib.DEVCRYPTO_OP_SHARED_SECRET
    """The secret shared with the owner of a public key; kpp."""


class Feature(IntFlag):
    """Features of the running driver; bits of a newer one are kept."""

    QUERY = lib.DEVCRYPTO_FEATURE_QUERY
    """An algorithm can be looked up without configuring a context."""
    LAYOUT = lib.DEVCRYPTO_FEATURE_LAYOUT
    """A context can keep the layout of the caller's buffers."""
    IV_OUT = lib.DEVCRYPTO_FEATURE_IV_OUT
    """A request can return the IV with which the message goes on."""
    SOURCE = lib.DEVCRYPTO_FEATURE_SOURCE
    """A context can share algorithm and key of another one."""
    STREAM = lib.DEVCRYPTO_FEATURE_STREAM
    """A context can begin with a copy of another one's hash stream."""
    KEYRING = lib.DEVCRYPTO_FEATURE_KEYRING
    """A key can come from the kernel's keyring."""
    PRIVATE = lib.DEVCRYPTO_FEATURE_PRIVATE
    """Asymmetric algorithms take private keys."""
    GENERATE = lib.DEVCRYPTO_FEATURE_GENERATE
    """The kernel can make the private value of a key agreement."""
    ENTROPY = lib.DEVCRYPTO_FEATURE_ENTROPY
    """Tests can give a generator its entropy."""
    SUBMIT = lib.DEVCRYPTO_FEATURE_SUBMIT
    """Requests can be submitted without waiting for them."""
    CHAIN = lib.DEVCRYPTO_FEATURE_CHAIN
    """Submitted requests can be bound to their order."""
    ZEROCOPY = lib.DEVCRYPTO_FEATURE_ZEROCOPY
    """The algorithm may work in the caller's pages."""
    URING = lib.DEVCRYPTO_FEATURE_URING
    """The kernel has io_uring, and the driver takes requests by it."""
