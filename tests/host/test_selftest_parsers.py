# SPDX-License-Identifier: MIT
"""The readers of published vectors: what a vector of each form becomes."""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.cmac import CMAC

from pycryptodev import AlgClass
from pycryptodev.selftest import acvp, cavp, cavp_dh, cavp_drbg, vectors, wycheproof
from pycryptodev.selftest import wycheproof_keys as keys
from pycryptodev.selftest.model import Case, Direction, Expect, LeftOut, spread
from pycryptodev.selftest.wycheproof_model import ACCEPTABLE, NO_ALGORITHM

CBC = """\
# CAVS 11.1

[ENCRYPT]

COUNT = 0
KEY = 00000000000000000000000000000000
IV = 00000000000000000000000000000000
PLAINTEXT = f34481ec3cc627bacd5dc3fb08f273e6
CIPHERTEXT = 0336763e966d92595a567cc9ce537f5e

[DECRYPT]

COUNT = 0
KEY = 00000000000000000000000000000000
IV = 00000000000000000000000000000000
CIPHERTEXT = 0336763e966d92595a567cc9ce537f5e
PLAINTEXT = f34481ec3cc627bacd5dc3fb08f273e6
"""


def write(folder: Path, name: str, content: object) -> Path:
    """A file of vectors."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def read(path: Path, **options: Any) -> list[Case | LeftOut]:
    return list(vectors.read(path, **options))


def only(path: Path, **options: Any) -> Case:
    (case,) = read(path, **options)
    assert isinstance(case, Case)
    return case


def wycheproof_file(algorithm: str, *tests: dict[str, Any], **group: Any) -> dict[str, Any]:
    return {
        "algorithm": algorithm,
        "testGroups": [
            {**group, "tests": [{"tcId": number, **test} for number, test in enumerate(tests, 1)]}
        ],
    }


def acvp_file(algorithm: str, *tests: dict[str, Any], **group: Any) -> list[dict[str, Any]]:
    tests = tuple({"tcId": number, **test} for number, test in enumerate(tests, 1))
    groups = [{"tgId": 3, "testType": "AFT", **group, "tests": list(tests)}]
    return [
        {"acvVersion": "1.0"},
        {"vsId": 0, "algorithm": algorithm, "revision": "1.0", "testGroups": groups},
    ]


# CAVP


def test_cavp_cipher(tmp_path: Path) -> None:
    first, second = read(write(tmp_path, "CBCGFSbox128.rsp", CBC))
    assert isinstance(first, Case)
    assert first == Case(
        ident="CBCGFSbox128.rsp:5",
        alg_class=AlgClass.SKCIPHER,
        name="cbc(aes)",
        key=bytes(16),
        iv=bytes(16),
        plain=bytes.fromhex("f34481ec3cc627bacd5dc3fb08f273e6"),
        cipher=bytes.fromhex("0336763e966d92595a567cc9ce537f5e"),
    )
    assert second.ident == "CBCGFSbox128.rsp:13"
    assert isinstance(second, Case)
    assert second.content == first.content
    assert list(vectors.once([first, second])) == [first]


def test_cavp_triple_des_with_one_key(tmp_path: Path) -> None:
    text = "COUNT = 0\nKEYs = 0101010101010101\nIV = 00\nPLAINTEXT = 00\nCIPHERTEXT = 01\n"
    case = only(write(tmp_path, "TCBCvartext.rsp", text))
    assert (case.name, case.key) == ("cbc(des3_ede)", bytes([1]) * 24)


def test_cavp_gcm(tmp_path: Path) -> None:
    key, iv = bytes(range(16)), bytes(range(12))
    sealed = AESGCM(key).encrypt(iv, b"text", b"assoc")
    entry = f"Key = {key.hex()}\nIV = {iv.hex()}\nAAD = {b'assoc'.hex()}\n"
    text = (
        f"[Taglen = 128]\n\nCount = 0\n{entry}CT = {sealed[:4].hex()}\nTag = {sealed[4:].hex()}\n"
        f"PT = {b'text'.hex()}\n\nCount = 1\n{entry}CT = {sealed[:4].hex()}\n"
        f"Tag = {bytes(16).hex()}\nFAIL\n\nCount = 2\nKey = {key.hex()}\nIV = 00\nAAD = \nCT = \n"
        f"Tag = {bytes(16).hex()}\nPT = \n"
    )
    good, forged, nonce = read(write(tmp_path, "gcmDecrypt128.rsp", text))
    assert isinstance(good, Case) and isinstance(forged, Case)
    assert (good.plain, good.cipher, good.tag) == (b"text", sealed[:4], sealed[4:])
    assert (good.tag_bytes, good.directions) == (16, Direction.BOTH)
    assert (forged.expect, forged.error) == (Expect.REFUSED, errno.EBADMSG)
    assert forged.directions is Direction.DECRYPT
    assert nonce == LeftOut("gcmDecrypt128.rsp:19", cavp.NONCE)


def test_cavp_ccm_with_a_key_for_the_section(tmp_path: Path) -> None:
    key, nonce = bytes(range(16)), bytes(range(13))
    sealed = AESCCM(key).encrypt(nonce, b"text", None)
    text = (
        f"Plen = 4\nTlen = 16\n\n[Alen = 0]\n\nKey = {key.hex()}\nNonce = {nonce.hex()}\n\n"
        f"Count = 0\nAdata = 00\nPayload = {b'text'.hex()}\nCT = {sealed.hex()}\n"
    )
    case = only(write(tmp_path, "VADT128.rsp", text))
    assert (case.key, case.assoc, case.plain) == (key, b"", b"text")
    assert (case.cipher + case.tag, case.iv) == (sealed, b"\x01" + nonce + bytes(2))


def test_cavp_digest(tmp_path: Path) -> None:
    text = f"[L = 32]\n\nLen = 0\nMsg = 00\nMD = {hashlib.sha256().hexdigest()}\n\n"
    text += f"Len = 16\nMsg = 1234\nMD = {hashlib.sha256(bytes.fromhex('1234')).hexdigest()}\n\n"
    text += "Len = 5\nMsg = 98\nMD = 00\n"
    empty, two, bits = read(write(tmp_path, "SHA256ShortMsg.rsp", text))
    assert isinstance(empty, Case) and isinstance(two, Case)
    assert (empty.name, empty.plain) == ("sha256", b"")
    assert two.plain == bytes.fromhex("1234")
    assert bits == LeftOut("SHA256ShortMsg.rsp:11", cavp.NOT_BYTES)


def test_cavp_mac_with_a_short_tag(tmp_path: Path) -> None:
    tag = hmac.digest(b"key", b"message", "sha256")[:16]
    text = (
        f"[L=32]\n\nCount = 0\nKlen = 3\nTlen = 16\nKey = {b'key'.hex()}\n"
        f"Msg = {b'message'.hex()}\nMac = {tag.hex()}\n"
    )
    case = only(write(tmp_path, "HMAC.rsp", text))
    assert (case.name, case.key, case.plain, case.tag) == ("hmac(sha256)", b"key", b"message", tag)


def test_cavp_forged_mac(tmp_path: Path) -> None:
    text = "Count = 0\nMlen = 0\nKey = 00\nMsg = 00\nMac = 11223344\nResult = F (3 - MAC)\n"
    case = only(write(tmp_path, "CMACVerAES128.rsp", text))
    assert (case.name, case.plain, case.expect) == ("cmac(aes)", b"", Expect.DIFFERENT)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("CBCMCT128.rsp", cavp.MONTE_CARLO),
        ("CFB8GFSbox128.rsp", cavp.SEGMENT),
        ("CFB1MMT128.rsp", cavp.SEGMENT),
        ("TCFB8MMT1.rsp", cavp.SEGMENT),
        ("TCFBP8MMT1.rsp", cavp.SEGMENT),
        ("TCBCIMMT1.rsp", cavp.INTERLEAVED),
        ("TOFBIvartext.rsp", cavp.INTERLEAVED),
    ],
)
def test_cavp_left_out(name: str, reason: str, tmp_path: Path) -> None:
    assert read(write(tmp_path, name, CBC)) == [
        LeftOut(f"{name}:5", reason),
        LeftOut(f"{name}:13", reason),
    ]


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("CFB128GFSbox128.rsp", "cfb(aes)"),
        ("OFBVarKey128.rsp", "ofb(aes)"),
        ("ECBVarTxt256.rsp", "ecb(aes)"),
        ("TCBCinvperm.rsp", "cbc(des3_ede)"),
        ("TCFB64MMT3.rsp", "cfb(des3_ede)"),
        ("XTSGenAES128.rsp", "xts(aes)"),
        ("SHA3_384LongMsg.rsp", "sha3-384"),
        ("SHA1ShortMsg.rsp", "sha1"),
        ("KW_AE_128.txt", "kw(aes)"),
        ("SHA512_256ShortMsg.rsp", None),
        ("camellia-cbc.txt", None),
    ],
)
def test_cavp_names(name: str, algorithm: str | None) -> None:
    found = cavp.find(Path(name))
    assert (found[0] if found else None) == algorithm
    assert vectors.may_have(Path(name), "nothing") is (algorithm is None)


def test_a_file_that_does_not_tell_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.rsp", CBC)
    with pytest.raises(ValueError, match=r"mine\.rsp.*name"):
        read(path)
    assert {
        each.name for each in read(path, algorithm="cbc(serpent)") if isinstance(each, Case)
    } == {"cbc(serpent)"}


# No prime: a reader asks for its length alone.
PRIME = (1 << 1535) + 1


def test_cavp_dh(tmp_path: Path) -> None:
    def entry(result: str, peer: int = 5) -> str:
        return (
            f"COUNT = 0\nXstatCAVS = 03\nYstatCAVS = {peer:x}\nXstatIUT = 0007\nYstatIUT = 0b\n"
            f"Z = 0d\nResult = {result}\n\n"
        )

    text = f"[FB]\n[FB - SHA1]\nP = {PRIME:0384x}\nQ = 0b\nG = 02\n\n"
    text += entry("P (0 - Correct)")
    text += entry("F (5 - Z changed )")
    text += entry("F (3 - IUT's Static public key fails PKV 5.6.2.4)")
    text += entry("F (1 - CAVS's Static public key fails PKV 5.6.2.4)")
    text += entry("F (1 - CAVS's Static public key fails PKV 5.6.2.4)", PRIME)
    text += "[FA - SHA1]\nP = 0b\nQ = 0b\nG = 02\n\n" + entry("P (0 - Correct)")
    good, secret, own, subgroup, peer, short = read(
        write(tmp_path, "KASValidityTest_FFCStatic_NOKC_ZZOnly_init.fax", text)
    )
    assert good == Case(
        ident="KASValidityTest_FFCStatic_NOKC_ZZOnly_init.fax:7",
        alg_class=AlgClass.KPP,
        name="dh",
        key=b"\7",
        dh_p=PRIME.to_bytes(192, "big"),
        dh_g=b"\2",
        plain=b"\5",
        cipher=bytes(191) + b"\r",
        tag=bytes(191) + b"\v",
    )
    for wrong, halves in ((secret, (good.cipher, b"")), (own, (b"", good.tag))):
        assert isinstance(wrong, Case)
        assert (wrong.expect, (wrong.cipher, wrong.tag)) == (Expect.DIFFERENT, halves)
    assert isinstance(subgroup, LeftOut)
    assert subgroup.reason == cavp_dh.SUBGROUP
    assert isinstance(peer, Case) and isinstance(short, Case)
    assert (peer.expect, peer.error, peer.tag) == (Expect.REFUSED, errno.EINVAL, b"")
    assert (short.expect, short.error) == (Expect.NOT_CONFIGURED, errno.EINVAL)


DRBG = """\
[{section}]
[PredictionResistance = {resists}]

COUNT = 0
EntropyInput = 01
Nonce = 02
PersonalizationString = 03
{reseed}AdditionalInput = 06
{first}AdditionalInput = 07
{second}ReturnedBits = 0a
"""


@pytest.mark.parametrize(
    ("file", "section", "name"),
    [
        ("HMAC_DRBG.rsp", "SHA-512", "hmac_sha512"),
        ("Hash_DRBG.rsp", "SHA-1", "sha1"),
        ("CTR_DRBG.rsp", "AES-192 use df", "ctr_aes192"),
        ("drbg.rsp", "HMAC SHA-256", "hmac_sha256"),
    ],
)
def test_cavp_drbg(file: str, section: str, name: str, tmp_path: Path) -> None:
    text = DRBG.format(
        section=section,
        resists=True,
        reseed="",
        first="EntropyInputPR = 08\n",
        second="EntropyInputPR = 09\n",
    )
    assert only(write(tmp_path, file, text)) == Case(
        ident=f"{file}:4",
        alg_class=AlgClass.RNG,
        name=f"drbg_pr_{name}",
        inputs=((b"\1\2", b"\3"), (b"\x08", b"\6"), (b"\t", b"\7")),
        tag=b"\n",
    )
    reseed = "EntropyInputReseed = 04\nAdditionalInputReseed = 05\n"
    text = DRBG.format(section=section, resists=False, reseed=reseed, first="", second="")
    case = only(write(tmp_path, file, text))
    assert case.name == f"drbg_nopr_{name}"
    assert case.inputs == ((b"\1\2", b"\3"), (b"\4", b"\5"), (b"", b"\6"), (b"", b"\7"))


def test_cavp_drbg_left_out(tmp_path: Path) -> None:
    text = DRBG.format(section="AES-128 no df", resists=False, reseed="", first="", second="")
    assert read(write(tmp_path, "CTR_DRBG.rsp", text)) == [
        LeftOut("CTR_DRBG.rsp:4", cavp_drbg.NO_ALGORITHM)
    ]


@pytest.mark.parametrize("text", ["", "nothing of the kind\n", CBC.replace("IV = 0", "IV = x")])
def test_cavp_damaged(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CBCMMT128\.rsp"):
        read(write(tmp_path, "CBCMMT128.rsp", text))


# Wycheproof


def test_wycheproof_aead(tmp_path: Path) -> None:
    key, iv = bytes(range(32)), bytes(range(12))
    sealed = ChaCha20Poly1305(key).encrypt(iv, b"text", b"assoc")
    fields = {
        "key": key.hex(),
        "iv": iv.hex(),
        "aad": b"assoc".hex(),
        "msg": b"text".hex(),
        "ct": sealed[:-16].hex(),
        "tag": sealed[-16:].hex(),
    }
    content = wycheproof_file(
        "CHACHA20-POLY1305",
        {**fields, "result": "valid"},
        {**fields, "result": "invalid", "flags": ["ModifiedTag"]},
        {**fields, "iv": "00", "result": "invalid", "flags": ["InvalidNonceSize"]},
    )
    good, forged, nonce = read(write(tmp_path, "aead.json", content))
    assert isinstance(good, Case) and isinstance(forged, Case) and isinstance(nonce, Case)
    assert (good.ident, good.name) == ("aead.json:1", "rfc7539(chacha20,poly1305)")
    assert (good.plain, good.cipher + good.tag) == (b"text", sealed)
    assert (forged.expect, forged.error) == (Expect.REFUSED, errno.EBADMSG)
    assert forged.directions is Direction.DECRYPT
    assert (nonce.expect, nonce.error) == (Expect.REFUSED, errno.EINVAL)


def test_wycheproof_cbc_has_its_padding_in_the_text(tmp_path: Path) -> None:
    key, iv = bytes(16), bytes(16)
    padded = b"text" + bytes([12]) * 12
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    fields = {
        "key": key.hex(),
        "iv": iv.hex(),
        "msg": b"text".hex(),
        "ct": encryptor.update(padded).hex(),
    }
    content = wycheproof_file(
        "AES-CBC-PKCS5", {**fields, "result": "valid"}, {**fields, "result": "invalid"}
    )
    good, bad = read(write(tmp_path, "cbc.json", content))
    assert isinstance(good, Case)
    assert (good.name, good.plain, good.cipher.hex()) == ("cbc(aes)", padded, fields["ct"])
    assert bad == LeftOut("cbc.json:2", wycheproof.PADDING)


def test_wycheproof_mac(tmp_path: Path) -> None:
    key = bytes(range(16))
    mac = CMAC(algorithms.AES(key))
    mac.update(b"message")
    fields = {"key": key.hex(), "msg": b"message".hex(), "tag": mac.finalize().hex()}
    content = wycheproof_file(
        "AES-CMAC",
        {**fields, "result": "valid"},
        {**fields, "tag": "00" * 16, "result": "invalid"},
        {**fields, "key": "", "result": "invalid", "flags": ["InvalidKeySize"]},
    )
    good, forged, key_size = read(write(tmp_path, "cmac.json", content))
    assert isinstance(good, Case) and isinstance(forged, Case) and isinstance(key_size, Case)
    assert good.expect is Expect.SAME
    assert forged.expect is Expect.DIFFERENT
    assert (key_size.expect, key_size.error) == (Expect.NOT_CONFIGURED, errno.ENOKEY)


def test_wycheproof_signatures(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"message").digest()
    fields = {"msg": b"message".hex(), "sig": "3000"}
    tests = [{**fields, "result": result} for result in ("valid", "invalid", "acceptable")]
    signed = {"type": "RsassaPkcs1Verify", "sha": "SHA-256", "publicKeyAsn": "30", "keySize": 2048}
    path = write(tmp_path, "rsa.json", wycheproof_file("RSASSA-PKCS1-v1_5", *tests, **signed))
    good, forged, open_question = read(path)
    assert isinstance(good, Case) and isinstance(forged, Case)
    assert (good.name, good.alg_class) == ("pkcs1pad(rsa,sha256)", AlgClass.SIG)
    assert (good.key, good.plain, good.tag) == (b"\x30", digest, b"\x30\x00")
    assert (forged.expect, forged.error) == (Expect.REFUSED, errno.EKEYREJECTED)
    assert open_question == LeftOut("rsa.json:3", ACCEPTABLE)
    long = wycheproof_file("RSASSA-PKCS1-v1_5", *tests, **signed | {"keySize": 8192})
    assert read(write(tmp_path, "rsa.json", long))[0] == LeftOut("rsa.json:1", keys.KEY_LENGTH)
    public = {"curve": "secp384r1", "uncompressed": "0401"}
    ecdsa = {"type": "EcdsaVerify", "sha": "SHA-256", "publicKey": public}
    case = only(write(tmp_path, "ec.json", wycheproof_file("ECDSA", tests[0], **ecdsa)))
    assert (case.name, case.key, case.plain) == ("ecdsa-nist-p384", b"\x04\x01", digest)


def test_wycheproof_agreements(tmp_path: Path) -> None:
    ec = {"type": "EcdhEcpointTest", "curve": "secp256r1"}
    tests = [
        {"public": "04aabb", "private": "00cc", "shared": "dd", "result": "valid"},
        {"public": "04aabb", "private": "00cc", "shared": "", "result": "invalid"},
        {"public": "02aa", "private": "00cc", "shared": "dd", "result": "acceptable"},
    ]
    good, bad, compressed = read(write(tmp_path, "ec.json", wycheproof_file("ECDH", *tests, **ec)))
    assert isinstance(good, Case) and isinstance(bad, Case)
    assert (good.name, good.key, good.plain) == ("ecdh-nist-p256", b"\xcc", b"\xaa\xbb")
    assert (good.cipher, bad.error) == (b"\xdd", errno.EINVAL)
    assert compressed == LeftOut("ec.json:3", keys.ENCODING)
    x = {"type": "XdhComp", "curve": "curve25519"}
    fields = {"public": "01" * 32, "private": "02" * 32, "result": "acceptable"}
    tests = [{**fields, "shared": "03" * 32}, {**fields, "shared": "00" * 32}]
    good, small = read(write(tmp_path, "x.json", wycheproof_file("XDH", *tests, **x)))
    assert isinstance(good, Case) and isinstance(small, Case)
    assert (good.name, good.expect) == ("curve25519", Expect.SAME)
    assert (small.expect, small.error) == (Expect.REFUSED, errno.EINVAL)


def test_wycheproof_rsa_decryption(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 1024)
    form = serialization.PrivateFormat
    pkcs8, pkcs1 = (
        key.private_bytes(serialization.Encoding.DER, each, serialization.NoEncryption())
        for each in (form.PKCS8, form.TraditionalOpenSSL)
    )
    group = {"keySize": 1024, "privateKeyPkcs8": pkcs8.hex()}
    tests = [
        {"msg": "aa", "ct": "11" * 128, "result": "valid"},
        {"msg": "", "ct": "11" * 128, "result": "invalid"},
        {"msg": "", "ct": "11" * 129, "result": "invalid"},
    ]
    content = wycheproof_file("RSAES-PKCS1-v1_5", *tests, **group)
    good, padding, size = read(write(tmp_path, "rsa.json", content))
    assert isinstance(good, Case) and isinstance(padding, Case) and isinstance(size, Case)
    assert (good.name, good.alg_class) == ("pkcs1pad(rsa)", AlgClass.AKCIPHER)
    assert (good.key, good.plain, good.directions) == (pkcs1, b"\xaa", Direction.DECRYPT)
    assert (padding.error, size.error) == (errno.EBADMSG, errno.EINVAL)


def test_wycheproof_of_another_algorithm(tmp_path: Path) -> None:
    content = wycheproof_file("AES-EAX", {"result": "valid"})
    assert read(write(tmp_path, "eax.json", content)) == [LeftOut("eax.json:1", NO_ALGORITHM)]


# ACVP


def test_acvp_cipher_of_a_group_with_both_sides(tmp_path: Path) -> None:
    fields = {"key": "00" * 16, "iv": "11" * 16, "pt": "22" * 16, "ct": "33" * 16}
    path = write(tmp_path, "internalProjection.json", acvp_file("ACVP-AES-CBC", fields))
    case = only(path)
    assert (case.ident, case.name) == ("internalProjection.json:3/1", "cbc(aes)")
    assert (case.key, case.iv) == (bytes(16), bytes([0x11]) * 16)
    assert (case.plain, case.cipher) == (bytes([0x22]) * 16, bytes([0x33]) * 16)


def test_acvp_aead_with_a_forgery(tmp_path: Path) -> None:
    good = {"key": "00" * 16, "iv": "11" * 12, "aad": "", "pt": "22", "ct": "33", "tag": "44" * 16}
    forged = {key: value for key, value in good.items() if key != "pt"} | {"testPassed": False}
    path = write(tmp_path, "gcm.json", acvp_file("ACVP-AES-GCM", good, forged))
    first, second = read(path)
    assert isinstance(first, Case) and isinstance(second, Case)
    assert (first.expect, first.tag_bytes) == (Expect.SAME, 16)
    assert (second.expect, second.error) == (Expect.REFUSED, errno.EBADMSG)


def test_acvp_ccm_has_its_tag_behind_the_text(tmp_path: Path) -> None:
    key, nonce = bytes(16), bytes(7)
    sealed = AESCCM(key, tag_length=8).encrypt(nonce, b"text", b"assoc")
    test = {
        "key": key.hex(),
        "iv": nonce.hex(),
        "aad": b"assoc".hex(),
        "pt": b"text".hex(),
        "ct": sealed.hex(),
    }
    case = only(write(tmp_path, "ccm.json", acvp_file("ACVP-AES-CCM", test, tagLen=64)))
    assert (case.cipher, case.tag, case.iv[0]) == (sealed[:4], sealed[4:], 7)


def test_acvp_hash_and_mac(tmp_path: Path) -> None:
    digest = hashlib.sha3_256(b"ab").hexdigest()
    test = {"msg": b"ab".hex(), "len": 16, "md": digest}
    case = only(write(tmp_path, "sha3.json", acvp_file("SHA3-256", test)))
    assert (case.name, case.plain, case.tag.hex()) == ("sha3-256", b"ab", digest)
    mac = hmac.digest(b"key", b"ab", "sha512").hex()
    test = {"key": b"key".hex(), "msg": b"ab".hex(), "mac": mac}
    case = only(write(tmp_path, "hmac.json", acvp_file("HMAC-SHA2-512", test, macLen=512)))
    assert (case.name, case.key, case.tag.hex()) == ("hmac(sha512)", b"key", mac)


@pytest.mark.parametrize(
    ("algorithm", "group", "test", "reason"),
    [
        ("ACVP-AES-CBC", {}, {"key": "00", "iv": "00", "pt": "00"}, acvp.NO_ANSWER),
        ("SHA2-256", {}, {"msg": "00", "len": 8}, acvp.NO_ANSWER),
        ("SHA2-256", {"testType": "MCT"}, {"msg": "00"}, acvp.NOT_FUNCTIONAL),
        ("SHA2-256", {}, {"msg": "00", "len": 5, "md": "00"}, acvp.NOT_BYTES),
        ("ACVP-AES-FF1", {}, {}, acvp.NO_ALGORITHM),
    ],
)
def test_acvp_left_out(
    algorithm: str, group: dict[str, Any], test: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    path = write(tmp_path, "prompt.json", acvp_file(algorithm, test, **group))
    assert read(path) == [LeftOut("prompt.json:3/1", reason)]


# files


def test_json_of_another_form_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "other.json", {"something": "else"})
    assert read(path) == [LeftOut("other.json", vectors.UNKNOWN_FORM)]


def test_damaged_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"bad\.json"):
        read(write(tmp_path, "bad.json", "{"))
    with pytest.raises(ValueError, match=r"gcm\.json: gcm\.json:1"):
        read(write(tmp_path, "gcm.json", wycheproof_file("AES-GCM", {"result": "valid"})))


def test_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    wanted = [
        write(tmp_path / "deep", "CBCMMT128.rsp", CBC),
        write(tmp_path, "some.json", {}),
    ]
    write(tmp_path, "README.txt", "nothing")
    assert sorted(vectors.files(tmp_path)) == sorted(wanted)
    with pytest.raises(FileNotFoundError):
        list(vectors.files(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, [0, 1, 2, 3, 4, 5, 6]), (9, [0, 1, 2, 3, 4, 5, 6]), (3, [0, 2, 4]), (1, [0])],
)
def test_spread(limit: int, expected: list[int]) -> None:
    assert list(spread(range(7), limit)) == expected


def test_every_installed_file_is_read() -> None:
    """As many cases as there are, of every algorithm that is expected."""
    counts: dict[str, int] = {}
    for place in vectors.installed():
        for path in vectors.files(place):
            for each in vectors.read(path):
                if isinstance(each, Case):
                    counts[each.name] = counts.get(each.name, 0) + 1
    assert counts["gcm(aes)"] > 20_000
    assert counts["cbc(aes)"] > 4_000
    assert counts["sha256"] > 100
    assert counts["rfc7539(chacha20,poly1305)"] > 300
    assert sum(counts.values()) > 50_000
