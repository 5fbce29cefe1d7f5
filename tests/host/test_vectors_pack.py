# SPDX-License-Identifier: MIT
"""The packer of the published vectors: readers, mapping, file, and that nothing gets lost.

Some records of every algorithm are computed by the library `cryptography`: what the packer made
of a published vector must be what the CryptoAPI's name stands for.
"""

from __future__ import annotations

import base64
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
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.decrepit.ciphers import algorithms as old_algorithms
from cryptography.hazmat.decrepit.ciphers import modes as old_modes
from cryptography.hazmat.primitives import cmac, hashes, keywrap, poly1305, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305

from tests.vectors import asymmetric, cavp, gcm, pack, packed, sources
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


def judge_akcipher(record: Record) -> None:
    """Compute both directions of RSA with the numbers of the key alone."""
    n, e, d = rsa_numbers(record)
    size = -(-n.bit_length() // 8)
    if record.expect is Expect.NOT_CONFIGURED:
        assert size not in (64, 128, 192, 256, 384, 512)
        return
    if record.name == "rsa":
        assert pow(number(record.plain), e, n) == number(record.cipher)
        assert len(record.plain) == len(record.cipher) == size
        return
    text = pow(number(record.cipher), d, n).to_bytes(size, "big")
    end = text.find(b"\0", 2)
    padded = text.startswith(b"\0\2") and end >= 10 and len(record.cipher) == size
    assert padded == (record.expect is Expect.SAME)
    assert not padded or text[end + 1 :] == record.plain


def number(octets: bytes) -> int:
    """An unsigned number, the most significant byte first."""
    return int.from_bytes(octets, "big")


def rsa_numbers(record: Record) -> tuple[int, int, int]:
    """Modulus and exponents of a key; the private one is 0 if there is none."""
    key = load_rsa(record)
    if isinstance(key, rsa.RSAPublicKey):
        public, d = key.public_numbers(), 0
    else:
        public, d = key.public_key().public_numbers(), key.private_numbers().d
    return public.n, public.e, d


def load_rsa(record: Record) -> rsa.RSAPublicKey | rsa.RSAPrivateKey:
    """A key of RSA in DER."""
    if record.private:
        private = serialization.load_der_private_key(
            record.key, None, unsafe_skip_rsa_key_validation=True
        )
        assert isinstance(private, rsa.RSAPrivateKey)
        return private
    # RFC 8017 appendix A.1.1 has no container around it, which PEM names.
    pem = base64.b64encode(record.key).decode()
    text = f"-----BEGIN RSA PUBLIC KEY-----\n{pem}\n-----END RSA PUBLIC KEY-----\n"
    public = serialization.load_pem_public_key(text.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    return public


CURVE: dict[str, type[ec.EllipticCurve]] = {
    "p192": ec.SECP192R1,
    "p256": ec.SECP256R1,
    "p384": ec.SECP384R1,
    "p521": ec.SECP521R1,
}

# Of the length alone: what was hashed is not known any more.
HASH: dict[int, type[hashes.HashAlgorithm]] = {
    20: hashes.SHA1,
    28: hashes.SHA224,
    32: hashes.SHA256,
    48: hashes.SHA384,
    64: hashes.SHA512,
}


def verify_rsa(record: Record) -> None:
    """Verify a signature of PKCS #1.

    Raises:
        InvalidSignature: it is none.
    """
    key = load_rsa(record)
    public = key if isinstance(key, rsa.RSAPublicKey) else key.public_key()
    name = record.name.rstrip(")").rpartition(",")[2].upper().replace("-", "_")
    chosen = utils.Prehashed(getattr(hashes, name)())
    public.verify(record.tag, record.plain, padding.PKCS1v15(), chosen)


def verify_ecdsa(record: Record) -> None:
    """Verify a signature of ECDSA.

    Raises:
        InvalidSignature: it is none.
        ValueError: there is no such public key.
    """
    curve = CURVE[record.name.rstrip(")")[-4:]]()
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, record.key)
    tag = record.tag
    if record.name.startswith("p1363("):
        size = -(-curve.key_size // 8)
        if len(tag) != 2 * size:
            raise InvalidSignature
        tag = utils.encode_dss_signature(number(tag[:size]), number(tag[size:]))
    public.verify(tag, record.plain, ec.ECDSA(utils.Prehashed(HASH[len(record.plain)]())))


def judge_sig(record: Record) -> None:
    """Verify a signature; one of PKCS #1 that is made can be verified as well."""
    rsa_key = record.name.startswith("pkcs1")
    if rsa_key and record.expect is Expect.NOT_CONFIGURED:
        assert -(-rsa_numbers(record)[0].bit_length() // 8) not in (64, 128, 192, 256, 384, 512)
    elif record.expect in (Expect.NOT_CONFIGURED, Expect.CONFIGURED):
        valid = True
        try:
            curve = CURVE[record.name.rstrip(")")[-4:]]()
            ec.EllipticCurvePublicKey.from_encoded_point(curve, record.key)
        except ValueError:
            valid = False
        assert valid == (record.expect is Expect.CONFIGURED)
    elif record.expect is Expect.SAME:
        (verify_rsa if rsa_key else verify_ecdsa)(record)
    else:
        with pytest.raises(InvalidSignature):
            (verify_rsa if rsa_key else verify_ecdsa)(record)


def compute_secret(record: Record) -> bytes:
    """Compute a shared secret.

    Raises:
        ValueError: the public key is wrong.
    """
    if record.name == "dh":
        p = number(record.iv)
        if not 1 < number(record.plain) < p - 1:
            raise ValueError
        secret = pow(number(record.plain), number(record.key), p)
        return secret.to_bytes(len(record.iv), "big")
    if record.name == "curve25519":
        public = x25519.X25519PublicKey.from_public_bytes(record.plain)
        return x25519.X25519PrivateKey.from_private_bytes(record.key).exchange(public)
    curve = CURVE[record.name[-4:]]()
    if len(record.plain) != 2 * len(record.key):
        raise ValueError
    point = ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\4" + record.plain)
    return ec.derive_private_key(number(record.key), curve).exchange(ec.ECDH(), point)


def compute_public_key(record: Record) -> bytes:
    """Compute the public key of a private value."""
    if record.name == "dh":
        p = number(record.iv)
        return pow(number(record.assoc), number(record.key), p).to_bytes(len(record.iv), "big")
    private = ec.derive_private_key(number(record.key), CURVE[record.name[-4:]]())
    point = private.public_key().public_numbers()
    size = len(record.key)
    return point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")


def judge_kpp(record: Record) -> None:
    """Compute the shared secret, and the public key where it is published."""
    if record.expect is Expect.NOT_CONFIGURED:
        if record.name == "dh":
            assert len(record.iv) < 192
        else:
            order = asymmetric.ECDH_ORDERS[record.name[-4:]]
            assert not 1 < number(record.key) < order - 2
        return
    same = record.expect is Expect.SAME
    if record.tag and Direction.PUBLIC_KEY in record.directions:
        assert (compute_public_key(record) == record.tag) == same
    if Direction.SHARED_SECRET in record.directions:
        if record.expect is Expect.REFUSED:
            with pytest.raises(ValueError):
                compute_secret(record)
        else:
            assert (compute_secret(record) == record.cipher) == same


JUDGE = {
    AlgClass.SKCIPHER: judge_skcipher,
    AlgClass.AEAD: judge_aead,
    AlgClass.HASH: judge_hash,
    AlgClass.AKCIPHER: judge_akcipher,
    AlgClass.SIG: judge_sig,
    AlgClass.KPP: judge_kpp,
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
