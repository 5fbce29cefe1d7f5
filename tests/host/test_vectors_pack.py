# SPDX-License-Identifier: MIT
"""The packer of the published vectors: readers, mapping, file, and that nothing gets lost.

Some records of every algorithm are computed by the library `cryptography`: what the packer made
of a published vector must be what the CryptoAPI's name stands for.
"""

from __future__ import annotations

import errno
import hashlib
import hmac as hmac_of
import importlib.resources
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers import algorithms as old_algorithms
from cryptography.hazmat.decrepit.ciphers import modes as old_modes
from cryptography.hazmat.primitives import cmac, keywrap, poly1305
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305

from tests.vectors import cavp, gcm, pack, packed, sources
from tests.vectors.model import AlgClass, Direction, Expect, Form, Record

SAMPLE = 40

# Rounds take a thousand operations.
SAMPLE_OF_ROUNDS = 2


@pytest.fixture(scope="module")
def counts() -> pack.Counts:
    """What the packer counts, after it has brought build/vectors up to date."""
    return pack.pack()


@pytest.fixture(scope="module")
def by_name(counts: pack.Counts) -> dict[str, list[packed.Packed]]:
    """The packed records by algorithm."""
    reader = packed.Reader(pack.VECTORS.read_bytes())
    return {name: list(reader.records(name)) for name in reader.names()}


# --- counts -----------------------------------------------------------------------------------


def test_counts_are_the_expected_ones(counts: pack.Counts) -> None:
    expected = pack.expected()
    assert pack.differences(expected, {**expected, **counts}) == []


def test_there_are_fifty_thousand(counts: pack.Counts) -> None:
    assert counts["cases"] >= 50_000


def test_every_published_vector_is_accounted_for(counts: pack.Counts) -> None:
    for name, source in counts["sources"].items():
        left_out = sum(source["left out"].values())
        used = source["cases"] + source["same as another"]
        assert source["published"] == used + left_out, name


@pytest.mark.parametrize("package", sources.PACKAGES)
def test_readers_find_every_vector(package: str, counts: pack.Counts) -> None:
    """The files' own count: of tests in JSON, of numbered or measured vectors elsewhere."""
    module = sources.PACKAGES[package][0]
    found: dict[str, int] = {}
    published: dict[str, int] = {}
    root = Path(str(importlib.resources.files(module)))
    for relative, path, mapping in sources.files(root, package):
        folder = f"{package} {Path(relative).parent.as_posix()}"
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            number = json.loads(text)["numberOfTests"]
        else:
            number = len(re.findall(r"(?im)^count *=", text) or re.findall(r"(?m)^Len *=", text))
        if number:
            found[folder] = found.get(folder, 0) + number
            published[folder] = published.get(folder, 0) + sum(1 for _ in mapping(path))
    assert found == published
    assert sum(found.values()) > 10_000


def test_fewer_and_more_are_told() -> None:
    assert pack.differences({"a": {"b": 2}}, {"a": {"b": 1}}) == ["a, b: expected 2, found 1"]
    assert pack.differences({"a": {}}, {"a": {"c": 1}}) == ["a, c: expected None, found 1"]


def test_unknown_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ciphers").mkdir()
    (tmp_path / "ciphers" / "new.txt").write_text("COUNT = 1\n", encoding="utf-8")
    with pytest.raises(sources.UnknownFileError, match="new"):
        list(sources.files(tmp_path, "cryptography-vectors"))


# --- readers and file -------------------------------------------------------------------------


def test_reader_of_cavp(tmp_path: Path) -> None:
    path = tmp_path / "form.rsp"
    path.write_text(
        "# a comment\nPlen = 24\n[Alen = 1, Nlen = 7]\n\nKey = 00\nCount = 0\nIV = 01\nIV = 02\n"
        "\nCount = 1\nFAIL\n[DECRYPT]\nKey = ff\n\nCount = 0\n",
        encoding="utf-8",
    )
    first, second, third = cavp.read(path)
    assert (first.ident, first.number("plen"), first.text("nlen")) == ("form.rsp:6", 24, "7")
    assert first.octets("no", "key") == b"\0"
    assert first.all_octets("iv") == [b"\1", b"\2"]
    assert "fail" in second and "fail" not in first
    assert (third.octets("key"), third.common["section"]) == (b"\xff", "DECRYPT")
    with pytest.raises(KeyError):
        third.octets("iv")


RECORDS = (
    Record(AlgClass.HASH, "sha256", plain=b"abc", tag=b"digest", directions=Direction.ENCRYPT),
    Record(
        AlgClass.AEAD,
        "gcm(aes)",
        key=b"k" * 16,
        iv=b"n" * 12,
        assoc=b"a",
        cipher=b"c",
        tag=b"t" * 4,
        tag_bytes=4,
        expect=Expect.REFUSED,
        error=errno.EBADMSG,
    ),
    Record(AlgClass.SKCIPHER, "cbc(aes)", key=b"k" * 16, form=Form.ROUND_OF_CIPHER),
)


def test_file_gives_back_what_was_put_in(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    packed.write(path, [packed.Packed(f"file:{i}", record, i) for i, record in enumerate(RECORDS)])
    reader = packed.Reader(path.read_bytes())
    assert reader.names() == ["cbc(aes)", "gcm(aes)", "sha256"]
    for i, record in enumerate(RECORDS):
        assert list(reader.records(record.name)) == [packed.Packed(f"file:{i}", record, i)]
    with pytest.raises(ValueError, match="not in list"):
        list(reader.records("sha512"))


def test_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.bin"
    packed.write(path, [packed.Packed("file:1", RECORDS[0], 1)])
    with pytest.raises(ValueError, match="cut off"):
        packed.Reader(path.read_bytes()[:-1])


def test_ghash() -> None:
    """Source: McGrew and Viega, The Galois/Counter Mode of Operation, test case 2."""
    key = bytes.fromhex("66e94bd4ef8a2c3b884cfa59ca342b2e")
    text = bytes.fromhex("0388dace60b6a392f328c2b971b2fe78") + bytes(8) + (128).to_bytes(8, "big")
    assert gcm.ghash(key, text).hex() == "f38cbb1ad69223dcc3457ae5b6b0f885"


# --- what the names stand for -----------------------------------------------------------------

BLOCK: dict[str, Callable[[bytes], Any]] = {
    "aes": algorithms.AES,
    "des3_ede": old_algorithms.TripleDES,
    "camellia": old_algorithms.Camellia,
    "blowfish": old_algorithms.Blowfish,
    "cast5": old_algorithms.CAST5,
}
MODE: dict[str, Callable[[bytes], Any]] = {
    "cbc": modes.CBC,
    "ctr": modes.CTR,
    "cfb": old_modes.CFB,
    "ofb": old_modes.OFB,
    "xts": modes.XTS,
}

# Not in the library, or not always.
WITHOUT_JUDGE = {"xchacha20", "rmd160", "hmac(rmd160)", "ctr(cast5)"}


def judge_cipher(record: Record, encrypt: bool) -> bytes:
    """Compute one direction of a symmetric cipher."""
    template, _, inner = record.name.rstrip(")").partition("(")
    if template == "chacha20":
        cipher: Cipher[Any] = Cipher(algorithms.ChaCha20(record.key, record.iv), None)
    elif template == "ecb":
        cipher = Cipher(BLOCK[inner](record.key), modes.ECB())
    else:
        cipher = Cipher(BLOCK[inner](record.key), MODE[template](record.iv))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    return context.update(record.plain if encrypt else record.cipher) + context.finalize()


def judge_round(record: Record) -> None:
    """Compute the thousand blocks of a chain."""
    encrypt = record.directions is Direction.ENCRYPT
    template = record.name.partition("(")[0]
    cipher = Cipher(algorithms.AES(record.key), MODE[template](record.iv))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    blocks = [record.plain if encrypt else record.cipher, record.iv]
    for i in range(1000):
        blocks.append(context.update(blocks[i]))
    assert blocks[-1] == (record.cipher if encrypt else record.plain)


def judge_key_wrap(record: Record) -> None:
    """Compute a key wrapping and its opposite."""
    wrapped = record.iv + record.cipher
    if record.expect is Expect.REFUSED:
        if record.directions is Direction.ENCRYPT:
            assert len(record.plain) < 16 or len(record.plain) % 8
            return
        with pytest.raises(keywrap.InvalidUnwrap):
            keywrap.aes_key_unwrap(record.key, wrapped)
        return
    assert keywrap.aes_key_wrap(record.key, record.plain) == wrapped
    assert keywrap.aes_key_unwrap(record.key, wrapped) == record.plain


def judge_skcipher(record: Record) -> None:
    """Compute both directions."""
    if record.name == "kw(aes)":
        judge_key_wrap(record)
    elif record.form is Form.ROUND_OF_CIPHER:
        judge_round(record)
    else:
        assert judge_cipher(record, True) == record.cipher
        assert judge_cipher(record, False) == record.plain


def open_gcm(record: Record, tag: bytes) -> bytes:
    """Decrypt; the library's own interface for GCM takes shorter tags."""
    mode = modes.GCM(record.iv, tag, min_tag_length=len(tag))
    context = Cipher(algorithms.AES(record.key), mode).decryptor()
    context.authenticate_additional_data(record.assoc)
    return context.update(record.cipher) + context.finalize()


def open_ccm(record: Record, tag: bytes) -> bytes:
    """Decrypt; the nonce stands in the kernel's IV."""
    length_bytes = record.iv[0] + 1
    nonce = record.iv[1 : 16 - length_bytes]
    assert record.iv[16 - length_bytes :] == bytes(length_bytes)
    return AESCCM(record.key, len(tag)).decrypt(nonce, record.cipher + tag, record.assoc)


def open_chacha_poly(record: Record, tag: bytes) -> bytes:
    """Decrypt."""
    return ChaCha20Poly1305(record.key).decrypt(record.iv, record.cipher + tag, record.assoc)


OPEN = {
    "gcm(aes)": open_gcm,
    "ccm(aes)": open_ccm,
    "rfc7539(chacha20,poly1305)": open_chacha_poly,
}


def judge_aead(record: Record) -> None:
    """Decrypt, which computes the tag that encryption would give."""
    if record.expect is Expect.NOT_CONFIGURED:
        assert record.tag_bytes not in range(4, 17, 2)
    elif record.error == errno.EINVAL:
        assert len(record.iv) != (16 if record.name == "ccm(aes)" else 12) or record.iv[0] not in (
            range(1, 8)
        )
    elif record.expect is Expect.REFUSED:
        with pytest.raises(InvalidTag):
            OPEN[record.name](record, record.tag)
    else:
        assert OPEN[record.name](record, record.tag) == record.plain


def compute_digest(name: str, key: bytes, message: bytes) -> bytes:
    """Compute a hash or keyed hash by its CryptoAPI name."""
    template, parenthesis, inner = name.rstrip(")").partition("(")
    if name == "ghash":
        return gcm.ghash(key, message)
    if name == "poly1305":
        return poly1305.Poly1305.generate_tag(message[:32], message[32:])
    if template == "cmac":
        context = cmac.CMAC(BLOCK[inner](key))
        context.update(message)
        return context.finalize()
    if parenthesis:
        return hmac_of.digest(key, message, inner.replace("-", "_"))
    if name.startswith("blake2b-"):
        size = int(name.removeprefix("blake2b-")) // 8
        return hashlib.blake2b(message, digest_size=size, key=key).digest()
    return hashlib.new(name.replace("-", "_"), message).digest()


def judge_hash(record: Record) -> None:
    """Compute the digest, or a thousand of them."""
    if record.expect is Expect.NOT_CONFIGURED:
        assert len(record.key) not in (16, 24, 32)
        return
    if record.form is Form.PLAIN:
        found = compute_digest(record.name, record.key, record.plain)
    else:
        before = 3 if record.form is Form.ROUND_OF_THREE else 1
        digests = [record.plain] * before
        for _ in range(1000):
            message = b"".join(digests[-before:])
            digests.append(compute_digest(record.name, b"", message))
        found = digests[-1]
    same = found[: len(record.tag)] == record.tag
    assert same == (record.expect is Expect.SAME)


JUDGE = {
    AlgClass.SKCIPHER: judge_skcipher,
    AlgClass.AEAD: judge_aead,
    AlgClass.HASH: judge_hash,
}


def test_records_are_what_the_library_computes(by_name: dict[str, list[packed.Packed]]) -> None:
    for name in sorted(by_name.keys() - WITHOUT_JUDGE):
        for form in Form:
            for expect in Expect:
                entries = [
                    entry
                    for entry in by_name[name]
                    if entry.record.form is form and entry.record.expect is expect
                ]
                sample = SAMPLE if form is Form.PLAIN else SAMPLE_OF_ROUNDS
                for entry in entries[:: len(entries) // sample + 1]:
                    try:
                        JUDGE[entry.record.alg_class](entry.record)
                    except Exception as error:
                        raise AssertionError(f"{name}, {entry.ident}: {error}") from error


def test_what_has_no_judge_is_there(by_name: dict[str, list[packed.Packed]]) -> None:
    assert by_name.keys() >= WITHOUT_JUDGE
