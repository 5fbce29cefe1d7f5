# SPDX-License-Identifier: MIT
"""The administrator's policy: who may use which name, and how the list changes."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pycryptodev import AlgClass, CryptoDevice, Op, _ioctl, algorithms, query
from pycryptodev._abi import lib
from pycryptodev._structs import Block, address, memory
from tests.admin import driver
from tests.admin.users import NODE, error_of, open_as, run_as

CLONE_NEWUSER = 0x10000000

LISTED = ("cbc(aes)", AlgClass.SKCIPHER)
# Each would load a module or instantiate a template, and is used by no other test.
UNLISTED = [
    ("xts(cast6)", AlgClass.SKCIPHER),
    ("ecb(cipher_null)", AlgClass.SKCIPHER),
    ("cryptd(ctr(aes-generic))", AlgClass.SKCIPHER),
    ("pcrypt(rfc4543(gcm(aes)))", AlgClass.AEAD),
    ("seqiv(rfc4106(gcm(aes)))", AlgClass.AEAD),
    ("echainiv(authenc(hmac(sha1),cbc(aes)))", AlgClass.AEAD),
    ("authencesn(hmac(sha256),cbc(aes))", AlgClass.AEAD),
    ("digest_null", AlgClass.HASH),
    ("hmac(wp256)", AlgClass.HASH),
]
# With the length of a key.
UNLISTED_OF_ROOT = [
    ("cryptd(cbc(aes-generic))", 16),
    ("ecb(cipher_null)", 0),
    ("cts(cbc(camellia))", 16),
]
BROKEN = {
    # The kernel's firmware loader takes no file without content.
    "empty": b"",
    "parenthesis": b"cbc(aes)\ncbc(aes\n",
    "character": b"cbc(aes)\ncbc(*)\n",
    "two words": b"cbc(aes) ctr(aes)\n",
    "too long": b"a" * lib.DEVCRYPTO_NAME_BYTES + b"\n",
    "control character": b"cbc(aes)\x01\n",
    "not ASCII": "cbc(aés)\n".encode("latin-1"),
}


def configure(descriptor: int, name: str, alg_class: AlgClass, flags: int = 0) -> None:
    """Configure the context behind a descriptor with a key of 16 zeros."""
    key = b"" if flags & lib.DEVCRYPTO_CONFIG_QUERY else bytes(16)
    _ioctl.config(descriptor, name, alg_class, key=key, flags=flags)


def encrypt(descriptor: int) -> int:
    """Result of encrypting a block in a configured context of "cbc(aes)"."""
    block, text = Block(16, 0), memory(16)
    block.put_iv(bytes(16))
    block.put(
        {
            "op": Op.ENCRYPT,
            "src": address(text),
            "src_bytes": 16,
            "dst": address(text),
            "dst_bytes": 16,
        }
    )
    assert _ioctl.run(descriptor, block) == 1
    return block.result()[0]


def config_error(name: str, alg_class: AlgClass, flags: int = 0) -> int:
    """Errno of opening the node and configuring a context, as whoever calls."""
    descriptor = os.open(NODE, os.O_RDWR)
    try:
        return error_of(lambda: configure(descriptor, name, alg_class, flags))
    finally:
        os.close(descriptor)


def member_config_error(name: str, alg_class: AlgClass, flags: int = 0) -> int:
    """The same as a member of the group."""
    return run_as("member", lambda: config_error(name, alg_class, flags))


# --- the list ---------------------------------------------------------------------------------


def test_anybody_can_read_the_list() -> None:
    assert stat.S_IMODE(driver.POLICY.stat().st_mode) == 0o444
    file = driver.POLICY_FILE.read_text(encoding="ascii")
    assert run_as("outsider", driver.policy_in_force) == driver.policy_names(file)


def test_member_cannot_reload() -> None:
    assert stat.S_IMODE(driver.POLICY_RELOAD.stat().st_mode) == 0o200
    assert run_as("member", driver.reload_error) == errno.EACCES


def test_member_cannot_write_the_file() -> None:
    write = partial(driver.POLICY_FILE.write_text, "cbc(aes)\n", encoding="ascii")
    assert run_as("member", lambda: error_of(write)) == errno.EACCES


def test_the_list_names_nothing_special() -> None:
    special = {"seqiv", "echainiv", "authencesn", "cryptd", "pcrypt"}
    for name in driver.policy_in_force():
        parts = set(name.replace("(", ",").replace(")", ",").split(","))
        assert not parts & special, name
        assert not any(part.endswith("_null") for part in parts), name
        assert not name.startswith("__"), name


# --- unlisted names ---------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [0, lib.DEVCRYPTO_CONFIG_QUERY], ids=["configure", "query"])
@pytest.mark.parametrize(("name", "alg_class"), UNLISTED)
def test_member_is_refused_before_the_name_is_looked_up(
    name: str, alg_class: AlgClass, flags: int
) -> None:
    modules, algorithms = driver.loaded_modules(), driver.registered_drivers()
    assert name not in algorithms
    assert member_config_error(name, alg_class, flags) == errno.EPERM
    assert driver.loaded_modules() == modules
    assert driver.registered_drivers() == algorithms


def test_look_up_of_such_a_name_can_be_seen() -> None:
    """Without which the test above would see nothing."""
    modules, algorithms = driver.loaded_modules(), driver.registered_drivers()
    query("ecb(cast6)", AlgClass.SKCIPHER)
    assert "cast6_generic" in driver.loaded_modules() - modules
    assert "ecb(cast6-generic)" in driver.registered_drivers() - algorithms


@pytest.mark.parametrize(("name", "key_bytes"), UNLISTED_OF_ROOT)
def test_root_may_use_an_unlisted_name(
    requires: Callable[[str], None], name: str, key_bytes: int
) -> None:
    requires(name)
    with CryptoDevice(name, key=bytes(key_bytes), alg_class=AlgClass.SKCIPHER) as device:
        text, iv = bytes(range(64)), bytes(device.info.iv_bytes)
        assert device.decrypt(device.encrypt(text, iv=iv), iv=iv) == text


def test_internal_algorithm_is_refused_to_root_too() -> None:
    # Where the kernel has none, as from 7 on, what others have does not exist.
    name, hidden, alg_class = next(
        ((each.name, each.driver, each.alg_class) for each in algorithms() if each.internal),
        ("__cbc(aes)", "__cbc-aes-aesni", AlgClass.SKCIPHER),
    )
    assert alg_class is not None
    assert config_error(name, alg_class) == errno.ENOENT
    assert config_error(hidden, alg_class) == errno.ENOENT


@pytest.mark.parametrize("name", ["cbc(aes)x", "Cbc(aes)", "cbc(AES)", "cbc(aes-", "xcbc(aes"])
def test_only_whole_names_count(name: str) -> None:
    wellformed = name.count("(") == name.count(")")
    want = errno.EPERM if wellformed else errno.EINVAL
    assert member_config_error(name, AlgClass.SKCIPHER) == want


# --- generic names that were taken over -------------------------------------------------------


@pytest.fixture
def taken_over() -> Iterator[str]:
    """Let root instantiate pcrypt so that a listed generic name leads to it; yields the driver."""
    taken = query("ccm(aes)", AlgClass.AEAD).driver
    name = f"pcrypt({taken})"
    assert "pcrypt" not in driver.loaded_modules()
    try:
        with CryptoDevice(name, key=bytes(16), alg_class=AlgClass.AEAD):
            pass
        assert query("ccm(aes)", AlgClass.AEAD).driver == name
        yield taken
    finally:
        driver.unload("pcrypt")
    assert query("ccm(aes)", AlgClass.AEAD).driver == taken


def test_name_taken_over_by_pcrypt_is_refused(taken_over: str) -> None:
    assert member_config_error("ccm(aes)", AlgClass.AEAD) == errno.EPERM
    # What the list names by its driver name is still there.
    assert taken_over in driver.policy_in_force()
    assert member_config_error(taken_over, AlgClass.AEAD) == 0


# --- changing the list ------------------------------------------------------------------------


def test_change_affects_later_configurations_only(policy_text: str) -> None:
    descriptor = open_as("member")
    run_as("member", lambda: configure(descriptor, *LISTED))

    names = [name for name in driver.policy_names(policy_text) if "cbc" not in name]
    driver.put_policy("".join(f"{name}\n" for name in names))

    assert driver.policy_in_force() == names
    assert member_config_error(*LISTED) == errno.EPERM
    assert member_config_error("ctr(aes)", AlgClass.SKCIPHER) == 0
    assert run_as("member", lambda: encrypt(descriptor)) == 0
    os.close(descriptor)


def test_name_can_be_added(policy_text: str) -> None:
    name = "hmac(wp512)"
    assert member_config_error(name, AlgClass.HASH) == errno.EPERM
    driver.put_policy(f"{policy_text}\n{name}\n")
    assert member_config_error(name, AlgClass.HASH) == 0


def test_comments_blanks_and_a_missing_last_newline(policy_text: str) -> None:
    del policy_text
    driver.put_policy("# nothing\n\n  cbc(aes)  # why\n\tsha256")
    assert driver.policy_in_force() == ["cbc(aes)", "sha256"]
    assert member_config_error(*LISTED) == 0
    assert member_config_error("ctr(aes)", AlgClass.SKCIPHER) == errno.EPERM


def test_list_without_a_name_leaves_it_to_root(policy_text: str) -> None:
    del policy_text
    driver.put_policy("# nothing\n")
    assert driver.policy_in_force() == []
    assert member_config_error(*LISTED) == errno.EPERM
    assert config_error(*LISTED) == 0


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_broken_file_is_refused_and_the_list_stays(policy_text: str, text: bytes) -> None:
    driver.POLICY_FILE.write_bytes(text)
    assert driver.reload_error() == errno.EINVAL
    assert driver.policy_in_force() == driver.policy_names(policy_text)
    assert member_config_error(*LISTED) == 0


def test_file_that_is_too_large_is_refused_and_the_list_stays(policy_text: str) -> None:
    driver.POLICY_FILE.write_bytes(b"#" * (1 << 20) + b"\n")
    assert driver.reload_error() == errno.EFBIG
    assert driver.policy_in_force() == driver.policy_names(policy_text)


def test_missing_file_is_reported_and_the_list_stays(policy_text: str) -> None:
    driver.POLICY_FILE.unlink()
    assert driver.reload_error() == errno.ENOENT
    assert driver.policy_in_force() == driver.policy_names(policy_text)


@pytest.mark.parametrize("text", ["0", "n"])
def test_reload_has_to_be_asked_for(policy_text: str, text: str) -> None:
    driver.POLICY_FILE.write_text("sha256\n", encoding="ascii")
    driver.POLICY_RELOAD.write_text(text, encoding="ascii")
    assert driver.policy_in_force() == driver.policy_names(policy_text)


def test_reload_takes_a_boolean() -> None:
    assert error_of(lambda: driver.POLICY_RELOAD.write_text("x", encoding="ascii")) == errno.EINVAL


@pytest.mark.usefixtures("reloadable")
def test_without_a_file_at_load_nothing_is_listed(policy_text: str) -> None:
    driver.unload()
    driver.POLICY_FILE.unlink()
    driver.load()
    assert driver.policy_in_force() == []
    assert member_config_error(*LISTED) == errno.EPERM
    assert config_error(*LISTED) == 0
    driver.put_policy(policy_text)
    assert member_config_error(*LISTED) == 0


# --- whose rights count -----------------------------------------------------------------------


def unlisted_error(descriptor: int) -> int:
    """Errno of configuring the context behind a descriptor with a name of root's."""
    return error_of(lambda: configure(descriptor, "cts(cbc(camellia))", AlgClass.SKCIPHER))


def test_descriptor_of_root_does_not_lend_its_rights() -> None:
    descriptor = os.open(NODE, os.O_RDWR)
    assert run_as("member", lambda: unlisted_error(descriptor)) == errno.EPERM
    # The refusal left the context as it was.
    assert unlisted_error(descriptor) == 0
    os.close(descriptor)


def test_caller_root_does_not_lend_its_rights_to_a_descriptor() -> None:
    descriptor = open_as("member")
    assert unlisted_error(descriptor) == errno.EPERM
    assert run_as("member", lambda: error_of(lambda: configure(descriptor, *LISTED))) == 0
    os.close(descriptor)


def test_root_of_a_user_namespace_is_not_root() -> None:
    def enter_and_configure() -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare")
        status = Path("/proc/self/status").read_text(encoding="ascii")
        effective = int(status.split("CapEff:")[1].split()[0], 16)
        assert effective & 1 << 21, "no CAP_SYS_ADMIN in the namespace: the test is blind"
        return config_error("cts(cbc(camellia))", AlgClass.SKCIPHER)

    assert run_as("member", enter_and_configure) == errno.EPERM
