# SPDX-License-Identifier: MIT
"""Implementations of an algorithm to look for: the portable one and those with instructions of x86.

Those that a guest does not have are skipped; what it has besides, under the same generic name,
is found in /proc/crypto by the runner.
"""

from __future__ import annotations

# Implementations of a single block, over which a template builds its mode.
_BLOCK = {
    "aes": ("aes-generic", "aes-aesni"),
    "des3_ede": ("des3_ede-generic", "des3_ede-asm"),
    "camellia": ("camellia-generic", "camellia-asm"),
    "blowfish": ("blowfish-generic", "blowfish-asm"),
    "cast5": ("cast5-generic",),
}

# Implementations of a whole mode.
_MODE = {
    "ecb(aes)": ("ecb-aes-aesni",),
    "cbc(aes)": ("cbc-aes-aesni", "virtio_crypto_aes_cbc"),
    "ctr(aes)": ("ctr-aes-aesni",),
    "ecb(des3_ede)": ("ecb-des3_ede-asm",),
    "cbc(des3_ede)": ("cbc-des3_ede-asm",),
    "ecb(camellia)": ("ecb-camellia-asm", "ecb-camellia-aesni", "ecb-camellia-aesni-avx2"),
    "cbc(camellia)": ("cbc-camellia-asm", "cbc-camellia-aesni", "cbc-camellia-aesni-avx2"),
    "ecb(blowfish)": ("ecb-blowfish-asm",),
    "cbc(blowfish)": ("cbc-blowfish-asm",),
    "ecb(cast5)": ("ecb-cast5-avx",),
    "cbc(cast5)": ("cbc-cast5-avx",),
}

# Everything that is no mode of a block cipher.
_WHOLE = {
    "xts(aes)": ("xts(ecb(aes-generic))", "xts-aes-aesni"),
    "gcm(aes)": ("gcm_base(ctr(aes-generic),ghash-generic)", "generic-gcm-aesni"),
    "ccm(aes)": (
        "ccm_base(ctr(aes-generic),cbcmac(aes-generic))",
        "ccm_base(ctr-aes-aesni,cbcmac(aes-aesni))",
    ),
    "rfc7539(chacha20,poly1305)": (
        "rfc7539(chacha20-generic,poly1305-generic)",
        "rfc7539(chacha20-simd,poly1305-simd)",
    ),
    "chacha20": ("chacha20-generic", "chacha20-simd"),
    "xchacha20": ("xchacha20-generic", "xchacha20-simd"),
    "ghash": ("ghash-generic", "ghash-clmulni"),
    "poly1305": ("poly1305-generic", "poly1305-simd"),
}

_SHA = {
    "sha1": ("ssse3", "avx", "avx2", "ni"),
    "sha224": ("ssse3", "avx", "avx2", "ni"),
    "sha256": ("ssse3", "avx", "avx2", "ni"),
    "sha384": ("ssse3", "avx", "avx2"),
    "sha512": ("ssse3", "avx", "avx2"),
}


def candidates(name: str) -> tuple[str, ...]:
    """Driver names to look for.

    Args:
        name: generic name.

    Returns:
        driver names, the portable one first.
    """
    if name in _WHOLE:
        return _WHOLE[name]
    template, parenthesis, inner = name.rstrip(")").partition("(")
    if inner in _BLOCK:
        modes = _MODE.get(name, ())
        blocks = _BLOCK[inner][:1] if modes else _BLOCK[inner]
        return tuple(f"{template}({block})" for block in blocks) + modes
    base = inner if parenthesis else name
    variants = tuple(f"{base}-{variant}" for variant in ("generic", *_SHA.get(base, ())))
    return tuple(f"{template}({variant})" for variant in variants) if parenthesis else variants
