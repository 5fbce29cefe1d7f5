# SPDX-License-Identifier: MIT
"""The parser of /proc/crypto, on entries of kernels 6.1 and 6.18."""

from __future__ import annotations

from pathlib import Path

import pytest

from pycryptodev import AlgClass, AlgorithmNotFound, AmbiguousName, RegisteredAlgorithm
from pycryptodev._context import only_class
from pycryptodev.algorithms import parse_proc_crypto, registered_classes

SAMPLE = (Path(__file__).parent / "data" / "proc_crypto.txt").read_text()

TWO_CLASSES = """\
name         : twice
driver       : twice-one
module       : one
selftest     : passed
internal     : no
type         : aead

name         : twice
driver       : twice-two
module       : two
selftest     : passed
internal     : no
type         : shash

name         : hidden
driver       : hidden-one
module       : one
selftest     : passed
internal     : yes
type         : shash
"""


def entry(driver: str) -> RegisteredAlgorithm:
    (found,) = (entry for entry in parse_proc_crypto(SAMPLE) if entry.driver == driver)
    return found


def test_every_entry_but_a_test_under_way_is_there_in_order() -> None:
    assert [entry.driver for entry in parse_proc_crypto(SAMPLE)] == [
        "virtio_crypto_aes_cbc",
        "cryptd(__generic-gcm-aesni)",
        "generic-gcm-aesni",
        "hmac(sha512-avx2)",
        "fips_ansi_cprng",
        "virtio-crypto-rsa",
        "aes-aesni",
        "ecb(aes-fixed-time)",
    ]


def test_skcipher() -> None:
    assert entry("virtio_crypto_aes_cbc") == RegisteredAlgorithm(
        name="cbc(aes)",
        driver="virtio_crypto_aes_cbc",
        module="virtio_crypto",
        priority=150,
        refcount=1,
        selftest=True,
        internal=False,
        kind="skcipher",
        alg_class=AlgClass.SKCIPHER,
        is_async=True,
        block_bytes=16,
        chunk_bytes=16,
        iv_bytes=16,
        tag_max_bytes=0,
        digest_bytes=0,
        key_min_bytes=16,
        key_max_bytes=32,
        seed_bytes=0,
        allowed=None,
    )


def test_aead() -> None:
    found = entry("generic-gcm-aesni")
    assert found.alg_class is AlgClass.AEAD
    assert (found.iv_bytes, found.tag_max_bytes, found.refcount) == (12, 16, 3)


def test_hash() -> None:
    found = entry("hmac(sha512-avx2)")
    assert found.alg_class is AlgClass.HASH
    assert (found.block_bytes, found.digest_bytes, found.is_async) == (128, 64, False)


def test_rng() -> None:
    found = entry("fips_ansi_cprng")
    assert (found.alg_class, found.seed_bytes) == (AlgClass.RNG, 48)


def test_linear_cipher_is_a_cipher() -> None:
    assert entry("ecb(aes-fixed-time)").alg_class is AlgClass.SKCIPHER


@pytest.mark.parametrize(
    ("kind", "name", "alg_class"),
    [
        ("scomp", "zstd", AlgClass.COMP),
        ("acomp", "deflate", AlgClass.COMP),
        ("compression", "deflate", None),
        ("akcipher", "rsa", AlgClass.AKCIPHER),
        ("akcipher", "pkcs1pad(rsa)", AlgClass.AKCIPHER),
        ("akcipher", "pkcs1pad(rsa,sha256)", AlgClass.SIG),
        ("akcipher", "ecdsa-nist-p256", AlgClass.SIG),
        ("akcipher", "ecrdsa", AlgClass.SIG),
        ("sig", "pkcs1(rsa,sha256)", AlgClass.SIG),
        ("kpp", "ecdh-nist-p256", AlgClass.KPP),
    ],
)
def test_class_of_a_type(kind: str, name: str, alg_class: AlgClass | None) -> None:
    text = TWO_CLASSES.partition("\n\n")[0].replace(": aead", f": {kind}").replace("twice", name, 1)
    (found,) = parse_proc_crypto(text)
    assert (found.name, found.alg_class) == (name, alg_class)


def test_types_that_the_device_does_not_offer_have_no_class() -> None:
    assert entry("aes-aesni").alg_class is None


def test_selftest_and_internal() -> None:
    assert not entry("virtio-crypto-rsa").selftest
    assert entry("cryptd(__generic-gcm-aesni)").internal


LARVAL = """\
name         : sha256
driver       : sha256-new
module       : new
priority     : 300
refcnt       : 2
selftest     : unknown
internal     : no
fips         : no
type         : shash

name         : sha256
driver       : sha256-new
module       : kernel
priority     : 300
refcnt       : 2
selftest     : unknown
internal     : no
type         : larval
flags        : 0x410
"""


def test_test_under_way() -> None:
    (found,) = parse_proc_crypto(LARVAL)
    assert (found.selftest, found.selftest_running) == (False, True)
    assert not entry("virtio-crypto-rsa").selftest_running


def test_fips_mode() -> None:
    (found,) = parse_proc_crypto(LARVAL)
    assert found.fips is False
    (found,) = parse_proc_crypto(LARVAL.partition("\n\n")[0].replace(" : no\ntype", " : yes\ntype"))
    assert found.fips is True
    assert entry("generic-gcm-aesni").fips is None


def test_allowed_by_either_name() -> None:
    names = frozenset({"gcm(aes)", "fips_ansi_cprng"})
    allowed = {entry.driver for entry in parse_proc_crypto(SAMPLE, names) if entry.allowed}
    assert allowed == {"generic-gcm-aesni", "fips_ansi_cprng"}


def test_nothing_in_no_text() -> None:
    assert parse_proc_crypto("") == []


@pytest.mark.parametrize("name", ["gcm(aes)", "generic-gcm-aesni"])
def test_class_of_a_generic_and_of_a_driver_name(name: str) -> None:
    assert registered_classes(SAMPLE, name) == [AlgClass.AEAD]


@pytest.mark.parametrize("name", ["gcm", "gcm(aes", "aes", "rs", "", "nothing"])
def test_no_class_of_other_names(name: str) -> None:
    assert registered_classes(SAMPLE, name) == []


def test_internal_entries_give_no_class() -> None:
    assert registered_classes(TWO_CLASSES, "hidden") == []


def test_a_name_in_two_classes_is_ambiguous() -> None:
    classes = registered_classes(TWO_CLASSES, "twice")
    assert classes == [AlgClass.AEAD, AlgClass.HASH]
    with pytest.raises(AmbiguousName) as caught:
        only_class("twice", classes)
    assert caught.value.choices == (AlgClass.AEAD, AlgClass.HASH)


def test_a_name_in_no_class_is_not_found() -> None:
    with pytest.raises(AlgorithmNotFound):
        only_class("nothing", [])
