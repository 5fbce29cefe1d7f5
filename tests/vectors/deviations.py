# SPDX-License-Identifier: MIT
"""Where a kernel does not do what is published: each vector by its number, with the reason.

Such a vector has to fail as it is said here. If it does not, the kernel has learnt it, and the
entry goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deviation:
    """Vectors that some implementations get wrong for one reason.

    Args:
        reason: why.
        drivers: names of the implementations; ``{curve}`` in them is that of the file.
        found: what the runner says, among other things.
        vectors: files, with the numbers in them.
        kernels: as KERNEL= names them; empty = all that have the implementations.
    """

    reason: str
    drivers: tuple[str, ...]
    found: str
    vectors: dict[str, tuple[int, ...]]
    kernels: tuple[str, ...] = ()


def of(driver: str, kernel: str) -> dict[str, str]:
    """What an implementation gets wrong.

    Args:
        driver: its name.
        kernel: the running kernel, as KERNEL= names it.

    Returns:
        what the runner says, among other things, by vector.
    """
    return {
        f"{file}:{i}": deviation.found
        for deviation in DEVIATIONS
        for file, numbers in deviation.vectors.items()
        if driver in (name.format(curve=_curve(file)) for name in deviation.drivers)
        if not deviation.kernels or kernel in deviation.kernels
        for i in numbers
    }


def _curve(file: str) -> str:
    match = re.search(r"secp(\d+)r1", file)
    return f"p{match[1]}" if match else ""


# On all kernels that have it.
_ECDSA_IN_DER = ("ecdsa-nist-{curve}-generic", "x962(ecdsa-nist-{curve}-generic)")

ACCEPTED = "expected result -129, got 0"

DEVIATIONS = (
    Deviation(
        "BER is taken, not DER alone: a length in a longer form than it needs, or indefinite",
        _ECDSA_IN_DER,
        ACCEPTED,
        {
            "ecdsa_secp192r1_sha256_test.json": (8, 9, 48, 67, 68, 114, 115),
            "ecdsa_secp256r1_sha256_test.json": (8, 9, 48, 67, 68, 114, 115),
            "ecdsa_secp256r1_sha3_256_test.json": (8, 9, 48, 67, 68, 113, 114),
            "ecdsa_secp256r1_sha3_512_test.json": (9, 10, 49, 68, 69, 114, 115),
            "ecdsa_secp256r1_sha512_test.json": (8, 9, 48, 67, 68, 114, 115),
            "ecdsa_secp384r1_sha256_test.json": (8, 9, 48, 67, 68, 113, 114),
            "ecdsa_secp384r1_sha384_test.json": (8, 9, 48, 67, 68, 114, 115),
            "ecdsa_secp384r1_sha3_384_test.json": (7, 8, 47, 66, 67, 113, 114),
            "ecdsa_secp384r1_sha3_512_test.json": (9, 10, 49, 68, 69, 114, 115),
            "ecdsa_secp384r1_sha512_test.json": (9, 10, 49, 68, 69, 114, 115),
            "ecdsa_secp521r1_sha3_512_test.json": (7, 46, 65, 66, 112, 113),
            "ecdsa_secp521r1_sha512_test.json": (7, 46, 65, 66, 112, 113),
        },
    ),
    Deviation(
        "what stands behind the sequence, or the end of an indefinite length, is not looked at",
        _ECDSA_IN_DER,
        ACCEPTED,
        {
            "ecdsa_secp192r1_sha256_test.json": (25, 52),
            "ecdsa_secp256r1_sha256_test.json": (25, 52),
            "ecdsa_secp256r1_sha3_256_test.json": (25, 52),
            "ecdsa_secp256r1_sha3_512_test.json": (26, 53),
            "ecdsa_secp256r1_sha512_test.json": (25, 52),
            "ecdsa_secp384r1_sha256_test.json": (25, 52),
            "ecdsa_secp384r1_sha384_test.json": (25, 52),
            "ecdsa_secp384r1_sha3_384_test.json": (24, 51),
            "ecdsa_secp384r1_sha3_512_test.json": (26, 53),
            "ecdsa_secp384r1_sha512_test.json": (26, 53),
            "ecdsa_secp521r1_sha3_512_test.json": (23, 50),
            "ecdsa_secp521r1_sha512_test.json": (23, 50),
        },
    ),
    Deviation(
        "zeros in front of a number are taken as long as it does not exceed the words of the curve",
        _ECDSA_IN_DER,
        ACCEPTED,
        {
            "ecdsa_secp521r1_sha3_512_test.json": (82, 126),
            "ecdsa_secp521r1_sha512_test.json": (82, 126),
        },
    ),
    Deviation(
        "a number without the zero in front that its sign needs is taken for a positive one",
        _ECDSA_IN_DER,
        ACCEPTED,
        {
            "ecdsa_secp192r1_sha256_test.json": (6,),
            "ecdsa_secp256r1_sha256_test.json": (6,),
            "ecdsa_secp256r1_sha3_256_test.json": (6,),
            "ecdsa_secp256r1_sha3_512_test.json": (6, 7),
            "ecdsa_secp256r1_sha512_test.json": (6,),
            "ecdsa_secp384r1_sha256_test.json": (6,),
            "ecdsa_secp384r1_sha384_test.json": (6,),
            "ecdsa_secp384r1_sha3_512_test.json": (6, 7),
            "ecdsa_secp384r1_sha512_test.json": (6, 7),
        },
    ),
    Deviation(
        "a public key whose X is 0 is taken for the point at infinity when it is multiplied",
        ("ecdh-nist-{curve}-generic",),
        "expected result 0, got -22",
        {
            "ecdh_secp256r1_ecpoint_test.json": (69, 199),
            "ecdh_secp384r1_ecpoint_test.json": (53, 480),
        },
    ),
    Deviation(
        "the bytes of a private value are reversed before its range is checked",
        ("ecdh-nist-{curve}-generic",),
        "DEVCRYPTO_IOC_CONFIG: Invalid argument",
        {
            "ecdh_secp256r1_ecpoint_test.json": (316, 317, 318),
            "ecdh_secp384r1_ecpoint_test.json": (761, 762, 763),
        },
        kernels=("6.1", "rt", "debug", "kcsan"),
    ),
    Deviation(
        "the driver takes an empty result for one as long as the modulus; it is all zeros",
        ("virtio-pkcs1-rsa",),
        "expected 0 bytes, got",
        {
            "implicit_rejection.txt": (16, 118, 169),
            "rsa_pkcs1_2048_test.json": (1,),
            "rsa_pkcs1_3072_test.json": (1,),
            "rsa_pkcs1_4096_test.json": (1,),
        },
    ),
)
