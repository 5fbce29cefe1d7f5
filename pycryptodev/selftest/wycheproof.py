# SPDX-License-Identifier: MIT
"""Vectors of Project Wycheproof.

A file names its algorithm. What an implementation must not accept is run, too, and has to be
refused.

Source: https://github.com/C2SP/wycheproof, folder schemas.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..enums import AlgClass
from ..nonces import ccm_iv
from . import wycheproof_keys as keys
from .model import Case, Direction, Expect, LeftOut, spread
from .wycheproof_model import ACCEPTABLE, NO_ALGORITHM, Entry, Mapping

NONCE = "the kernel's gcm takes nonces of 12 bytes"
PADDING = "wrong padding, which the kernel does not look at"
TOO_SHORT = "shorter than the initial value that a key wrapping begins with"
COUNTER = "near the limit of the block counter, where the kernel counts on differently"


def _aead(entry: Entry, name: str, iv: bytes) -> Case:
    sealed: dict[str, Any] = {
        "ident": entry.ident,
        "alg_class": AlgClass.AEAD,
        "name": name,
        "key": entry.octets("key"),
        "iv": iv,
        "assoc": entry.octets("aad"),
        "cipher": entry.octets("ct"),
        "tag": entry.octets("tag"),
        "tag_bytes": len(entry.octets("tag")),
    }
    plain = entry.octets("msg")
    if entry.valid:
        return Case(**sealed, plain=plain)
    if entry.has_flag("InvalidNonceSize", "ZeroLengthIv"):
        return Case(**sealed, plain=plain, expect=Expect.REFUSED, error=errno.EINVAL)
    return Case(**sealed, expect=Expect.REFUSED, error=errno.EBADMSG, directions=Direction.DECRYPT)


def _gcm(entry: Entry, name: str) -> Case | LeftOut:
    iv = entry.octets("iv")
    if iv and len(iv) != 12:
        return LeftOut(entry.ident, NONCE)
    return _aead(entry, name, iv)


def _chacha_poly(entry: Entry, name: str) -> Case:
    return _aead(entry, name, entry.octets("iv"))


def _ccm(entry: Entry, name: str) -> Case:
    """CCM: a nonce that does not fit is given as it is, and refused for its length."""
    nonce = entry.octets("iv")
    if entry.has_flag("InvalidTagSize", "InsecureTagSize"):
        return Case(
            ident=entry.ident,
            alg_class=AlgClass.AEAD,
            name=name,
            key=entry.octets("key"),
            tag_bytes=len(entry.octets("tag")),
            expect=Expect.NOT_CONFIGURED,
            error=errno.EINVAL,
        )
    if len(nonce) > 15:
        return _aead(entry, name, nonce)
    length = 15 - len(nonce)
    iv = ccm_iv(nonce) if 7 <= len(nonce) <= 13 else bytes([(length - 1) & 0xFF]) + nonce
    return _aead(entry, name, iv.ljust(16, b"\0"))


def _mac(entry: Entry, name: str) -> Case:
    """A MAC, of which a beginning may be given; a forged one must not come out."""
    key = entry.octets("key")
    if entry.has_flag("InvalidKeySize"):
        expect, error = Expect.NOT_CONFIGURED, errno.EINVAL if key else errno.ENOKEY
    else:
        expect, error = (Expect.SAME if entry.valid else Expect.DIFFERENT), 0
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.HASH,
        name=name,
        key=key,
        plain=entry.octets("msg"),
        tag=entry.octets("tag"),
        expect=expect,
        error=error,
    )


def _cbc_padded(entry: Entry, name: str) -> Case | LeftOut:
    """CBC with the padding of PKCS#7, which is part of the text here."""
    if not entry.valid:
        return LeftOut(entry.ident, PADDING)
    plain = entry.octets("msg")
    pad = 16 - len(plain) % 16
    return _cipher(entry, name, plain + bytes([pad]) * pad)


def _xts(entry: Entry, name: str) -> Case | LeftOut:
    if not entry.valid:
        return LeftOut(entry.ident, ACCEPTABLE)
    return _cipher(entry, name, entry.octets("msg"))


def _cipher(entry: Entry, name: str, plain: bytes) -> Case:
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=entry.octets("key"),
        iv=entry.octets("iv"),
        plain=plain,
        cipher=entry.octets("ct"),
    )


def _chacha(entry: Entry, name: str) -> Case | LeftOut:
    """ChaCha20, whose IV in the kernel holds counter and nonce."""
    counter = int.from_bytes(entry.octets("initialCounter"), "little")
    plain = entry.octets("msg")
    if not entry.valid or (counter & 0xFFFFFFFF) + -(-len(plain) // 64) > 1 << 32:
        return LeftOut(entry.ident, COUNTER)
    if entry.group.get("algorithm") == "XChaCha20":
        name, iv = "xchacha20", entry.octets("iv") + counter.to_bytes(8, "little")
    else:
        iv = counter.to_bytes(4, "little") + entry.octets("iv")
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=entry.octets("key"),
        iv=iv,
        plain=plain,
        cipher=entry.octets("ct"),
    )


def _key_wrap(entry: Entry, name: str) -> Case | LeftOut:
    """Key wrapping; the kernel takes at least 16 bytes, so it refuses what is shorter."""
    plain, wrapped = entry.octets("msg"), entry.octets("ct")
    what: dict[str, Any] = {
        "ident": entry.ident,
        "alg_class": AlgClass.SKCIPHER,
        "name": name,
        "key": entry.octets("key"),
    }
    if entry.valid:
        return Case(**what, iv=wrapped[:8], plain=plain, cipher=wrapped[8:])
    if entry.has_flag("WrongDataSize"):
        return Case(
            **what,
            iv=bytes(8),
            plain=plain,
            expect=Expect.REFUSED,
            error=errno.EINVAL,
            directions=Direction.ENCRYPT,
        )
    if len(wrapped) < 8:
        return LeftOut(entry.ident, TOO_SHORT)
    length = len(wrapped) - 8
    return Case(
        **what,
        iv=wrapped[:8],
        cipher=wrapped[8:],
        expect=Expect.REFUSED,
        error=errno.EINVAL if length < 16 or length % 8 else errno.EBADMSG,
        directions=Direction.DECRYPT,
    )


_RULES: list[tuple[str, str, Mapping]] = [
    (r"AES-GCM", "gcm(aes)", _gcm),
    (r"AES-CCM", "ccm(aes)", _ccm),
    (r"CHACHA20-POLY1305", "rfc7539(chacha20,poly1305)", _chacha_poly),
    (r"AES-CMAC", "cmac(aes)", _mac),
    (r"HMAC-?SHA-?(1|224|256|384|512)", r"hmac(sha\1)", _mac),
    (r"HMAC-?SHA3-(224|256|384|512)", r"hmac(sha3-\1)", _mac),
    (r"AES-CBC-PKCS5", "cbc(aes)", _cbc_padded),
    (r"AES-XTS", "xts(aes)", _xts),
    (r"AES-WRAP|KW", "kw(aes)", _key_wrap),
    (r"CHACHA20", "chacha20", _chacha),
    (r"RSASSA-PKCS1-v1_5", "", keys.rsa_signature),
    (r"ECDSA", "", keys.ecdsa_signature),
    (r"RSAES-PKCS1-v1_5", "pkcs1pad(rsa)", keys.rsa_decryption),
    (r"ECDH", "", keys.ecdh),
    (r"XDH", "curve25519", keys.x25519),
]


def _find(algorithm: str) -> tuple[str, Mapping] | None:
    """The generic name for what a file calls the algorithm, and how its vectors are read."""
    for expression, name, mapping in _RULES:
        if match := re.fullmatch(expression, algorithm, re.IGNORECASE):
            return match.expand(name).lower(), mapping
    return None


def cases(path: Path, content: dict[str, Any], *, limit: int = 0) -> Iterator[Case | LeftOut]:
    """Make cases of the content of a file.

    Args:
        path: the file, for the idents.
        content: what its JSON holds.
        limit: at most so many tests, evenly spread; 0 = all.

    Raises:
        ValueError: a test lacks something.
    """
    entries = [
        Entry(f"{path.name}:{test['tcId']}", group, test)
        for group in content["testGroups"]
        for test in group["tests"]
    ]
    found = _find(str(content["algorithm"]))
    if found is None:
        yield from (LeftOut(entry.ident, NO_ALGORITHM) for entry in spread(entries, limit))
        return
    name, mapping = found
    for entry in spread(entries, limit):
        try:
            yield mapping(entry, name)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path}: {entry.ident}: {error!r}") from None
