# SPDX-License-Identifier: MIT
"""What the client tells of the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pycryptodev import (
    AlgClass,
    AlgorithmNotFound,
    DeviceMissing,
    Feature,
    algorithms,
    driver_info,
    policy,
    query,
)

EXAMPLES = [
    ("cbc(aes)", AlgClass.SKCIPHER),
    ("ctr(aes)", AlgClass.SKCIPHER),
    ("gcm(aes)", AlgClass.AEAD),
    ("sha256", AlgClass.HASH),
    ("hmac(sha256)", AlgClass.HASH),
    ("stdrng", AlgClass.RNG),
]


def test_driver_info() -> None:
    info = driver_info()
    assert info.abi_version == 1
    assert info.features & (Feature.QUERY | Feature.LAYOUT | Feature.IV_OUT)
    assert info.classes == tuple(AlgClass)
    assert info.max_batch >= 1000
    assert info.max_request_bytes >= 65536
    assert info.max_segments >= 16
    assert info.max_key_bytes >= 64
    assert info.max_layout_bytes >= 4096
    assert info.max_assoc_bytes >= 4096
    assert info.memory_of_user <= info.max_memory_per_user
    assert info.contexts_of_user < info.max_contexts_per_user
    assert info.version


def test_fips_is_the_kernels() -> None:
    switch = Path("/proc/sys/crypto/fips_enabled")
    enabled = switch.exists() and switch.read_text().strip() == "1"
    assert driver_info().fips_enabled is enabled


def test_a_question_takes_no_context() -> None:
    before = driver_info().contexts_of_user
    query("cbc(aes)")
    assert driver_info().contexts_of_user == before


@pytest.mark.parametrize(("name", "alg_class"), EXAMPLES)
def test_query_agrees_with_the_list(
    requires: Callable[[str], None], name: str, alg_class: AlgClass
) -> None:
    requires(name)
    chosen = query(name)
    assert chosen.alg_class is alg_class
    assert chosen == query(name, alg_class) == query(chosen.driver, alg_class)
    (entry,) = (entry for entry in algorithms() if entry.driver == chosen.driver)
    assert (entry.name, entry.alg_class) == (chosen.name, alg_class)
    assert (entry.priority, entry.is_async) == (chosen.priority, chosen.is_async)
    assert (entry.iv_bytes, entry.tag_max_bytes) == (chosen.iv_bytes, chosen.tag_max_bytes)
    assert (entry.digest_bytes, entry.seed_bytes) == (chosen.digest_bytes, chosen.seed_bytes)
    assert entry.selftest is chosen.tested
    assert entry.allowed


def test_the_highest_priority_is_chosen() -> None:
    chosen = query("cbc(aes)")
    others = [
        entry.priority
        for entry in algorithms()
        if entry.name == "cbc(aes)" and entry.alg_class is AlgClass.SKCIPHER and not entry.internal
    ]
    assert chosen.priority == max(others)


def test_what_the_policy_does_not_list_is_not_allowed() -> None:
    names = policy()
    assert names is not None
    for entry in algorithms():
        assert entry.allowed is (entry.name in names or entry.driver in names)
    assert not any(entry.allowed for entry in algorithms() if entry.internal)


def test_the_policy_lists_what_the_issue_of_a_device_is() -> None:
    names = policy()
    assert names is not None
    assert {name for name, _ in EXAMPLES} <= names
    assert not any(name.startswith(("cryptd(", "pcrypt(")) for name in names)


def test_an_algorithm_is_loaded_when_it_is_asked_for(requires: Callable[[str], None]) -> None:
    requires("blake2b-256")
    query("blake2b-256")
    assert "blake2b-256" in {entry.name for entry in algorithms()}


def test_a_class_that_the_name_does_not_have() -> None:
    with pytest.raises(AlgorithmNotFound):
        query("cbc(aes)", AlgClass.HASH)


def test_no_node(tmp_path: Path) -> None:
    with pytest.raises(DeviceMissing):
        query("cbc(aes)", path=tmp_path / "crypto")
    with pytest.raises(DeviceMissing):
        driver_info(path=tmp_path / "crypto")
