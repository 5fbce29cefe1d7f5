# SPDX-License-Identifier: MIT
"""Vectors in the form in which NIST's CAVP publishes them.

Nothing in a file names the algorithm: the file's own name does, as NIST gives it.

Source: NIST's AESAVS, XTSVS, GCMVS, CCMVS, TMOVS, SHAVS, SHA3VS, HMACVS, CMACVS, KWVS, KASVS,
DRBGVS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..enums import AlgClass
from ..nonces import ccm_iv
from . import cavp_dh, cavp_drbg
from .cavp_model import Entry, Mapping, read
from .model import Case, Expect, LeftOut, refused_only, spread

NOT_BYTES = "length is not a number of whole bytes"
MONTE_CARLO = "Monte Carlo test"
SEGMENT = "the kernel's cfb feeds whole blocks back"
INTERLEAVED = "interleaved or pipelined mode"
NONCE = "the kernel's gcm takes nonces of 12 bytes"


def _key(entry: Entry) -> bytes:
    """The key of a block cipher, of triple DES as the three of them."""
    if "keys" in entry:
        return 3 * entry.octets("keys")
    if "key1" in entry:
        return entry.octets("key1") + entry.octets("key2") + entry.octets("key3")
    return entry.octets("key")


def _cipher(entry: Entry, name: str) -> Case:
    """A mode of a block cipher."""
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=_key(entry),
        iv=entry.octets("iv") if "iv" in entry else b"",
        plain=entry.octets("plaintext"),
        cipher=entry.octets("ciphertext"),
    )


def _xts(entry: Entry, name: str) -> Case | LeftOut:
    """XTS: the tweak is given in full or as the number of a data unit."""
    if entry.number("dataunitlen") % 8:
        return LeftOut(entry.ident, NOT_BYTES)
    if "i" in entry:
        tweak = entry.octets("i")
    else:
        tweak = entry.number("dataunitseqnumber").to_bytes(16, "little")
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=entry.octets("key"),
        iv=tweak,
        plain=entry.octets("pt"),
        cipher=entry.octets("ct"),
    )


def _key_wrap(entry: Entry, name: str) -> Case:
    """Key wrapping: the kernel has the first 8 bytes of the result apart, as the IV."""
    wrapped, refused = entry.octets("c"), "fail" in entry
    case = Case(
        ident=entry.ident,
        alg_class=AlgClass.SKCIPHER,
        name=name,
        key=entry.octets("k"),
        iv=wrapped[:8],
        plain=b"" if refused else entry.octets("p"),
        cipher=wrapped[8:],
    )
    return refused_only(case) if refused else case


def _aead(
    entry: Entry,
    name: str,
    *,
    iv: bytes,
    assoc: bytes,
    plain: bytes | None,
    cipher: bytes,
    tag: bytes,
) -> Case:
    """A sealed message, or a forged one that has no plaintext."""
    forged = plain is None
    case = Case(
        ident=entry.ident,
        alg_class=AlgClass.AEAD,
        name=name,
        key=entry.octets("key"),
        iv=iv,
        assoc=assoc,
        plain=plain or b"",
        cipher=cipher,
        tag=tag,
        tag_bytes=len(tag),
    )
    return refused_only(case) if forged else case


def _gcm(entry: Entry, name: str) -> Case | LeftOut:
    iv = entry.octets("iv")
    if len(iv) != 12:
        return LeftOut(entry.ident, NONCE)
    return _aead(
        entry,
        name,
        iv=iv,
        assoc=entry.octets("aad"),
        plain=None if "fail" in entry else entry.octets("pt"),
        cipher=entry.octets("ct"),
        tag=entry.octets("tag"),
    )


def _ccm(entry: Entry, name: str) -> Case:
    """CCM, where a byte of zero stands for empty data."""
    tag_bytes = entry.number("tlen")
    sealed = entry.octets("ct")
    forged = "result" in entry and entry.text("result").startswith("Fail")
    plain = entry.octets("payload") if not forged and entry.number("plen") else b""
    return _aead(
        entry,
        name,
        iv=ccm_iv(entry.octets("nonce")),
        assoc=entry.octets("adata") if entry.number("alen") else b"",
        plain=None if forged else plain,
        cipher=sealed[:-tag_bytes],
        tag=sealed[-tag_bytes:],
    )


def _digest(entry: Entry, name: str) -> Case | LeftOut:
    """A message and its digest, keyed or not; the length is in bits."""
    message, bits = entry.octets("msg"), entry.number("len")
    if bits % 8:
        return LeftOut(entry.ident, NOT_BYTES)
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.HASH,
        name=name,
        key=entry.octets("key") if "key" in entry else b"",
        plain=message[: bits // 8],
        tag=entry.octets("md"),
    )


def _mac(entry: Entry, name: str) -> Case:
    """A MAC, of which a beginning may be given; a forged one must not come out."""
    forged = "result" in entry and entry.text("result").startswith("F")
    message = entry.octets("msg")
    if "mlen" in entry:
        message = message[: entry.number("mlen")]
    return Case(
        ident=entry.ident,
        alg_class=AlgClass.HASH,
        name=name,
        key=_key(entry),
        plain=message,
        tag=entry.octets("mac"),
        expect=Expect.DIFFERENT if forged else Expect.SAME,
    )


_HMAC_BY_BYTES = {20: "sha1", 28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}


def _hmac(entry: Entry, name: str) -> Case:
    """An HMAC; the section says the length of the digest."""
    return _mac(entry, name or f"hmac({_HMAC_BY_BYTES[entry.number('l')]})")


def _left_out(reason: str) -> Mapping:
    return lambda entry, name: LeftOut(entry.ident, reason)


_RULES: list[tuple[str, str, Mapping]] = [
    (r"\w*(MCT|Monte)\w*\.rsp", "", _left_out(MONTE_CARLO)),
    (r"CFB[18](?!28)\w*\.rsp|TCFBP?[18][A-Za-z]\w*\.rsp", "", _left_out(SEGMENT)),
    (r"T(CBCI|CFBP|OFBI)\w+\.rsp", "", _left_out(INTERLEAVED)),
    (r"CBC\w+\.rsp", "cbc(aes)", _cipher),
    (r"ECB\w+\.rsp", "ecb(aes)", _cipher),
    (r"CTR(?!_DRBG)\w+\.rsp|aes-\d+-ctr\.txt", "ctr(aes)", _cipher),
    (r"CFB128\w+\.rsp", "cfb(aes)", _cipher),
    (r"OFB\w+\.rsp", "ofb(aes)", _cipher),
    (r"TCBC\w+\.rsp", "cbc(des3_ede)", _cipher),
    (r"TECB\w+\.rsp", "ecb(des3_ede)", _cipher),
    (r"TCFB64\w+\.rsp", "cfb(des3_ede)", _cipher),
    (r"TOFB\w+\.rsp", "ofb(des3_ede)", _cipher),
    (r"XTSGen\w*\.rsp", "xts(aes)", _xts),
    (r"KW_A[ED]_\d+\.(rsp|txt)", "kw(aes)", _key_wrap),
    (r"gcm(Encrypt|Decrypt)\w*\.rsp", "gcm(aes)", _gcm),
    (r"(DVPT|VADT|VNT|VPT|VTT)\d+\.rsp", "ccm(aes)", _ccm),
    (r"SHA(1|224|256|384|512)(Short|Long)Msg\.rsp", r"sha\1", _digest),
    (r"SHA3_(224|256|384|512)(Short|Long)Msg\.rsp", r"sha3-\1", _digest),
    (r"rfc-\d+-(md5|sha\d+)\.txt", r"hmac(\1)", _digest),
    (r"HMAC(?!_DRBG)\w*\.rsp", "", _hmac),
    (r"CMAC(Gen|Ver)AES\w*\.rsp", "cmac(aes)", _mac),
    (r"CMAC(Gen|Ver)TDES\w*\.rsp", "cmac(des3_ede)", _mac),
    (r"KASValidityTest_FFC\w*\.fax|RFC5114\.txt", "dh", cavp_dh.agreement),
    (r"HMAC_DRBG\w*\.rsp", "", cavp_drbg.hmac),
    (r"(CTR_DRBG|Hash_DRBG|drbg)\w*\.rsp", "", cavp_drbg.named),
]
"""The first expression that a file's name fits decides: the algorithm, and how it is read."""

_BY_CLASS: list[tuple[str, Mapping]] = [
    (r"xts\(.*", _xts),
    (r"kw\(.*", _key_wrap),
    (r"gcm\(.*", _gcm),
    (r"ccm\(.*", _ccm),
    (r"(hmac|cmac)\(.*", _mac),
    (r"dh", cavp_dh.agreement),
    (r"drbg_.*", cavp_drbg.named),
    (r"\w+\(.*", _cipher),
    (r".*", _digest),
]
"""How the vectors of a named algorithm are read."""


def find(path: Path, algorithm: str = "") -> tuple[str, Mapping] | None:
    """Return the algorithm of a file and how it is read; None if its name says nothing.

    Args:
        path: the file.
        algorithm: generic name for a file whose name says nothing.
    """
    for expression, name, mapping in _RULES:
        if match := re.fullmatch(expression, path.name):
            return match.expand(name) or algorithm, mapping
    if algorithm:
        return algorithm, next(
            mapping for pattern, mapping in _BY_CLASS if re.fullmatch(pattern, algorithm)
        )
    return None


def cases(path: Path, *, limit: int = 0, algorithm: str = "") -> Iterator[Case | LeftOut]:
    """Read the cases of a file.

    Args:
        path: the file.
        limit: at most so many vectors, evenly spread; 0 = all.
        algorithm: generic name, if the file's name does not tell.

    Raises:
        ValueError: it is not in this form, or nothing tells the algorithm.
    """
    found = find(path, algorithm)
    if found is None:
        raise ValueError(f"{path}: its name is none of NIST's, which would tell the algorithm")
    name, mapping = found
    entries = list(read(path))
    if not entries:
        raise ValueError(f"{path}: no vectors in CAVP's form")
    for entry in spread(entries, limit):
        try:
            case = mapping(entry, name)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path}: {entry.ident}: {error!r}") from None
        yield case
