# SPDX-License-Identifier: MIT
"""CryptoDevice as an object: opening, configuring, closing, and every way to get it wrong."""

from __future__ import annotations

import doctest
import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import pycryptodev.device
from pycryptodev import (
    NODE,
    AlgClass,
    AlgorithmNotFound,
    CryptoDevice,
    DeviceClosed,
    DeviceForbidden,
    DeviceMissing,
    InvalidRequest,
    LimitReached,
    NoKey,
    NotSupported,
    Op,
    PolicyError,
    Request,
    algorithms,
    driver_info,
)

KEY = bytes(16)
IV = bytes(16)

USES: list[Callable[[CryptoDevice], object]] = [
    lambda device: device.encrypt(bytes(16), iv=IV),
    lambda device: device.encrypt_into(bytes(16), bytearray(16), iv=IV),
    lambda device: device.encrypt_chained(bytes(16), iv=IV),
    lambda device: device.decrypt(bytes(16), iv=IV),
    lambda device: device.decrypt_into(bytes(16), bytearray(16), iv=IV),
    lambda device: device.decrypt_chained(bytes(16), iv=IV),
    lambda device: device.digest(b""),
    lambda device: device.digest_into(b"", bytearray(64)),
    lambda device: device.hash(),
    lambda device: device.restore(b""),
    lambda device: device.compress(b"a"),
    lambda device: device.compress_into(b"a", bytearray(64)),
    lambda device: device.decompress(b"a"),
    lambda device: device.decompress_into(b"a", bytearray(64)),
    lambda device: device.sign(bytes(32)),
    lambda device: device.verify(bytes(256), bytes(32)),
    lambda device: device.public_key(),
    lambda device: device.shared_secret(bytes(32)),
    lambda device: device.share(),
    lambda device: device.random(1),
    lambda device: device.random_into(bytearray(1)),
    lambda device: device.reseed(),
    lambda device: device.run([Request(Op.ENCRYPT, bytes(16), iv=IV)]),
    lambda device: device.fileno(),
    lambda device: device.__enter__(),
]


def test_the_example_of_the_docstring() -> None:
    globals_ = {"CryptoDevice": CryptoDevice}
    (example, *_) = (
        test for test in doctest.DocTestFinder().find(CryptoDevice, globs=globals_) if test.examples
    )
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_class_is_found_from_the_name() -> None:
    with CryptoDevice("sha256") as hash_, CryptoDevice("gcm(aes)", key=KEY) as aead:
        assert hash_.info.alg_class is AlgClass.HASH
        assert aead.info.alg_class is AlgClass.AEAD


def test_the_class_may_be_given() -> None:
    with CryptoDevice("cbc(aes)", key=KEY, alg_class=AlgClass.SKCIPHER) as device:
        assert device.info.name == "cbc(aes)"


def test_a_wrong_class_has_no_such_algorithm() -> None:
    with pytest.raises(AlgorithmNotFound):
        CryptoDevice("sha256", alg_class=AlgClass.SKCIPHER)


def test_what_was_chosen_is_told() -> None:
    with CryptoDevice("cbc(aes)", key=KEY) as device:
        info = device.info
    assert info.name == "cbc(aes)"
    assert (info.block_bytes, info.chunk_bytes, info.iv_bytes) == (16, 16, 16)
    assert (info.key_min_bytes, info.key_max_bytes) == (16, 32)
    assert info.driver
    assert info.priority > 0
    assert info.tested
    assert info.chains
    assert info.needs_key
    assert not info.hardware
    assert (info.tag_bytes, info.tag_max_bytes, info.digest_bytes, info.seed_bytes) == (0, 0, 0, 0)


def test_info_cannot_be_changed() -> None:
    with CryptoDevice("sha256") as device, pytest.raises(AttributeError):
        device.info.digest_bytes = 1  # type: ignore[misc]


def test_closing_twice_is_closing() -> None:
    device = CryptoDevice("sha256")
    assert device
    device.close()
    device.close()
    assert not device


def test_leaving_the_block_closes() -> None:
    with CryptoDevice("sha256") as device:
        descriptor = device.fileno()
        os.fstat(descriptor)
    assert not device
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("number", range(len(USES)))
def test_a_closed_device_says_so(number: int) -> None:
    device = CryptoDevice("cbc(aes)", key=KEY)
    device.close()
    with pytest.raises(DeviceClosed) as caught:
        USES[number](device)
    assert caught.value.errno == errno.EBADF


def test_a_forgotten_device_gives_its_context_up() -> None:
    before = driver_info().contexts_of_user
    device = CryptoDevice("sha256")
    assert driver_info().contexts_of_user == before + 1
    with pytest.warns(ResourceWarning):
        del device
    assert driver_info().contexts_of_user == before


def test_a_failed_configuration_leaves_nothing_open() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(NoKey):
        CryptoDevice("cbc(aes)")
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_the_descriptor_is_not_inherited() -> None:
    with CryptoDevice("sha256") as device:
        assert fcntl.fcntl(device.fileno(), fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_its_description_names_the_driver_and_no_key() -> None:
    key = b"0123456789abcdef"
    with CryptoDevice("cbc(aes)", key=key) as device:
        assert device.info.driver in repr(device)
        assert "0123" not in repr(device)
        assert "0123" not in repr(vars(device))
    assert "closed" in repr(device)


def test_no_key() -> None:
    with pytest.raises(NoKey) as caught:
        CryptoDevice("cbc(aes)")
    assert "cbc(aes)" in str(caught.value)


@pytest.mark.parametrize("length", [1, 15, 17, 33, 64])
def test_a_key_that_the_algorithm_does_not_take(length: int) -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice("cbc(aes)", key=bytes(length))


def test_a_key_longer_than_any() -> None:
    with pytest.raises(LimitReached):
        CryptoDevice("hmac(sha256)", key=bytes(driver_info().max_key_bytes + 1))


def test_a_second_key_is_for_authenc_only() -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice("cbc(aes)", key=KEY, auth_key=KEY)


def test_a_tag_is_for_aeads_only() -> None:
    with pytest.raises(InvalidRequest):
        CryptoDevice("cbc(aes)", key=KEY, tag_bytes=16)


@pytest.mark.parametrize("name", ["cryptd(cbc(aes-generic))", "ecb(cipher_null)", "nothing"])
def test_a_name_that_the_policy_does_not_list(name: str) -> None:
    if os.geteuid() == 0:
        pytest.skip("root overrides the policy")
    with pytest.raises(PolicyError) as caught:
        CryptoDevice(name, key=KEY)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["cbc(aes", "cbc aes", "", "größe", "x" * 128, "a\0b"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises((ValueError, InvalidRequest)):
        CryptoDevice(name, key=KEY)


def test_a_listed_name_that_the_kernel_does_not_have() -> None:
    """The portable implementation of SHA-1 has the one name or the other."""
    old, new = "sha1-generic", "sha1-lib"
    registered = {entry.driver for entry in algorithms()}
    missing = old if new in registered else new
    with pytest.raises(AlgorithmNotFound) as caught:
        CryptoDevice(missing)
    assert missing in str(caught.value)


@pytest.mark.parametrize(
    "use",
    [
        lambda device: device.encrypt(b""),
        lambda device: device.encrypt_into(b"", bytearray(1)),
        lambda device: device.encrypt_chained(b"", iv=b""),
        lambda device: device.decrypt(b""),
        lambda device: device.decrypt_into(b"", bytearray(1)),
        lambda device: device.decrypt_chained(b"", iv=b""),
    ],
)
def test_a_hash_does_not_encrypt(use: Callable[[CryptoDevice], object]) -> None:
    with CryptoDevice("sha256") as device, pytest.raises(NotSupported):
        use(device)


def test_no_node_tells_what_helps(tmp_path: Path) -> None:
    with pytest.raises(DeviceMissing, match="module not loaded") as caught:
        CryptoDevice("sha256", path=tmp_path / "crypto")
    assert caught.value.errno == errno.ENOENT
    assert caught.value.filename == str(tmp_path / "crypto")
    assert caught.value.hint == "modprobe devcrypto"


def test_no_permission_tells_what_helps(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may open everything")
    node = tmp_path / "crypto"
    node.touch(mode=0)
    with pytest.raises(DeviceForbidden, match="not in group") as caught:
        CryptoDevice("sha256", path=node)
    assert caught.value.errno == errno.EACCES
    assert caught.value.hint.startswith("usermod -a -G ")
    assert caught.value.hint.endswith(" $USER, and log in again")


def test_a_node_of_another_driver() -> None:
    with pytest.raises(NotSupported):
        CryptoDevice("sha256", path="/dev/null")


def test_a_path_object_is_a_path() -> None:
    with CryptoDevice("sha256", path=Path(NODE)) as device:
        assert len(device.digest(b"")) == 32


def test_a_layout_context_computes_the_same() -> None:
    data = bytes(range(64)) * 16
    with (
        CryptoDevice("cbc(aes)", key=KEY) as plain,
        CryptoDevice("cbc(aes)", key=KEY, layout=True) as shaped,
    ):
        assert shaped.encrypt(data, iv=IV) == plain.encrypt(data, iv=IV)


def test_a_layout_context_has_a_limit_of_its_own() -> None:
    size = driver_info().max_layout_bytes + 16
    with CryptoDevice("cbc(aes)", key=KEY, layout=True) as device, pytest.raises(LimitReached):
        device.encrypt(bytes(size), iv=IV)
    with CryptoDevice("sha256", layout=True) as device, pytest.raises(LimitReached):
        device.digest(bytes(size))


def test_every_public_name_is_there() -> None:
    for name in pycryptodev.__all__:
        assert hasattr(pycryptodev, name)
